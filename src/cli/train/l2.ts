// cli: --l2 auto, or a list: cross-validation chooses the strength of the penalty.
import { InvalidArgumentError, Option } from 'commander';
import type { LambdaPath } from '../../model/lambda-path.js';
import type { FlagValues } from '../fit-options.js';

/** Values of l2 to choose from; `auto`: the default values of `lambdaPath`. */
export type Candidates = 'auto' | readonly number[];

const RULES = { best: 'best', 'one-standard-error': 'oneStandardError' } as const;

export type L2Rule = keyof typeof RULES;

export const l2RuleOption = () =>
  new Option(
    '--l2-rule <name>',
    'which l2 of the list: best: of the lowest log loss; one-standard-error: the largest within one standard error of it (default: best)',
  ).choices(Object.keys(RULES));

/** What --l2 accepts besides a number. */
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
