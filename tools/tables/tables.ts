// Tables of the docs that are generated from the tables of the code. A test holds the pages to them.
import { flagOf } from '../../src/cli/usage.js';
import { SCORE_NAMES, SCORES } from '../../src/metrics/scores.js';
import { OPTION_NAMES, OPTIONS, type OptionName, type OptionRow, plain } from '../../src/training/options.js';
import { DEFAULT_SOLVER, isFirstOrder, SOLVER_NAMES, SOLVERS, solverGroup } from '../../src/training/solvers.js';

/** A table between `<!-- name -->` and `<!-- /name -->` of a page. */
export interface DocTable {
  /** From the root of the repository. */
  readonly page: string;
  readonly name: string;
  readonly make: () => string;
}

export const TABLES: readonly DocTable[] = [
  { page: 'docs/training.md', name: 'solvers', make: solversTable },
  { page: 'docs/training.md', name: 'options', make: optionsTable },
  { page: 'docs/evaluation.md', name: 'scores', make: scoresTable },
];

/** The page with its table as it should be. */
export function withTable(text: string, { page, name, make }: DocTable): string {
  const [start, end] = [`<!-- ${name} -->\n`, `\n<!-- /${name} -->`];
  const from = text.indexOf(start);
  const to = text.indexOf(end);
  if (from === -1 || to < from) throw new Error(`${page} must have ${start.trim()} and ${end.trim()} around its table`);
  return text.slice(0, from + start.length) + make() + text.slice(to);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}

const code = (text: string) => `\`${text}\``;

function solversTable(): string {
  return table(
    ['solver', 'what it does', 'default `learningRate`'],
    SOLVER_NAMES.map((name) => [
      `${code(`'${name}'`)}${name === DEFAULT_SOLVER ? ' (default)' : ''}`,
      SOLVERS[name].help,
      isFirstOrder(name) ? String(SOLVERS[name].learningRate) : '',
    ]),
  );
}

function optionsTable(): string {
  return table(
    ['option', 'what it is', 'default', 'solvers', 'flag of `train`'],
    OPTION_NAMES.map((name) => {
      const { help, solvers, flag } = OPTIONS[name] as OptionRow;
      return [
        code(name),
        help,
        defaultText(name),
        solvers === 'all' ? 'all' : solverGroup(solvers),
        flag === undefined ? '' : code(flagOf(flag.name ?? name)),
      ];
    }),
  );
}

function defaultText(name: OptionName): string {
  const { defaultText: text, default: value } = OPTIONS[name] as OptionRow;
  if (text !== undefined) return text;
  return value === undefined ? '' : code(typeof value === 'string' ? `'${value}'` : plain(value));
}

function scoresTable(): string {
  return table(
    ['field', 'meaning', 'compared with scikit-learn 1.9'],
    SCORE_NAMES.map((name) => [code(name), SCORES[name].help, SCORES[name].peer]),
  );
}
