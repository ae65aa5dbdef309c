// gradcheck: ∂ℓ/∂o = softmax(o) − y, computed three ways, with a check that they agree.

import * as tf from '@tensorflow/tfjs';
import { DomainError, ShapeError } from './core/errors.js';
import { maxOf } from './core/lists.js';
import { Random } from './core/random.js';
import {
  assertFunction,
  assertKnownOptions,
  assertObject,
  assertPositiveInteger,
  assertShape,
  describe,
  formatShape,
} from './core/shape.js';
import { disagreement, FINITE_DIFFERENCE, FLOAT32, type Tolerance } from './core/tolerance.js';
import { crossEntropy } from './nn/cross-entropy.js';
import type { Dense } from './nn/dense.js';
import { checkFeatures } from './nn/layer.js';
import type { Phm } from './nn/phm.js';
import { checkDistribution, type TargetsLike } from './nn/tensors.js';
import * as reference from './reference.js';

/** Computes gradients by parameter name, of the mean cross-entropy of layer(features) with targets. */
export type Gradient = (layer: Dense | Phm, features: tf.Tensor2D, targets: TargetsLike) => Record<string, tf.Tensor>;

/** Options of `gradcheck`. */
export interface GradcheckOptions {
  readonly layer: Dense | Phm;
  /** X, [n, inputs]. */
  readonly features: tf.Tensor2D;
  /** y, [n, units], rows ≥ 0 that sum to 1. */
  readonly targets: TargetsLike;
  /** The gradient to check instead of tfjs's autograd. */
  readonly gradient?: Gradient;
  /** Number of entries per parameter with a finite difference; a seeded choice if there are more. Default 200. */
  readonly maxDifferences?: number;
}

/** The largest |actual − expected| relative to its tolerance: a ratio ≤ 1 agrees. */
export interface Comparison {
  readonly maxError: number;
  readonly ratio: number;
  /** Flat index of the entry with this ratio. */
  readonly at: number;
  readonly actual: number;
  readonly expected: number;
}

/** The three gradients of one parameter, compared in pairs. */
export interface ParameterCheck {
  readonly parameter: string;
  readonly shape: readonly number[];
  /** Autograd in float32 on the backend compared with the closed form in float64. */
  readonly autogradAgainstClosedForm: Comparison;
  /** Both in float64, at `differences` of the entries. */
  readonly closedFormAgainstDifferences: Comparison;
  readonly autogradAgainstDifferences: Comparison;
  readonly differences: number;
}

/** The findings of `gradcheck`, whether the gradients agree or not. */
export interface GradcheckFindings {
  /** The tfjs backend. */
  readonly backend: string;
  readonly samples: number;
  /** Logits and loss on the backend compared with the float64 reference. */
  readonly logits: Comparison;
  readonly loss: Comparison;
  readonly parameters: readonly ParameterCheck[];
}

/** The largest disagreement: in `'logits'`, `'loss'` or a parameter's gradient, and between which two. */
export interface Disagreement extends Comparison {
  readonly what: string;
  readonly between: string;
}

/** Findings and verdict: the largest error if all agree, otherwise the largest disagreement. */
export type GradcheckResult = GradcheckFindings &
  ({ readonly ok: true; readonly maxError: number } | { readonly ok: false; readonly worst: Disagreement });

/**
 * Compares three gradients of the mean cross-entropy for each parameter of a layer: autograd on the tfjs backend,
 * the closed form of `reference/` (through softmax(o) − y, float64), and central differences of `reference/` (float64).
 * The forward pass of the backend is compared too.
 *
 * The tolerance of float32 sums is 1e-6 + 1e-5·scale, where scale is the same sum over absolute values. The tolerance
 * of float64 against differences is 1e-8 + 1e-6·|expected|, which holds for |o| ≤ 20.
 *
 * @returns the findings: `ok`, and the largest disagreements
 * @throws ShapeError or DomainError for features or targets that do not match the layer
 * @example gradcheck({ layer: new Dense({ inputs: 4, units: 3 }), features, targets }).ok   // true
 * @see Dive into Deep Learning (zh), §3.4.6.2
 */
