// cli: one line for each column of a table.
import type { ColumnSummary } from '../data/table/learn/column.js';
import { formatTable } from '../report/text.js';
import { inFlags } from './explain.js';
import { count, counted, shortName } from './output.js';

/** The most columns that are listed unless all are asked for. */
const MOST_LISTED = 20;

/** The number of rows of a table, and a line for each column. */
export function tableOf(
  table: {
    readonly name: string;
    readonly rows: number;
    readonly dropped: number;
    readonly columns: readonly ColumnSummary[];
  },
  all: boolean,
): string[] {
  const { name, rows, dropped, columns } = table;
  const without = dropped > 0 ? `; ${counted(dropped, 'row')} with missing values left out` : '';
  return [`table: ${name}, ${counted(rows, 'row')}${without}`, ...columnLines(columns, all)];
}

/** The columns of a table; of a wide table the suspect ones and the first ones, unless all are asked for. */
function columnLines(columns: readonly ColumnSummary[], all: boolean): string[] {
  const listed = all || columns.length <= MOST_LISTED ? columns : selected(columns);
  const rows = listed.map(({ name, kind, suspect, values, missing, features, note }) => [
    name === '' ? '""' : shortName(name),
    suspect === undefined ? kind : `${kind} (${suspect}?)`,
    kind === 'ignored' ? '' : values === undefined ? 'many' : count(values),
    kind === 'ignored' ? '' : count(missing),
    kind === 'ignored' || kind === 'label' ? '' : count(features),
    note === undefined ? '' : inFlags(note),
  ]);
  const head = ['column', 'kind', 'values', 'missing', 'features', ''];
  const align = ['left', 'left', 'right', 'right', 'right', 'left'] as const;
  const others = columns.length - listed.length;
  return [
    ...formatTable({ head, rows, align: [...align], colour: false }).map((line) => `  ${line}`.trimEnd()),
    ...(others === 0
      ? []
      : [`  … and ${count(others)} ${others === 1 ? 'other' : 'others'}; --dry-run lists them all`]),
  ];
}

function selected(columns: readonly ColumnSummary[]): ColumnSummary[] {
  const isChosen = ({ suspect, kind }: ColumnSummary) => suspect !== undefined || kind === 'label';
  const chosen = new Set(columns.filter(isChosen));
  for (const column of columns) if (chosen.size < MOST_LISTED) chosen.add(column);
  return columns.filter((column) => chosen.has(column));
}
