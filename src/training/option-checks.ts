// training: the checks of options of a fit, and the values that they return.
import { DomainError } from '../core/errors.js';
import type { Label } from '../core/labels.js';
import { Random } from '../core/random.js';
import { assertCommunicator, type Communicator } from '../core/ranks/communicator.js';
import { assertKnownOptions, assertOneOf, assertPositiveInteger, describe } from '../core/shape.js';
import type { SparseMatrix } from '../data/matrix.js';
import { assertSchedule, type LearningRateSchedule, type RateFunction } from '../optim/schedule.js';
import type { FeaturesInput } from './inputs.js';
import type { Solver } from './solvers.js';

/** How the weight is written: in full, or as a sum of n Kronecker products. */
export type LayerChoice = 'dense' | { readonly phm: number };

/** When to stop before the last epoch. */
export interface EarlyStopping {
  /** The fit ends after this many consecutive epochs without a better validation loss. Default 5. */
  readonly patience: number;
  /** A loss is better if it is below the best by more than this, nats ≥ 0. Default 0. */
  readonly minDelta: number;
}

/** Samples to evaluate after each epoch. They are not used for training. */
export interface ValidationData<L extends Label> {
  readonly features: FeaturesInput | SparseMatrix;
  readonly labels: ArrayLike<L>;
  /** As in the options of a fit. */
  readonly sampleWeights?: ArrayLike<number>;
  /** Not used: the samples of `readSamples` have them. */
  readonly lines?: Float64Array;
  readonly groups?: ArrayLike<string | number>;
  readonly times?: ArrayLike<number>;
}

/**
 * Where a value comes from, for error messages, with the solver and the values of the options above it in the table.
 */
export interface Place {
  readonly where: string;
  readonly argument: string;
  readonly solver: Solver;
  readonly checked: Readonly<Record<string, unknown>>;
}

/** Returns the value that the fit uses. @throws DomainError or ShapeError, before anything is computed */
export type Check<T> = (value: unknown, place: Place) => T;

export function oneOf<T>(values: readonly T[]): Check<T> {
  return (value, { where, argument }) => {
    assertOneOf(value, values, where, argument);
    return value;
  };
}

export function numberThat(holds: (value: number) => boolean, expected: string): Check<number> {
  return (value, { where, argument }) => {
    if (typeof value === 'number' && Number.isFinite(value) && holds(value)) return value;
    throw new DomainError({ where, argument, expected, actual: describe(value) });
  };
}

export function penalty(value: unknown, place: Place): number {
  return numberThat((x) => x >= 0, 'be a finite number ≥ 0')(value, place);
}

export function positive(value: unknown, place: Place): number {
  return numberThat((x) => x > 0, 'be a finite number > 0')(value, place);
}

export function positiveInteger(value: unknown, { where, argument }: Place): number {
  assertPositiveInteger(value, where, argument);
  return value;
}

/** The rule for `validation`, a share or samples. */
export const VALIDATION_RULE = 'be a share of the samples in (0, 1), or { features, labels }';

export function validationOf(value: unknown, place: Place): number | ValidationData<Label> {
  if (typeof value === 'number') return numberThat((share) => share > 0 && share < 1, VALIDATION_RULE)(value, place);
  // Checked against the samples when they are read.
  return value as ValidationData<Label>;
}

export function rateOf(value: unknown, place: Place): number | LearningRateSchedule | RateFunction {
  if (typeof value === 'number') return positive(value, place);
  if (typeof value === 'function') return value as RateFunction;
  assertSchedule(value, place.checked.epochs as number, place.where, place.argument);
  return value;
}

export function layerOf(value: unknown, { where, argument }: Place): LayerChoice {
  if (value === 'dense') return value;
  if (typeof value !== 'object' || value === null || Object.keys(value).join() !== 'phm') {
    throw new DomainError({ where, argument, expected: "be 'dense' or { phm: n }", actual: describe(value) });
  }
  const { phm } = value as { readonly phm: unknown };
  assertPositiveInteger(phm, where, `${argument}.phm`);
  return value as LayerChoice;
}

export function seedOf(value: unknown): number {
  new Random(value as number);
  return value as number;
}

export function earlyStoppingOf(value: unknown, { where, argument, checked, solver }: Place): EarlyStopping {
  assertKnownOptions(value, ['patience', 'minDelta'], `${where}: ${argument}`);
  const { patience = 5, minDelta = 0 } = value as Partial<EarlyStopping>;
  assertPositiveInteger(patience, where, `${argument}.patience`);
  return { patience, minDelta: penalty(minDelta, { where, argument: `${argument}.minDelta`, checked, solver }) };
}

export const communicatorOf: Check<Communicator> = (value, { where, argument }) => {
  assertCommunicator(value, where, argument);
  return value;
};