export function gradcheck(options: GradcheckOptions): GradcheckResult {
  const { outputs, judged } = begun(options, 'gradcheck');
  try {
    return judged((tensor) => tensor.dataSync());
  } finally {
    tf.dispose([...outputs]);
  }
}

/**
 * `gradcheck` with values that are read asynchronously, as WebGPU should be: some devices compute right, and return
 * zeros to a synchronous read. Do not change the layer before the promise is settled.
 *
 * @throws as `gradcheck`
 * @example (await gradcheckAsync({ layer: new Dense({ inputs: 4, units: 3 }), features, targets })).ok   // true
 */
export async function gradcheckAsync(options: GradcheckOptions): Promise<GradcheckResult> {
  const { tensors, outputs, judged } = begun(options, 'gradcheckAsync');
  try {
    const entries = tensors.map(async (tensor) => [tensor, await tensor.data()] as const);
    const values = new Map<tf.Tensor, ArrayLike<number>>(await Promise.all(entries));
    return judged((tensor) => values.get(tensor) as ArrayLike<number>);
  } finally {
    tf.dispose([...outputs]);
  }
}

/** The values of a tensor. */
type Read = (tensor: tf.Tensor) => ArrayLike<number>;

/** A check whose operations have run, and whose values are not read yet. */
interface Begun {
  /** All tensors that `judged` reads. */
  readonly tensors: readonly tf.Tensor[];
  /** Those of them that the check made. */
  readonly outputs: readonly tf.Tensor[];
  judged(read: Read): GradcheckResult;
}

function begun(options: GradcheckOptions, where: string): Begun {
  assertKnownOptions(options, ['layer', 'features', 'targets', 'gradient', 'maxDifferences'], where);
  const { layer, features, targets, gradient = autograd, maxDifferences = 200 } = options;
  assertPositiveInteger(maxDifferences, where, 'maxDifferences');
  assertObject(layer, where, 'layer', 'be a Dense or a Phm');
  assertFunction(layer.forward, where, 'layer.forward');
  assertFunction(gradient, where, 'gradient');
  checkFeatures(features, layer.inputs, where);
  if (features.shape[0] === 0) {
    const hint = 'Without samples there is nothing to compare.';
    throw new ShapeError({ where, argument: 'features', expected: 'have a sample', actual: '0', hint });
  }
  checkDistribution(targets, where, 'targets');
  assertShape(targets.shape, [features.shape[0], layer.units], where, 'targets');
  const parameters = layer.kind === 'phm' ? { ...layer.parameters, factors: layer.factors } : layer.parameters;
  const onBackend = runOnBackend(layer, features, targets, gradient, where);
  const outputs = [onBackend.logits, onBackend.loss, ...Object.values(onBackend.gradients)];
  return {
    tensors: [features, targets, ...Object.values(parameters), ...outputs],
    outputs,
    judged: (read) => {
      const problem = asReferenceProblem(parameters, features, targets, read);
      assertFinite(lossOf(problem), where);
      return judge(findingsOf(problem, Object.keys(layer.parameters), onBackend, maxDifferences, read));
    },
  };
}

