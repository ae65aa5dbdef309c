// optim: learning rates that change from step to step, as pure functions of where a training stands.
import { DomainError } from '../core/errors.js';
import { assertKnownOptions, assertOneOf, describe } from '../core/shape.js';

/** Where a training stands before a step. */
export interface Moment {
  /** Epochs done: 0 in the first one. */
  readonly epoch: number;
  /** Steps done in this epoch, and how many it has. */
  readonly step: number;
  readonly steps: number;
}

/** A rate ≥ 0 for each step. It is asked for all steps of an epoch before the first of them. */
export type RateFunction = (moment: Moment) => number;

/** The rate of a schedule at its height, and how it gets there. */
export interface Rate {
  /** η > 0: the largest rate. */
  readonly rate: number;
  /** So many epochs, in whole or in part, in which the rate grows evenly from step to step up to `rate`. Default 0. */
  readonly warmup?: number;
}

/**
 * Learning rates by name. With t the epochs done, parts of an epoch included, less those of the warm-up:
 *
 *   'constant'      η
 *   'step'          η·factor^⌊t/every⌋
 *   'exponential'   η·factor^t
 *   'cosine'        final + (η − final)·(1 + cos(π·t/T))/2, T the epochs that there are; `final` from there on
 *
 * In the k-th of K steps of the warm-up it is η·k/K.
 */
export type LearningRateSchedule =
  | (Rate & { readonly schedule: 'constant' })
  | (Rate & { readonly schedule: 'step'; readonly factor: number; readonly every: number })
  | (Rate & { readonly schedule: 'exponential'; readonly factor: number })
  | (Rate & {
      readonly schedule: 'cosine';
      /** The rate at the end. Default 0. */
      readonly final?: number;
      /** After how many epochs, the warm-up included; those of the fit unless given. */
      readonly epochs?: number;
    });

const FIELDS = {
  constant: [],
  step: ['factor', 'every'],
  exponential: ['factor'],
  cosine: ['final', 'epochs'],
} as const;

/**
 * Holds a schedule to its fields.
 *
 * @param epochs of the training; undefined where nobody knows
 * @throws DomainError for an unknown schedule or field, or a number out of range
 */
export function assertSchedule(
  schedule: unknown,
  epochs: number | undefined,
  where: string,
  argument: string,
): asserts schedule is LearningRateSchedule {
  if (Object.prototype.toString.call(schedule) !== '[object Object]') {
    const expected = 'be a finite number > 0, a schedule such as { schedule: "cosine", rate: 0.1 }, or a function';
    throw new DomainError({ where, argument, expected, actual: describe(schedule) });
  }
  const given = schedule as LearningRateSchedule;
  assertOneOf(given.schedule, Object.keys(FIELDS), where, `${argument}.schedule`);
  assertKnownOptions(given, ['schedule', 'rate', 'warmup', ...FIELDS[given.schedule]], `${where}: ${argument}`);
  const check = (field: string, value: unknown, holds: (x: number) => boolean, expected: string) => {
    if (typeof value === 'number' && Number.isFinite(value) && holds(value)) return;
    throw new DomainError({ where, argument: `${argument}.${field}`, expected, actual: describe(value) });
  };
  const { rate, warmup = 0 } = given;
  check('rate', rate, (x) => x > 0, 'be a finite number > 0');
  check('warmup', warmup, (x) => x >= 0, 'be a number of epochs ≥ 0');
  if (given.schedule === 'step' || given.schedule === 'exponential') {
    check('factor', given.factor, (x) => x > 0 && x <= 1, 'be in (0, 1]');
  }
  if (given.schedule === 'step') check('every', given.every, (x) => x > 0, 'be a number of epochs > 0');
  if (given.schedule !== 'cosine') return;
  const { final = 0, epochs: end = epochs } = given;
  check('final', final, (x) => x >= 0 && x <= rate, `be in [0, ${rate}], the rate`);
  check('epochs', end, (x) => x > warmup, 'be a number of epochs greater than those of the warm-up');
}

/**
 * The rate of a step.
 *
 * @param epochs of the training
 * @throws DomainError if a function returns what is not a finite number ≥ 0
 * @example rateAt({ schedule: 'step', rate: 0.1, factor: 0.5, every: 2 }, { epoch: 5, step: 0, steps: 10 }, 6)   // 0.025
 * @example rateAt({ schedule: 'cosine', rate: 0.1 }, { epoch: 5, step: 0, steps: 10 }, 10)   // 0.05
 * @see PyTorch's StepLR, ExponentialLR and CosineAnnealingLR, which have the same formulas
 */
export function rateAt(schedule: LearningRateSchedule | RateFunction, moment: Moment, epochs: number): number {
  if (typeof schedule === 'function') return checkedRate(schedule(moment), moment);
  const { epoch, step, steps } = moment;
  const { rate, warmup = 0 } = schedule;
  const done = epoch + step / steps;
  // A hair's breadth, for sums of parts of epochs such as 0.1 + 0.2.
  const left = warmup - done;
  if (left > 1e-9) return rate * Math.min(1, (done + 1 / steps) / warmup);
  const t = Math.max(0, -left);
  switch (schedule.schedule) {
    case 'constant':
      return rate;
    case 'step':
      return rate * schedule.factor ** Math.floor(t / schedule.every + 1e-9);
    case 'exponential':
      return rate * schedule.factor ** t;
    case 'cosine': {
      const { final = 0, epochs: end = epochs } = schedule;
      const part = Math.min(1, t / (end - warmup));
      return final + ((rate - final) * (1 + Math.cos(Math.PI * part))) / 2;
    }
    default:
      return schedule satisfies never;
  }
}

/** The rates of all steps of an epoch. */
export function ratesOf(
  schedule: LearningRateSchedule | RateFunction,
  epoch: number,
  steps: number,
  epochs: number,
): Float32Array {
  return Float32Array.from({ length: steps }, (_, step) => rateAt(schedule, { epoch, step, steps }, epochs));
}

function checkedRate(rate: unknown, { epoch, step, steps }: Moment): number {
  if (typeof rate === 'number' && Number.isFinite(rate) && rate >= 0) return rate;
  const where = `learningRate at epoch ${epoch}, step ${step} of ${steps}`;
  throw new DomainError({ where, argument: 'the rate', expected: 'be a finite number ≥ 0', actual: describe(rate) });
}
