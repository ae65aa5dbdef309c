// training: what to change if a fit diverged, did not converge or has no optimum.
import { log, square } from '../core/elementary.js';
import { describe } from '../core/shape.js';
import type { FeatureArray } from '../data/batches.js';
import { isSparse } from '../data/matrix.js';
import type { AnySamples, DenseSamples, FitRun } from './fit.js';
import type { Optimum } from './optimum.js';
import { defaultPenalty, type FirstOrderPlan, OPTIONS, type OptimumPlan } from './options.js';
import { SOLVERS } from './solvers.js';
import { eachPart, farColumns, scalingOf } from './standardization.js';

/** What is known after a fit to the optimum. */
export interface OptimumEnd {
  readonly solved: Optimum;
  /** Whether the stored parameters have the objective of the solver's. */
  readonly isKept: boolean;
  /** Whether the mean loss proves that the samples are separable. */
  readonly isSeparated: boolean;
}

/** Advice after a fit to the optimum; null if there is nothing to change. */
export async function adviceForOptimum(
  samples: AnySamples,
  plan: OptimumPlan,
  run: FitRun,
  { solved, isKept, isSeparated }: OptimumEnd,
): Promise<string | null> {
  const { l1, l2, standardize, fitIntercept, maxIterations, signal } = plan;
  const { reason, gradientNorm, leftOut } = solved;
  const why = leftOut === undefined ? '' : ` The Hessian was left out: ${leftOut}.`;
  const isPenalised = l1 > 0 || l2 > 0;
  const more = `Give \`l2: ${penaltyFor(samples, l2)}\``;
  if (!isPenalised) {
    // Those of a sparse matrix are not looked for.
    const found = isSparse(samples.features)
      ? []
      : await separatingColumns(samples as DenseSamples, fitIntercept, signal);
    if (isSeparated) {
      const by = found.length === 0 ? '' : ` by ${columnList(found.map(({ column }) => nameOf(column, run)))} alone`;
      return `${more}: the samples are separable${by}, so without a penalty the weights grow without bound and the probabilities are meaningless.`;
    }
    if (found.length > 0)
      return `${more}: ${separation(found, run)}, so without a penalty its weights grow without bound.`;
  }
  if (!isKept) {
    const lost = 'the weights lose digits in float32';
    if (standardize) return `${more}: ${lost}.`;
    const far = farColumns(await scalingOf(samples.features, signal), FARTHEST);
    const which =
      far.length === 0 ? '' : `. Far from 0 for their deviations: ${columnList(far.map((j) => nameOf(j, run)))}`;
    return `Give \`standardize: true\`: ${lost}${which}.`;
  }
  switch (reason) {
    case 'gradient':
    case 'stopped':
      return null;
    case 'iterations': {
      const usual = OPTIONS.maxIterations.default;
      const iterations = maxIterations < usual ? usual : 2 * maxIterations;
      const longer = `Give \`maxIterations: ${iterations}\``;
      return isPenalised
        ? `${longer}.${why}`
        : `${longer}, or \`l2: ${penaltyFor(samples, l2)}\`: without a penalty, weights may grow without bound.${why}`;
    }
    case 'no-progress': {
      const reachable = `Give \`tolerance: ${(2 * gradientNorm).toExponential(0)}\``;
      return `${reachable}${standardize ? '' : ', or `standardize: true`'}: rounding hides a smaller gradient.${why}`;
    }
    case 'diverged':
      return standardize
        ? `${more}: weights overflow.`
        : 'Give `standardize: true`: products of the features overflow.';
    default:
      return reason satisfies never;
  }
}

/** Columns whose mean is more deviations from 0 are named in advice. */
const FARTHEST = 1000;

/** A stronger penalty: ten times the present one, and at least the default for unweighted samples. */
function penaltyFor({ labels, numClasses }: AnySamples, l2: number): number {
  const usual = defaultPenalty(labels.length, numClasses);
  return Number(Math.max(usual, 10 * l2).toPrecision(1));
}

/** The most columns to list. */
const MOST_LISTED = 5;

function nameOf(column: number, { featureNames }: FitRun): string {
  return featureNames === undefined ? String(column) : describe(featureNames[column]);
}

function columnList(names: readonly string[]): string {
  const some = `${names.slice(0, MOST_LISTED).join(', ')}${names.length > MOST_LISTED ? ', …' : ''}`;
  return `column${names.length > 1 ? 's' : ''} ${some}`;
}

function separation([{ column, label }, ...others]: readonly Separating[], run: FitRun): string {
  const name = run.classes?.[label];
  const first = `column ${nameOf(column, run)} separates the class ${describe(name ?? label)} quasi-completely from the others`;
  return others.length === 0
    ? first
    : `${first} (so ${others.length === 1 ? 'does 1 more' : `do ${others.length} more`})`;
}

/** A column without a value of one class on the wrong side of a value of another. */
interface Separating {
  readonly column: number;
  /** The class index. */
  readonly label: number;
}