function findingsOf(
  problem: ReferenceProblem,
  names: readonly string[],
  onBackend: OnBackend,
  maxDifferences: number,
  read: Read,
): GradcheckFindings {
  const closedForm = gradientOf(problem, lossGradient(problem));
  const scale = gradientOf(absolute(problem), gradientScale(problem));
  return {
    backend: tf.getBackend(),
    samples: problem.features.rows,
    logits: compare(read(onBackend.logits), problem.logits.values, FLOAT32, logitScale(problem).values),
    loss: compare(read(onBackend.loss), [lossOf(problem)], FLOAT32, [lossScale(problem)]),
    parameters: names.map((name): ParameterCheck => {
      const gradient = onBackend.gradients[name];
      const autograd = gradient === undefined ? [] : read(gradient);
      const indices = someIndices(closedForm[name].length, maxDifferences);
      const differences = centralDifferences(problem, name, indices);
      const at = (values: ArrayLike<number>) => indices.map((i) => values[i]);
      return {
        parameter: name,
        shape: problem.shapes[name],
        autogradAgainstClosedForm: compare(autograd, closedForm[name], FLOAT32, scale[name]),
        closedFormAgainstDifferences: compare(at(closedForm[name]), differences, FINITE_DIFFERENCE),
        autogradAgainstDifferences: compare(at(autograd), differences, FLOAT32, at(scale[name])),
        differences: indices.length,
      };
    }),
  };
}

/** Rejects a non-finite loss. NaN equals NaN, so the gradients of a broken layer would agree. */
function assertFinite(loss: number, where: string): void {
  if (Number.isFinite(loss)) return;
  const hint = 'Features and parameters must be finite too.';
  throw new DomainError({ where, argument: 'the loss', expected: 'be finite', actual: String(loss), hint });
}

/** Results on the backend, which the caller disposes. */
interface OnBackend {
  readonly logits: tf.Tensor;
  readonly loss: tf.Tensor;
  readonly gradients: Readonly<Record<string, tf.Tensor>>;
}

function runOnBackend(
  layer: Dense | Phm,
  features: tf.Tensor2D,
  targets: TargetsLike,
  gradient: Gradient,
  where: string,
): OnBackend {
  const run = () => {
    const logits = layer.forward(features);
    const gradients = gradient(layer, features, targets);
    assertObject(gradients, where, 'gradient', 'return gradients by parameter');
    return { logits, loss: crossEntropy(logits, targets), gradients };
  };
  return tf.tidy(run as () => tf.TensorContainer) as unknown as OnBackend;
}

/** The gradient of the same loss by tfjs's automatic differentiation. */
function autograd(layer: Dense | Phm, features: tf.Tensor2D, targets: TargetsLike): Record<string, tf.Tensor> {
  const names = Object.keys(layer.parameters);
  const byName = (values: tf.Tensor[]) => Object.fromEntries(names.map((name, i) => [name, values[i]]));
  const loss = (...values: tf.Tensor[]) => crossEntropy(layer.forward(features, byName(values)), targets);
  return byName(tf.grads(loss)(Object.values(layer.parameters)));
}

/**
 * A gradcheck as a small readable table.
 *
 * @example console.log(formatGradcheck(gradcheck({ layer, features, targets })));
 */
export function formatGradcheck(result: GradcheckResult): string {
  assertResult(result, 'formatGradcheck');
  const header = ['', 'shape', 'autograd − closed form', 'closed form − differences', 'differences at'];
  const exponent = (comparison: Comparison) => comparison.maxError.toExponential(1);
  const rows = result.parameters.map((check) => [
    `∂ℓ/∂${check.parameter}`,
    formatShape(check.shape),
    exponent(check.autogradAgainstClosedForm),
    exponent(check.closedFormAgainstDifferences),
    `${check.differences} of ${check.shape.reduce((product, size) => product * size, 1)}`,
  ]);
  const widths = header.map((title, column) => maxOf([title.length, ...rows.map((row) => row[column].length)]));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column]))
      .join('  ')
      .trimEnd();
  return [line(header), ...rows.map(line), gradcheckLine(result)].join('\n');
}

function assertResult(result: unknown, where: string): void {
  const expected = 'be a result of gradcheck';
  assertObject(result, where, 'result', expected);
  if ('ok' in result && 'parameters' in result && Array.isArray(result.parameters)) return;
  throw new DomainError({ where, argument: 'result', expected, actual: describe(result) });
}

