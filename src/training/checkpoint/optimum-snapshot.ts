// training: converts the state of a fit to the optimum to a snapshot and back.

import type { Fail } from '../../predict/json.js';
import type { EpochRecord } from '../fit.js';
import type { OptimumState } from '../optimum.js';
import type { Snapshot } from './file.js';
import { historyTensor, SnapshotReader } from './snapshot.js';

/** A solver's state and its history. */
export interface OptimumProgress {
  readonly state: OptimumState;
  readonly history: readonly EpochRecord[];
}

/** The memory of L-BFGS. */
const MOST_PAIRS = 10;

export function optimumSnapshot({ state, history }: OptimumProgress, validates: boolean): Snapshot {
  const { phase, solver, anchor, before } = state;
  const { point, value, gradient, pairs, iterations, evaluations, bestValue, bestNorm, stalled } = solver;
  const vector = (values: Float64Array) => ({ shape: [values.length], values });
  const stacked = (rows: readonly Float64Array[]) => {
    const values = new Float64Array(rows.length * point.length);
    rows.forEach((row, i) => {
      values.set(row, i * point.length);
    });
    return { shape: [rows.length, point.length], values };
  };
  const evaluationsBefore = before.evaluations;
  return {
    state: {
      ...{ phase, iterations, evaluations, stalled, iterationsBefore: before.iterations, evaluationsBefore },
      anchorIteration: anchor?.iteration ?? 0,
    },
    tensors: {
      ...{ point: vector(point), gradient: vector(gradient) },
      steps: stacked(pairs.map(({ step }) => step)),
      changes: stacked(pairs.map(({ change }) => change)),
      values: vector(Float64Array.of(value, bestValue, bestNorm)),
      ...(anchor && { anchor: vector(anchor.point) }),
      history: historyTensor(history, validates),
    },
  };
}

/**
 * Reads the progress of a snapshot.
 *
 * @param size the length of a point
 * @param phases the phases of a problem of this size
 * @param fail creates the error for an invalid snapshot
 */
export function optimumOf(
  snapshot: Snapshot,
  size: number,
  phases: readonly OptimumState['phase'][],
  validates: boolean,
  fail: Fail,
): OptimumProgress {
  const reader = new SnapshotReader(snapshot, fail);
  const phase = reader.oneOf('phase', phases);
  const counts = {
    iterations: reader.count('iterations', 1),
    evaluations: reader.count('evaluations', 1),
    stalled: reader.count('stalled', 0),
  };
  const most = phase === 'polish' ? undefined : 0;
  const before = {
    iterations: reader.count('iterationsBefore', 0, most),
    evaluations: reader.count('evaluationsBefore', 0, most),
  };
  const vector = (name: string) => reader.finite(reader.float64(name, [size]), name);
  const [value, bestValue, bestNorm] = reader.finite(reader.float64('values', [3]), 'values');
  const steps = reader.rows('steps', size, MOST_PAIRS);
  const changes = reader.rows('changes', size, steps.length);
  if (changes.length < steps.length) {
    throw fail({
      argument: 'changes',
      expected: `have ${steps.length} rows, as steps`,
      actual: String(changes.length),
    });
  }
  const pairs = steps.map((step, i) => ({
    step: reader.finite(step, `steps[${i}]`),
    change: reader.finite(changes[i], `changes[${i}]`),
  }));
  const pointOf = (name: string) => reader.weights(vector(name), name);
  const solver = {
    point: pointOf('point'),
    gradient: vector('gradient'),
    value,
    pairs,
    ...counts,
    bestValue,
    bestNorm,
  };
  const iteration = reader.count('anchorIteration', 0, phase === 'polish' ? before.iterations : counts.iterations);
  const anchor = iteration === 0 ? undefined : { point: pointOf('anchor'), iteration };
  const history = reader.history(before.iterations + counts.iterations, validates);
  reader.end();
  return { state: { phase, solver, anchor, before }, history };
}
