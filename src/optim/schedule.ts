// optim: learning rate schedules as pure functions of the progress of a training.
import { cosPi, exp, log, power } from '../core/elementary.js';
import { DomainError } from '../core/errors.js';
import { assertKnownOptions, assertOneOf, describe } from '../core/shape.js';

/** The progress of a training before a step. */
export interface Moment {
  /** Epochs done: 0 in the first epoch. */
  readonly epoch: number;
  /** Steps done in this epoch, and its number of steps. */
  readonly step: number;
  readonly steps: number;
}

/** Returns a rate ≥ 0 for each step. It is called for all steps of an epoch before the first of them. */
export type RateFunction = (moment: Moment) => number;

/** The peak rate of a schedule, and its warm-up. */
export interface Rate {
  /** η > 0: the peak rate. */
  readonly rate: number;
  /** Number of epochs, possibly fractional, in which the rate grows linearly by step up to `rate`. Default 0. */
  readonly warmup?: number;
}

/**
 * Learning rates by name. t is the number of epochs done since the warm-up, including fractions:
 *
 *   'constant'      η
 *   'step'          η·factor^⌊t/every⌋
 *   'exponential'   η·factor^t
 *   'cosine'        final + (η − final)·(1 + cos(π·t/T))/2, T the number of epochs after the warm-up; then `final`
 *
 * In the k-th of K steps of the warm-up the rate is η·k/K.
 */
export type LearningRateSchedule =
  | (Rate & { readonly schedule: 'constant' })
  | (Rate & { readonly schedule: 'step'; readonly factor: number; readonly every: number })
  | (Rate & { readonly schedule: 'exponential'; readonly factor: number })
  | (Rate & {
      readonly schedule: 'cosine';
      /** The final rate. Default 0. */
      readonly final?: number;
      /** Number of epochs until `final`, including the warm-up. Default the epochs of the fit. */
      readonly epochs?: number;
    });

const FIELDS = {
  constant: [],
  step: ['factor', 'every'],
  exponential: ['factor'],
  cosine: ['final', 'epochs'],
} as const;

/**
 * Validates a schedule.
 *
 * @param epochs of the training; undefined if unknown
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
  check('epochs', end, (x) => x > warmup, 'be a number of epochs greater than the warm-up');
}

/**
 * The rate of a step.
 *
 * @param epochs of the training
 * @throws DomainError if a function returns anything except a finite number ≥ 0
 * @example rateAt({ schedule: 'step', rate: 0.1, factor: 0.5, every: 2 }, { epoch: 5, step: 0, steps: 10 }, 6)   // 0.025
 * @example rateAt({ schedule: 'cosine', rate: 0.1 }, { epoch: 5, step: 0, steps: 10 }, 10)   // 0.05
 * @see PyTorch's StepLR, ExponentialLR and CosineAnnealingLR, which use the same formulas
 */
export function rateAt(schedule: LearningRateSchedule | RateFunction, moment: Moment, epochs: number): number {
  if (typeof schedule === 'function') return checkedRate(schedule(moment), moment);
  const { epoch, step, steps } = moment;
  const { rate, warmup = 0 } = schedule;
  const done = epoch + step / steps;
  // A small margin for sums of fractions of epochs such as 0.1 + 0.2.
  const left = warmup - done;
  if (left > 1e-9) return rate * Math.min(1, (done + 1 / steps) / warmup);
  const t = Math.max(0, -left);
  switch (schedule.schedule) {
    case 'constant':
      return rate;
    case 'step':
      return rate * power(schedule.factor, Math.floor(t / schedule.every + 1e-9));
    case 'exponential':
      return rate * powerOf(schedule.factor, t);
    case 'cosine': {
      const { final = 0, epochs: end = epochs } = schedule;
      const part = Math.min(1, t / (end - warmup));
      return final + ((rate - final) * (1 + cosPi(part))) / 2;
    }
    default:
      return schedule satisfies never;
  }
}

/** factorᵗ for a factor in (0, 1] and t ≥ 0. */
function powerOf(factor: number, t: number): number {
  const whole = Math.floor(t);
  return power(factor, whole) * exp((t - whole) * log(factor));
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
