// cli: --l2 auto, or a list: cross-validation chooses the strength of the penalty.
import { InvalidArgumentError, Option } from 'commander';
import type { LambdaPath, LambdaRow } from '../../model/lambda-path.js';
import type { Solver } from '../../training/solvers.js';
import type { FlagValues } from '../fit-options.js';
import { figure, score, tableLines, unconvergedLines } from '../output.js';

/** Values of l2 to choose from; `auto`: the default values of `lambdaPath`. */
export type Candidates = 'auto' | readonly number[];

const RULES = { best: 'best', 'one-standard-error': 'oneStandardError' } as const;

export type L2Rule = keyof typeof RULES;

export const l2RuleOption = () =>
  new Option(
    '--l2-rule <name>',
    'which l2 of the list: best: of the lowest log loss; one-standard-error: the largest within one standard error of it (default: best)',
  ).choices(Object.keys(RULES));

/** What --l2 takes beside a number. */
export const L2_CHOICE = {
  value: 'strength|list|auto',
  help: '; a list such as 1,0.1,0.01, or auto: cross-validation on the training samples chooses, see --l2-rule',
  parse: (text: string): number | Candidates => {
    if (text === 'auto') return text;
    const values = text.split(',').map((item) => (item.trim() === '' ? Number.NaN : Number(item)));
    const [first, ...others] = values;
    // The fit checks the range of a single value.
    if (others.length === 0 && Number.isFinite(first)) return first;
    const isStrength = (value: number, i: number) =>
      Number.isFinite(value) && value >= 0 && values.indexOf(value) === i;
    if (others.length > 0 && values.every(isStrength)) return values;
    throw new InvalidArgumentError('It must be a finite number, a list of different numbers ≥ 0, or auto.');
  },
};

/** The values of --l2 to choose from; undefined if it is a number or absent. */
export function candidatesOf({ l2 }: FlagValues): Candidates | undefined {
  return l2 === 'auto' || Array.isArray(l2) ? l2 : undefined;
}

/** The flags without l2 if it is still to be chosen. */
export function withoutCandidates<T extends FlagValues>(options: T): T {
  return candidatesOf(options) === undefined ? options : { ...options, l2: undefined };
}

export function chosenBy(rule: L2Rule = 'best', path: LambdaPath): number {
  return path[RULES[rule]];
}

/** The search as a table, with the choice, and whether values beyond the list may be better. */
export function pathLines(path: LambdaPath, rule: L2Rule = 'best', solver: Solver | undefined): string[] {
  const { table, best } = path;
  const chosen = chosenBy(rule, path);
  const rows = table.map(({ l2, logLoss, standardError, accuracy }) => [
    `${figure(l2)}${l2 === chosen ? ' (chosen)' : ''}`,
    ...[logLoss, standardError, accuracy].map(score),
  ]);
  const why =
    rule === 'best' ? 'the lowest log loss' : `the largest within one standard error of the lowest, at ${figure(best)}`;
  return [
    `l2 ${figure(chosen)} chosen by cross-validation on the training samples, ${table[0].folds.length} folds: ${why}`,
    ...tableLines(['l2', 'log loss', 'standard error', 'accuracy'], rows),
    ...edgeLines(table, best),
    ...unconvergedLines(
      table.map(({ l2, converged }) => [`l2 ${figure(l2)}`, converged]),
      solver,
    ),
  ];
}

/** A hint if the lowest loss is at an end of the list, where the minimum may lie beyond. */
function edgeLines(table: readonly LambdaRow[], best: number): string[] {
  const [most, least] = [table[0].l2, table[table.length - 1].l2];
  if (table.length < 2 || best === 0 || (best !== most && best !== least)) return [];
  const factors = best === least ? [1, 0.1, 0.01] : [100, 10, 1];
  const wider = factors.map((factor) => figure(best * factor)).join(',');
  return [`The lowest log loss is at the ${best === least ? 'smallest' : 'largest'} l2. To go on, pass --l2 ${wider}.`];
}
