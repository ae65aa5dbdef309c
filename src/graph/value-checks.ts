// graph: the values that TensorFlow's kernels refuse and XLA does not.
import * as tf from '@tensorflow/tfjs';
import { BackendError } from '../core/errors.js';
import type { GraphDef, WriteConstant } from './graph-def.js';
import { type NativeTensor, nativeBackend } from './native-backend.js';
import type { RecordedKernel, Recording } from './record.js';

/** A condition on the values of a tensor that a kernel reads. XLA clamps indices, for example. */
export interface ValueCheck {
  /** The operation, for messages. */
  readonly op: string;
  /** What the tensor is to it. */
  readonly argument: 'indices' | 'labels' | 'segments' | 'divisor' | 'exponent';
  readonly tensor: NativeTensor;
  /** In words: `be in [0, 3)`. */
  readonly expected: string;
  readonly rule: Rule;
}

/** least ≤ values, and values < bounds, one for each column of the last axis or one for all; or values ≠ 0. */
type Rule = { readonly least?: number; readonly bounds?: readonly number[] } | 'not zero';

/** The checks that a recording needs on XLA. Constants were checked when it was recorded. */
export function valueChecks({ kernels, constants }: Recording): ValueCheck[] {
  const values = new Map(constants.map(({ id, values }) => [id, values]));
  const integers = (id: number) => {
    const bytes = values.get(id);
    return bytes && [...new Int32Array(bytes.slice().buffer)];
  };
  return kernels
    .flatMap((kernel) => checkOf(kernel, integers) ?? [])
    .filter(({ tensor }) => !values.has(tensor.id) && tensor.shape.every((size) => size > 0));
}

function checkOf(
  { op, inputs, outputs }: RecordedKernel,
  constant: (id: number) => readonly number[] | undefined,
): ValueCheck | undefined {
  const within = (argument: ValueCheck['argument'], tensor: NativeTensor, bounds: readonly number[]): ValueCheck => ({
    ...{ op, argument, tensor, rule: { least: 0, bounds } },
    expected: `be in [0, ${bounds.length === 1 ? bounds : `[${bounds.join(', ')}]`})`,
  });
  const { TF_INT32 } = nativeBackend().binding;
  switch (op) {
    case 'GatherV2': {
      const [{ shape }, indices, axis] = inputs;
      const [at = 0] = constant(axis.id) ?? [];
      return within('indices', indices, [shape.at(at) as number]);
    }
    case 'GatherNd': {
      const [{ shape }, indices] = inputs;
      return within('indices', indices, shape.slice(0, indices.shape.at(-1)));
    }
    case 'ScatterNd':
    case 'TensorScatterUpdate': {
      const indices = inputs[op === 'ScatterNd' ? 0 : 1];
      return within('indices', indices, outputs[0].shape.slice(0, indices.shape.at(-1)));
    }
    case 'SparseSoftmaxCrossEntropyWithLogits': {
      const [logits, labels] = inputs;
      return within('labels', labels, [logits.shape[1]]);
    }
    case 'UnsortedSegmentSum': {
      const [size] = outputs[0].shape;
      // TensorFlow ignores negative segments, as XLA does.
      return { op, argument: 'segments', tensor: inputs[1], rule: { bounds: [size] }, expected: `be < ${size}` };
    }
    case 'Pow':
      if (inputs[1].dtype !== TF_INT32) return undefined;
      return { op, argument: 'exponent', tensor: inputs[1], rule: { least: 0 }, expected: 'be ≥ 0' };
    default:
      if (!DIVISIONS.has(op) || inputs[1].dtype !== TF_INT32) return undefined;
      return { op, argument: 'divisor', tensor: inputs[1], rule: 'not zero', expected: 'be ≠ 0' };
  }
}

const DIVISIONS: ReadonlySet<string> = new Set(['Div', 'FloorDiv', 'FloorMod', 'Mod', 'TruncateDiv', 'TruncateMod']);

/** @returns the node of a bool: whether all values obey the rule */
export function writeCheck(
  graph: GraphDef,
  name: string,
  { tensor: { dtype, shape }, rule }: ValueCheck,
  values: string,
  writeConstant: WriteConstant,
): string {
  const T = { type: dtype };
  const constant = (part: string, shape: readonly number[], ...numbers: number[]) => {
    const values = new Uint8Array(Int32Array.from(numbers).buffer);
    return writeConstant(`${name}/${part}`, { dtype, shape, values });
  };
  const compare = (op: string, part: string, other: string) =>
    graph.node(`${name}/${part}/compared`, op, [values, other], { T });
  const parts: string[] = [];
  if (rule === 'not zero') parts.push(compare('NotEqual', 'zero', constant('zero', [], 0)));
  else {
    const { least, bounds } = rule;
    if (least !== undefined) parts.push(compare('GreaterEqual', 'least', constant('least', [], least)));
    const size = bounds?.length === 1 ? [] : [bounds?.length ?? 0];
    if (bounds !== undefined) parts.push(compare('Less', 'bounds', constant('bounds', size, ...bounds)));
  }
  const [first, second] = parts;
  const each = second === undefined ? first : graph.node(`${name}/both`, 'LogicalAnd', [first, second], {});
  const int = nativeBackend().binding.TF_INT32;
  const axes = Int32Array.from(shape, (_, axis) => axis);
  const axesBytes = new Uint8Array(axes.buffer);
  const all = writeConstant(`${name}/axes`, { dtype: int, shape: [axes.length], values: axesBytes });
  return graph.node(`${name}/all`, 'All', [each, all], { Tidx: { type: int }, keep_dims: { bool: false } });
}

/**
 * The results of a run without the bool of each check, which come last.
 *
 * @throws BackendError that names the kernel of the first check that was broken; the results are then disposed
 */
export function withoutChecks(
  where: string,
  checks: readonly ValueCheck[],
  results: readonly tf.Tensor[],
): tf.Tensor[] {
  const numResults = results.length - checks.length;
  const [own, valid] = [results.slice(0, numResults), results.slice(numResults)];
  const broken = checks.find((_, i) => valid[i].dataSync()[0] === 0);
  tf.dispose(valid);
  if (broken === undefined) return own;
  tf.dispose(own);
  throw new BackendError({
    where,
    argument: `the ${broken.argument} of kernel ${broken.op}`,
    expected: broken.expected,
    actual: 'other values',
    hint: 'To see them, run it with xla: false.',
  });
}
