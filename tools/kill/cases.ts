// The killed trainings: each kind of solver, eager and compiled.
import type { FeatureArray, FitOptions } from 'softmax-regression';
import { Random } from '../../src/core/random.js';
import type { FirstOrderSolver } from '../../src/training/solvers.js';
import type { Fault } from './faults.js';

export interface Problem {
  readonly features: FeatureArray;
  readonly labels: readonly number[];
}

export interface Case {
  readonly name: string;
  readonly backend: 'cpu' | 'wasm' | 'tensorflow';
  readonly problem: () => Problem;
  readonly options: FitOptions<number>;
  /** A planted fault, which must be found. */
  readonly fault?: Fault;
}

/** Overlapping classes that differ in the first features. */
function problemOf(n: number, d: number, classes: number): Problem {
  const random = new Random(3);
  const labels = Array.from({ length: n }, (_, i) => i % classes);
  const values = Float32Array.from({ length: n * d }, () => random.normal());
  for (let i = 0; i < n; i++) values[i * d + (labels[i] % d)] += 1;
  return { features: { values, shape: [n, d] }, labels };
}

/** Enough batches for a pause within an epoch, even with hundreds of steps per native call. The last batch is short. */
const STEPS: Readonly<Record<Case['backend'], [n: number, d: number, classes: number]>> = {
  cpu: [401, 4, 3],
  wasm: [401, 4, 3],
  tensorflow: [5001, 64, 4],
};
const EPOCHS = { cpu: 12, wasm: 12, tensorflow: 16 };

function bySteps(backend: Case['backend'], solver: FirstOrderSolver, more: object = {}): Case {
  const name = `${solver}, ${backend === 'tensorflow' ? 'compiled' : 'eager'}, ${backend}`;
  const problem = () => problemOf(...STEPS[backend]);
  const options = { solver, batchSize: 2, learningRate: 0.01, seed: 7, epochs: EPOCHS[backend], ...more };
  return { name, backend, problem, options };
}

/** Small enough for float64 in plain TypeScript. */
const plain = () => problemOf(12_000, 30, 5);
/** Just large enough that a fit starts on tensors and ends in float64. */
const large = () => problemOf(1300, 390, 10);

export const CASES: readonly Case[] = [
  bySteps('cpu', 'sgd'),
  bySteps('cpu', 'adam'),
  bySteps('wasm', 'momentum', { l2: 0.01 }),
  bySteps('wasm', 'adam', { standardize: true }),
  bySteps('tensorflow', 'sgd', { learningRate: { schedule: 'exponential', rate: 0.02, factor: 0.9 } }),
  bySteps('tensorflow', 'momentum'),
  bySteps('tensorflow', 'adam'),
  { name: 'lbfgs, plain', backend: 'cpu', problem: plain, options: { l2: 1e-4, tolerance: 1e-10 } },
  { name: 'lbfgs with l1, plain', backend: 'cpu', problem: plain, options: { l1: 0.002, tolerance: 1e-9 } },
  { name: 'lbfgs, tensors, wasm', backend: 'wasm', problem: large, options: { l2: 1e-4, tolerance: 1e-7 } },
  { name: 'lbfgs, tensors, tensorflow', backend: 'tensorflow', problem: large, options: { l2: 1e-4, tolerance: 1e-7 } },
];

const planted: Case = { ...bySteps('cpu', 'momentum', { epochs: 6 }), problem: () => problemOf(61, 4, 3) };

/** Each case has a fault that must be found. */
export const PLANTED: readonly Case[] = (['in place', 'forgetful', 'littering'] as const).map((fault) => ({
  ...planted,
  name: `planted: ${fault}`,
  fault,
}));
