// cli: one line for each column of a table.
import type { ColumnSummary } from '../data/table/learn/column.js';
import { formatTable } from '../report/text.js';
import { inFlags } from './explain.js';
import { count, counted, droppedText, shortName } from './output.js';

/** The most columns that `train` lists, and `train --dry-run`. */
export const MOST_LISTED = { train: 20, dryRun: 500 };

/** The most suspect columns that are listed, however few others are. */
const MOST_SUSPECT = 500;

/** The number of rows of a table, and a line for each column. */
export function tableOf(
  table: {
    readonly name: string;
    readonly rows: number;
    readonly dropped: number;
    readonly columns: readonly ColumnSummary[];
  },
  most: number,
): string[] {
  const { name, rows, dropped, columns } = table;
  return [`table: ${name}, ${counted(rows, 'row')}${droppedText(dropped)}`, ...columnLines(columns, most)];
}

/** The columns of a table; of a wide table the suspect ones and the first ones. */
function columnLines(columns: readonly ColumnSummary[], most: number): string[] {
  const listed = columns.length <= most ? columns : selected(columns, most);
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
  const suspect = countSuspect(columns) - countSuspect(listed);
  const which = `${others === 1 ? 'other' : 'others'}${suspect === 0 ? '' : `, ${count(suspect)} of them suspect`}`;
  const flags = columns.length <= MOST_LISTED.dryRun ? '--dry-run' : '--dry-run --json';
  return [
    ...formatTable({ head, rows, align: [...align], colour: false }).map((line) => `  ${line}`.trimEnd()),
    ...(others === 0 ? [] : [`  … and ${count(others)} ${which}; ${flags} lists them all`]),
  ];
}

function countSuspect(columns: readonly ColumnSummary[]): number {
  return columns.filter(({ suspect }) => suspect !== undefined).length;
}

function selected(columns: readonly ColumnSummary[], most: number): ColumnSummary[] {
  const suspects = columns.filter(({ suspect }) => suspect !== undefined).slice(0, MOST_SUSPECT);
  const chosen = new Set([...suspects, ...columns.filter(({ kind }) => kind === 'label')]);
  for (const column of columns) if (chosen.size < most) chosen.add(column);
  return columns.filter((column) => chosen.has(column));
}