/**
 * The columns that separate a class from all others: no sample of another class has a larger value than any sample of the
 * class, or none a smaller one. Equal values are allowed. Without a penalty, such a column's weights have no optimum.
 *
 * This is quasi-complete separation by one column, such as a category in which only one class, or not every class, occurs. By
 * several columns together it is not detected.
 *
 * @see Albert and Anderson, On the existence of maximum likelihood estimates in logistic regression models (1984)
 */
async function separatingColumns(
  { features, labels, weights, numClasses: q }: DenseSamples,
  fitIntercept: boolean,
  signal: AbortSignal | undefined,
): Promise<Separating[]> {
  const [, d] = features.shape;
  const least = new Float64Array(d * q).fill(Number.POSITIVE_INFINITY);
  const most = new Float64Array(d * q).fill(Number.NEGATIVE_INFINITY);
  const look = ({ values, shape: [n] }: FeatureArray, start: number) => {
    for (let i = 0; i < n; i++) {
      if (weights?.values[start + i] === 0) continue;
      for (let j = 0, at = labels[start + i]; j < d; j++, at += q) {
        const value = values[i * d + j];
        if (value < least[at]) least[at] = value;
        if (value > most[at]) most[at] = value;
      }
    }
  };
  await eachPart(features, look, signal);
  const found: Separating[] = [];
  for (let column = 0; column < d; column++) {
    const own = least.subarray(column * q, (column + 1) * q);
    const top = most.subarray(column * q, (column + 1) * q);
    const label = separated(own, top, fitIntercept);
    if (label !== -1) found.push({ column, label });
  }
  return found;
}

/** The first class that the ranges of the classes separate from all others; -1 if there is none. */
function separated(least: Float64Array, most: Float64Array, fitIntercept: boolean): number {
  const present = [...least.keys()].filter((k) => least[k] <= most[k]);
  const byLeast = [...present].sort((a, b) => least[a] - least[b]);
  const byMost = [...present].sort((a, b) => most[b] - most[a]);
  if (present.length < 2 || least[byLeast[0]] === most[byMost[0]]) return -1;
  // Without an intercept, the border is 0.
  const lies = (below: number, above: number) => below <= above && (fitIntercept || (below <= 0 && above >= 0));
  const label = present.find((k) => {
    const othersLeast = least[byLeast[0] === k ? byLeast[1] : byLeast[0]];
    const othersMost = most[byMost[0] === k ? byMost[1] : byMost[0]];
    return lies(othersMost, least[k]) || lies(most[k], othersLeast);
  });
  return label ?? -1;
}

/** Steps of this rate or less do not change float32 weights of moderate size. */
const SMALLEST_RATE = 1e-30;

/**
 * Advice after first-order steps; null if there is nothing to change.
 *
 * @param objective the objective of all samples at the end
 * @param isStream whether the samples are a part of a stream, which cannot be standardised
 */
export async function adviceForSteps(
  samples: DenseSamples,
  plan: FirstOrderPlan,
  {
    diverged,
    objective,
    isStream,
  }: { readonly diverged: boolean; readonly objective: number; readonly isStream: boolean },
): Promise<string | null> {
  const { solver, learningRate, standardize, signal } = plan;
  const atZero = log(samples.numClasses);
  // Twice, because a start other than 0 may be worse than 0 without any fault.
  if (!diverged && objective <= 2 * atZero) return null;
  const why = diverged
    ? 'the loss or a weight overflowed'
    : `the objective, ${brief(objective)}, is above that of weights 0, ${brief(atZero)}`;
  const scales = standardize || isStream ? [] : ['`standardize: true`'];
  const steps: string[] = [];
  if (typeof learningRate === 'number') {
    const stable = Math.min(
      SOLVERS[solver].learningRate,
      solver === 'adam' ? 1 : await stableRate(samples, plan, signal),
    );
    const rate = diverged ? Math.min(stable, learningRate / 10) : stable;
    if (rate < learningRate && rate > SMALLEST_RATE) steps.push(`\`learningRate: ${floored(rate)}\``);
  } else steps.push('a smaller `learningRate`');
  const ways = [...steps, ...scales];
  return ways.length === 0 ? null : `Give ${ways.join(', or ')}: ${why}.`;
}

/**
 * A rate at which gradient descent decreases the objective: 1/L, L = ½·mean ‖[x, 1]‖² + λ ≥ the largest curvature.
 *
 * The Hessian of the cross-entropy in the logits is at most ½I, and ‖[x, 1]‖² is d + 1 on average for standardised columns.
 */
async function stableRate(
  { features }: DenseSamples,
  { standardize, l2 }: FirstOrderPlan,
  signal: AbortSignal | undefined,
): Promise<number> {
  const [n, d] = features.shape;
  if (standardize) return 1 / ((d + 1) / 2 + l2);
  let squares = 0;
  const look = ({ values, scale = 1 }: FeatureArray) => {
    for (const value of values) squares += square(value / scale);
  };
  await eachPart(features, look, signal);
  return 1 / ((squares / n + 1) / 2 + l2);
}

/** Rounded down to one significant digit. */
function floored(value: number): number {
  const [, exponent] = value.toExponential().split('e');
  const unit = Number(`1e${exponent}`);
  return Number((Math.floor(value / unit + 1e-9) * unit).toPrecision(1));
}

function brief(value: number): string {
  return value.toPrecision(3);
}