/** A gradcheck in one line. */
export function gradcheckLine(result: GradcheckResult): string {
  assertResult(result, 'gradcheckLine');
  const { backend, samples } = result;
  if (result.ok) {
    const largest = result.maxError.toExponential(1);
    return `gradcheck on ${backend}, ${samples} samples: autograd = softmax(o) − y = finite differences (largest difference ${largest})`;
  }
  const { what, between, actual, expected, at, ratio } = result.worst;
  return `gradcheck on ${backend}, ${samples} samples: ${what} DISAGREES between ${between}: ${actual} against ${expected} at ${at}, ${ratio.toPrecision(3)} × the tolerance`;
}

function judge(findings: GradcheckFindings): GradcheckResult {
  const comparisons: Disagreement[] = [
    { what: 'logits', between: 'backend and reference', ...findings.logits },
    { what: 'loss', between: 'backend and reference', ...findings.loss },
    ...findings.parameters.flatMap((check) => [
      { what: `∂ℓ/∂${check.parameter}`, between: 'autograd and closed form', ...check.autogradAgainstClosedForm },
      { what: `∂ℓ/∂${check.parameter}`, between: 'closed form and differences', ...check.closedFormAgainstDifferences },
      { what: `∂ℓ/∂${check.parameter}`, between: 'autograd and differences', ...check.autogradAgainstDifferences },
    ]),
  ];
  const worst = comparisons.reduce((a, b) => (b.ratio > a.ratio ? b : a));
  if (worst.ratio > 1) return { ...findings, ok: false, worst };
  return { ...findings, ok: true, maxError: maxOf(comparisons.map(({ maxError }) => maxError)) };
}

function compare(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: Tolerance,
  scale?: ArrayLike<number>,
): Comparison {
  let worst: Comparison = { maxError: 0, ratio: 0, at: 0, actual: actual[0], expected: expected[0] };
  let maxError = 0;
  for (let i = 0; i < expected.length; i++) {
    const ratio =
      actual.length === expected.length ? disagreement(actual[i], expected[i], tolerance, scale?.[i]) : Infinity;
    maxError = Math.max(maxError, ratio === 0 ? 0 : Math.abs(actual[i] - expected[i]));
    if (ratio > worst.ratio) worst = { maxError, ratio, at: i, actual: actual[i], expected: expected[i] };
  }
  return { ...worst, maxError };
}

// The rest is the same problem in float64, with functions of reference/ only.

interface ReferenceProblem {
  readonly features: reference.Matrix;
  readonly targets: reference.Matrix;
  readonly logits: reference.Matrix;
  readonly parameters: Readonly<Record<string, Float64Array>>;
  readonly shapes: Readonly<Record<string, readonly number[]>>;
}

function asReferenceProblem(
  tensors: Readonly<Record<string, tf.Tensor>>,
  features: tf.Tensor2D,
  targets: tf.Tensor2D,
  read: Read,
): ReferenceProblem {
  const entries = Object.entries(tensors);
  const matrix = (tensor: tf.Tensor2D): reference.Matrix => {
    const [rows, columns] = tensor.shape;
    return { rows, columns, values: Float64Array.from(read(tensor)) };
  };
  const problem = {
    features: matrix(features),
    targets: matrix(targets),
    parameters: Object.fromEntries(entries.map(([name, tensor]) => [name, Float64Array.from(read(tensor))])),
    shapes: Object.fromEntries(entries.map(([name, tensor]) => [name, tensor.shape])),
  };
  return { ...problem, logits: forward(problem) };
}

type WithoutLogits = Omit<ReferenceProblem, 'logits' | 'targets'>;

function forward(problem: WithoutLogits): reference.Matrix {
  const { features, parameters } = problem;
  return 'weight' in parameters
    ? reference.dense(features, weightOf(problem), parameters.bias)
    : reference.phm(features, slices(problem, 'factors'), slices(problem, 'components'), parameters.bias);
}

