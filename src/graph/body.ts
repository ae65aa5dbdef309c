// graph: recorded kernels as the nodes of a graph.
import { BackendError } from '../core/errors.js';
import { SOFTMAX_GRADIENT } from '../nn/fused.js';
import type { Attribute, GraphDef, WriteConstant } from './graph-def.js';
import { keepNaN } from './keep-nan.js';
import { isNarrowMatMul, NARROW_MATMUL, narrowAttributes } from './narrow-matmul.js';
import { type Binding, type NativeAttribute, nativeBackend } from './native-backend.js';
import type { RecordedKernel, Recording } from './record.js';
import { runsInSequence } from './work.js';

export interface BodyOptions {
  /** Names of the nodes of inputs and variables, by id. */
  readonly nodes: ReadonlyMap<number, string>;
  readonly writeConstant: WriteConstant;
  /** Whether only this process runs the graph, so that it may use our own kernels besides TensorFlow's. */
  readonly isOurs: boolean;
  /** Inputs that are rows of a matrix in memory, by id. */
  readonly rows?: ReadonlyMap<number, ResidentRows>;
}

/** Rows of a matrix that a kernel reads in place to form a batch. */
export interface ResidentRows {
  /** The node of the matrix, of bytes or float32, and the node of the row indices. */
  readonly matrix: string;
  readonly rows: string;
  /** TensorFlow's type code of the matrix. */
  readonly stored: number;
  readonly scale: number;
}

/**
 * Writes the nodes of a recording.
 *
 * @returns the nodes of its tensors, by id
 */
export function writeBody(
  graph: GraphDef,
  recording: Recording,
  { nodes, writeConstant, isOurs, rows }: BodyOptions,
): ReadonlyMap<number, string> {
  const { kernels, constants, outputs } = recording;
  const names = new Map(nodes);
  const nameOf = (id: number): string => {
    const name = names.get(id);
    if (name === undefined) throw new Error(`no node makes tensor ${id}`);
    return name;
  };
  for (const [i, constant] of constants.entries()) names.set(constant.id, writeConstant(`Const_${i}`, constant));
  const isInSequence = isOurs && runsInSequence(recording);
  let before: string[] = [];
  for (const [i, kernel] of kernels.entries()) {
    const { op, attributes } = asNode(kernel);
    const name = `${op}_${i}`;
    const inputs = [...kernel.inputs.map(({ id }) => nameOf(id)), ...before];
    if (isInSequence) before = [`^${name}`];
    const resident = rows?.get(kernel.inputs[0]?.id);
    if (isOurs && isNarrowMatMul(kernel)) writeNarrowMatMul(graph, name, kernel, inputs, resident);
    else if (op === SOFTMAX_GRADIENT && resident !== undefined) writeGradient(graph, name, kernel, inputs, resident);
    else graph.node(name, op, inputs, attributesOf(op, attributes));
    const result = keepNaN(graph, name, kernel, inputs, writeConstant);
    kernel.outputs.forEach(({ id }, output) => void names.set(id, output === 0 ? result : `${name}:${output}`));
  }
  for (const { id } of outputs) nameOf(id);
  return names;
}

/** A product with few columns, computed by our own kernel, which reads rows in place. */
function writeNarrowMatMul(
  graph: GraphDef,
  name: string,
  kernel: RecordedKernel,
  [a, b, ...before]: readonly string[],
  resident: ResidentRows | undefined,
): void {
  const isSet = (wanted: string) =>
    asNode(kernel).attributes.some(({ name, value }) => name === wanted && value === true);
  const attributes = narrowAttributes({
    type: resident?.stored ?? nativeBackend().binding.TF_FLOAT,
    transposeA: isSet('transpose_a'),
    transposeB: isSet('transpose_b'),
    factor: 1 / (resident?.scale ?? 1),
    numRowLists: resident === undefined ? 0 : 1,
  });
  const inputs = [...(resident === undefined ? [a, b] : [resident.matrix, b, resident.rows]), ...before];
  graph.node(name, NARROW_MATMUL, inputs, attributesOf(NARROW_MATMUL, attributes));
}

/** The gradient of a softmax regression, whose kernel reads rows in place. */
function writeGradient(
  graph: GraphDef,
  name: string,
  { op, attributes, inputs: { length } }: RecordedKernel,
  [, ...inputs]: readonly string[],
  { matrix, rows, stored, scale }: ResidentRows,
): void {
  const given: Record<string, Attribute> = attributesOf(op, attributes);
  const { float: factor = 1 } = given.factor as { readonly float?: number };
  const others = inputs.slice(0, length - 1);
  const before = inputs.slice(length - 1);
  graph.node(name, op, [matrix, ...others, rows, ...before], {
    ...given,
    T: { type: stored },
    N: { int: 1 },
    factor: { float: factor / scale },
  });
}

/** A recorded kernel in graph form: a faster equivalent kernel, and the types that eager TensorFlow infers. */
export function asNode({ op, attributes, inputs, outputs }: RecordedKernel): Pick<RecordedKernel, 'op' | 'attributes'> {
  const { TF_ATTR_TYPE, TF_COMPLEX64 } = nativeBackend().binding;
  switch (op) {
    case 'BatchMatMulV2': {
      // tfjs-node uses this kernel for matrices too, but MatMul is faster. Its transposes do not conjugate.
      if (outputs[0].shape.length !== 2 || outputs[0].dtype === TF_COMPLEX64) return { op, attributes };
      const renamed: Record<string, string> = { adj_x: 'transpose_a', adj_y: 'transpose_b' };
      return {
        op: 'MatMul',
        attributes: attributes.map((each) => ({ ...each, name: renamed[each.name] ?? each.name })),
      };
    }
    case 'ExpandDims': // tfjs-node omits the type here,
    case 'Mean': // and here gives the type before its own cast.
      return {
        op,
        attributes: [
          ...attributes.filter(({ name }) => name !== 'T'),
          { name: 'T', type: TF_ATTR_TYPE, value: inputs[0].dtype },
        ],
      };
    default:
      return { op, attributes };
  }
}

function attributesOf(op: string, attributes: readonly NativeAttribute[]): Record<string, Attribute> {
  return Object.fromEntries(attributes.map((each) => [each.name, attributeOf(each, op)]));
}

function attributeOf({ name, type, value }: NativeAttribute, op: string): Attribute {
  const binding: Binding = nativeBackend().binding;
  const isList = Array.isArray(value);
  switch (type) {
    case binding.TF_ATTR_SHAPE:
      return { shape: value as number[] };
    case binding.TF_ATTR_INT:
      return isList ? { ints: value } : { int: value as number };
    case binding.TF_ATTR_FLOAT:
      return isList ? { floats: value } : { float: value as number };
    case binding.TF_ATTR_BOOL:
      return isList ? { bools: value } : { bool: value as boolean };
    case binding.TF_ATTR_TYPE:
      return isList ? { types: value } : { type: value as number };
    case binding.TF_ATTR_STRING:
      if (!isList) return { string: value as string };
  }
  throw new BackendError({
    where: 'compile',
    argument: `kernel ${op}`,
    expected: 'have attributes that a graph can store',
    actual: `${name}, of kind ${type}`,
    hint: 'Move this operation out of the compiled function.',
  });
}