function weightOf({ parameters, shapes }: Pick<ReferenceProblem, 'parameters' | 'shapes'>): reference.Matrix {
  return { rows: shapes.weight[0], columns: shapes.weight[1], values: parameters.weight };
}

/** A tensor [n, rows, columns] as n matrices. */
function slices({ parameters, shapes }: WithoutLogits, name: string): reference.Matrix[] {
  const [n, rows, columns] = shapes[name];
  const size = rows * columns;
  return Array.from({ length: n }, (_, i) => ({
    rows,
    columns,
    values: parameters[name].slice(i * size, (i + 1) * size),
  }));
}

function lossOf({ logits, targets }: ReferenceProblem): number {
  return reference.crossEntropy(logits, targets);
}

function lossGradient({ logits, targets }: ReferenceProblem): reference.Matrix {
  return reference.crossEntropyGradient(logits, targets);
}

/** The gradient of each parameter from ∂ℓ/∂o. */
function gradientOf(problem: WithoutLogits, logitsGradient: reference.Matrix): Record<string, Float64Array> {
  const { features, parameters } = problem;
  if ('weight' in parameters) {
    const { weight, bias } = reference.denseGradient(features, weightOf(problem), logitsGradient);
    return { weight: weight.values, bias };
  }
  const [factors, components] = [slices(problem, 'factors'), slices(problem, 'components')];
  const gradient = reference.phmGradient(features, factors, components, logitsGradient);
  return { factors: joined(gradient.factors), components: joined(gradient.components), bias: gradient.bias };
}

function joined(matrices: readonly reference.Matrix[]): Float64Array {
  return Float64Array.from(matrices.flatMap(({ values }) => Array.from(values)));
}

function centralDifferences(problem: ReferenceProblem, name: string, indices: readonly number[]): Float64Array {
  const loss = (values: Float64Array) => {
    const moved = { ...problem, parameters: { ...problem.parameters, [name]: values } };
    return lossOf({ ...moved, logits: forward(moved) });
  };
  return reference.centralDifference(loss, problem.parameters[name], { indices });
}

function someIndices(size: number, most: number): number[] {
  if (size <= most) return Array.from({ length: size }, (_, i) => i);
  return [...new Random(0).permutation(size).subarray(0, most)].sort((a, b) => a - b);
}

// Bounds of float32 rounding: the same sums over absolute values.

function absolute(problem: ReferenceProblem): WithoutLogits {
  const parameters = Object.entries(problem.parameters).map(([name, values]) => [name, values.map(Math.abs)]);
  const features = { ...problem.features, values: problem.features.values.map(Math.abs) };
  return { features, shapes: problem.shapes, parameters: Object.fromEntries(parameters) };
}

/** |X||W| + |b| */
function logitScale(problem: ReferenceProblem): reference.Matrix {
  return forward(absolute(problem));
}

/** The loss changes by at most twice the largest change of a logit in the row. */
function lossScale(problem: ReferenceProblem): number {
  const scale = reference.toRows(logitScale(problem));
  return lossOf(problem) + scale.reduce((total, row) => total + (2 * maxOf(row)) / scale.length, 0);
}

/** |∂ℓ/∂o| plus the effect of an error of the logits: (p∘S + p(p·S))/n at S = |X||W| + |b|. */
function gradientScale(problem: ReferenceProblem): reference.Matrix {
  const gradient = lossGradient(problem);
  const { rows, columns } = gradient;
  const probabilities = reference.softmax(problem.logits).values;
  const scale = logitScale(problem).values;
  const values = gradient.values.map(Math.abs);
  for (let i = 0; i < rows; i++) {
    let mean = 0;
    for (let k = i * columns; k < (i + 1) * columns; k++) mean += probabilities[k] * scale[k];
    for (let k = i * columns; k < (i + 1) * columns; k++) values[k] += (probabilities[k] * (scale[k] + mean)) / rows;
  }
  return { rows, columns, values };
}
