// compile: recorded kernels as the body of a loop, written as a TensorFlow SavedModel.
import { BackendError } from '../core/errors.js';
import { type Binding, type NativeAttribute, nativeBackend } from './native-backend.js';
import type { RecordedConstant, RecordedKernel, Recording } from './record.js';

/** What stands in a node's `attr`. */
type Attribute =
  | { readonly type: number }
  | { readonly bool: boolean }
  | { readonly int: number }
  | { readonly float: number }
  | { readonly string: string }
  | { readonly shape: readonly number[] }
  | {
      readonly tensor: { readonly dtype: number; readonly shape: readonly number[]; readonly values: ArrayBufferView };
    };

type Attributes = Readonly<Record<string, Attribute>>;

/** A loop over batches of resident arrays. */
export interface Loop {
  /** Inputs: state…, features of a batch, labels of a batch. Outputs: new state…, loss. */
  readonly body: Recording;
  /** TensorFlow types of the state tensors. */
  readonly stateTypes: readonly number[];
  /** TensorFlow type of the resident features, and what they are divided by. */
  readonly featureType: number;
  readonly scale: number;
  readonly batchSize: number;
}

/** The names that `runSavedModel` wants, in the order of its tensors. */
export interface LoopSignature {
  /** features, labels, order, first batch, how many batches, state… */
  readonly inputs: string;
  /** Sum of batchSize·loss, state… */
  readonly outputs: string;
}

/**
 * A SavedModel that carries out, for `count` batches from number `first` on:
 *
 *   rows ← order[batch·B … batch·B + B − 1];  state, loss ← body(state, features[rows]/scale, labels[rows]);  total += B·loss
 *
 * The loop is written with the dataflow primitives (Enter, Merge, Switch, NextIteration, Exit), which need no function
 * library and run without a call per iteration.
 */
export function loopModel(loop: Loop): { bytes: Uint8Array; signature: LoopSignature } {
  const { TF_FLOAT: float, TF_INT32: int } = nativeBackend().binding;
  const graph = new Graph();
  const states = loop.stateTypes.map((type, i) => ({ name: `state${i}`, type }));
  const resident = [
    { name: 'features', type: loop.featureType },
    { name: 'labels', type: int },
    { name: 'order', type: int },
    { name: 'first', type: int },
    { name: 'count', type: int },
  ];
  for (const { name, type } of [...resident, ...states]) graph.node(name, 'Placeholder', [], { dtype: { type } });
  graph.constant('zero', int, [], Int32Array.of(0));
  graph.constant('nothing', float, [], Float32Array.of(0));

  for (const { name, type } of resident) graph.enter(`${name}/in`, name, type, 'invariant');
  const variables = [
    { name: 'i', start: 'zero', type: int },
    { name: 'total', start: 'nothing', type: float },
  ].concat(states.map(({ name, type }) => ({ name: `${name}/now`, start: name, type })));
  for (const { name, start, type } of variables) {
    graph.enter(`${name}/enter`, start, type, 'variable');
    graph.node(`${name}/merge`, 'Merge', [`${name}/enter`, `${name}/next`], { T: { type }, N: { int: 2 } });
  }
  graph.node('more', 'Less', ['i/merge', 'count/in'], { T: { type: int } });
  graph.node('condition', 'LoopCond', ['more'], {});
  for (const { name, type } of variables) {
    graph.node(`${name}/switch`, 'Switch', [`${name}/merge`, 'condition'], { T: { type } });
    graph.node(`${name}/body`, 'Identity', [`${name}/switch:1`], { T: { type } });
    graph.node(`${name}/exit`, 'Exit', [`${name}/switch`], { T: { type } });
  }

  const batch = batchNodes(graph, loop, int, float);
  const names = new Map<number, string>();
  const arguments_ = [...states.map(({ name }) => `${name}/now/body`), batch.features, batch.labels];
  loop.body.inputs.forEach((id, i) => void names.set(id, arguments_[i]));
  for (const [i, step] of loop.body.steps.entries()) bodyNode(graph, step, `body${i}`, names);
  const outputs = loop.body.outputs.map((id) => nameOf(names, id));

  const loss = outputs[outputs.length - 1];
  graph.node('loss', 'Mul', [loss, graph.loopConstant('size', float, [], Float32Array.of(loop.batchSize))], {
    T: { type: float },
  });
  const next = [
    { name: 'i', node: 'AddV2', inputs: ['i/body', graph.loopConstant('one', int, [], Int32Array.of(1))], type: int },
    { name: 'total', node: 'AddV2', inputs: ['total/body', 'loss'], type: float },
    ...states.map(({ name, type }, i) => ({ name: `${name}/now`, node: 'Identity', inputs: [outputs[i]], type })),
  ];
  for (const { name, node, inputs, type } of next) {
    graph.node(`${name}/step`, node, inputs, { T: { type } });
    graph.node(`${name}/next`, 'NextIteration', [`${name}/step`], { T: { type } });
  }
  return {
    bytes: graph.savedModel(),
    signature: {
      inputs: [...resident, ...states].map(({ name }) => name).join(),
      outputs: ['total/exit', ...states.map(({ name }) => `${name}/now/exit`)].join(),
    },
  };
}

/** The rows of this batch: gathered as they are stored (bytes are a quarter of the reading), then cast. */
function batchNodes(graph: Graph, loop: Loop, int: number, float: number): { features: string; labels: string } {
  const { batchSize, featureType, scale } = loop;
  graph.node('batch', 'AddV2', ['i/body', 'first/in'], { T: { type: int } });
  graph.node('offset', 'Mul', ['batch', graph.loopConstant('B', int, [], Int32Array.of(batchSize))], {
    T: { type: int },
  });
  graph.node('begin', 'Pack', ['offset'], { T: { type: int }, N: { int: 1 }, axis: { int: 0 } });
  const length = graph.loopConstant('length', int, [1], Int32Array.of(batchSize));
  graph.node('rows', 'Slice', ['order/in', 'begin', length], { T: { type: int }, Index: { type: int } });
  const axis = graph.loopConstant('axis', int, [], Int32Array.of(0));
  const gather = (name: string, from: string, type: number) =>
    graph.node(name, 'GatherV2', [from, 'rows', axis], {
      Tparams: { type },
      Tindices: { type: int },
      Taxis: { type: int },
      batch_dims: { int: 0 },
    });
  const labels = gather('batch/labels', 'labels/in', int);
  const stored = gather('batch/stored', 'features/in', featureType);
  const cast =
    featureType === float
      ? stored
      : graph.node('batch/cast', 'Cast', [stored], {
          SrcT: { type: featureType },
          DstT: { type: float },
          Truncate: { bool: false },
        });
  if (scale === 1) return { features: cast, labels };
  const factor = graph.loopConstant('factor', float, [], Float32Array.of(1 / scale));
  return { features: graph.node('batch/features', 'Mul', [cast, factor], { T: { type: float } }), labels };
}

function bodyNode(
  graph: Graph,
  step: RecordedConstant | RecordedKernel,
  name: string,
  names: Map<number, string>,
): void {
  if (step.kind === 'constant') {
    names.set(step.id, graph.loopConstant(name, step.dtype, step.shape, step.values));
    return;
  }
  const { op, attributes } = asGraphNode(step);
  const inputs = step.inputs.map((id) => nameOf(names, id));
  graph.node(name, op, inputs, Object.fromEntries(attributes.map((each) => [each.name, attributeOf(each, op)])));
  step.outputs.forEach(({ id }, i) => void names.set(id, i === 0 ? name : `${name}:${i}`));
}

/** A recorded kernel as a graph wants it: named for speed, and with the types that eager TensorFlow finds out by itself. */
function asGraphNode({ op, attributes, outputs }: RecordedKernel): Pick<RecordedKernel, 'op' | 'attributes'> {
  const { TF_ATTR_TYPE: type, TF_INT32 } = nativeBackend().binding;
  const [{ shape, dtype }] = outputs;
  switch (op) {
    case 'BatchMatMulV2': {
      // tfjs-node runs it for matrices too, where MatMul is the kernel made for them.
      if (shape.length !== 2) return { op, attributes };
      const renamed: Record<string, string> = { adj_x: 'transpose_a', adj_y: 'transpose_b' };
      return {
        op: 'MatMul',
        attributes: attributes.map((each) => ({ ...each, name: renamed[each.name] ?? each.name })),
      };
    }
    case 'ExpandDims':
      // The one kernel with types that tfjs-node (4.22) names none of.
      return {
        op,
        attributes: [
          { name: 'T', type, value: dtype },
          { name: 'Tdim', type, value: TF_INT32 },
        ],
      };
    default:
      return { op, attributes };
  }
}

function nameOf(names: ReadonlyMap<number, string>, id: number): string {
  const name = names.get(id);
  if (name === undefined) throw new Error(`no node makes tensor ${id}`);
  return name;
}

function attributeOf({ name, type, value }: NativeAttribute, op: string): Attribute {
  const binding: Binding = nativeBackend().binding;
  if (!Array.isArray(value) || type === binding.TF_ATTR_SHAPE) {
    switch (type) {
      case binding.TF_ATTR_TYPE:
        return { type: value as number };
      case binding.TF_ATTR_BOOL:
        return { bool: value as boolean };
      case binding.TF_ATTR_INT:
        return { int: value as number };
      case binding.TF_ATTR_FLOAT:
        return { float: value as number };
      case binding.TF_ATTR_STRING:
        return { string: value as string };
      case binding.TF_ATTR_SHAPE:
        return { shape: value as number[] };
    }
  }
  const actual = `attribute ${name} of ${op}`;
  throw new BackendError({
    where: 'record',
    argument: 'a kernel',
    expected: 'have attributes that a graph can hold',
    actual,
  });
}

/** A protobuf message of tfjs-node: a `set…` method for each field. */
type Message = Record<string, (value?: unknown) => unknown> & { serializeBinary(): Uint8Array };
type MessageClass = new () => Message;

interface Messages {
  readonly AttrValue: MessageClass;
  readonly GraphDef: MessageClass;
  readonly MetaGraphDef: MessageClass & { readonly MetaInfoDef: MessageClass };
  readonly NodeDef: MessageClass;
  readonly SavedModel: MessageClass;
  readonly SignatureDef: MessageClass;
  readonly Tensor: MessageClass;
  readonly TensorShape: MessageClass & { readonly Dim: MessageClass };
  readonly VersionDef: MessageClass;
}

/** A GraphDef in the making. */
class Graph {
  readonly #pb: Messages = require('@tensorflow/tfjs-node/dist/proto/api_pb.js');
  readonly #nodes: Message[] = [];

  /** @returns the name, for the inputs of others */
  node(name: string, op: string, inputs: readonly string[], attributes: Attributes): string {
    const node = message(this.#pb.NodeDef, { Name: name, Op: op, InputList: [...inputs] });
    const map = node.getAttrMap() as Map<string, Message>;
    for (const [key, attribute] of Object.entries(attributes)) map.set(key, this.#attribute(attribute));
    this.#nodes.push(node);
    return name;
  }

  constant(
    name: string,
    dtype: number,
    shape: readonly number[],
    values: ArrayBufferView,
    inputs: readonly string[] = [],
  ): string {
    return this.node(name, 'Const', inputs, { dtype: { type: dtype }, value: { tensor: { dtype, shape, values } } });
  }

  /** A constant inside of the loop: it takes its turn after the body's counter, which makes it part of the iteration. */
  loopConstant(name: string, dtype: number, shape: readonly number[], values: ArrayBufferView): string {
    return this.constant(name, dtype, shape, values, ['^i/body']);
  }

  enter(name: string, from: string, type: number, kind: 'invariant' | 'variable'): string {
    return this.node(name, 'Enter', [from], {
      T: { type },
      frame_name: { string: 'loop' },
      is_constant: { bool: kind === 'invariant' },
      parallel_iterations: { int: 10 },
    });
  }

  savedModel(): Uint8Array {
    const { GraphDef, MetaGraphDef, SavedModel, VersionDef } = this.#pb;
    // The producer of TensorFlow 2.9, the oldest library that tfjs-node 4.22 runs on.
    const versions = message(VersionDef, { Producer: 1087 });
    const graph = message(GraphDef, { NodeList: this.#nodes, Versions: versions });
    const info = message(MetaGraphDef.MetaInfoDef, { TagsList: ['serve'] });
    const meta = message(MetaGraphDef, { MetaInfoDef: info, GraphDef: graph });
    return message(SavedModel, { SavedModelSchemaVersion: 1, MetaGraphsList: [meta] }).serializeBinary();
  }

  #attribute(attribute: Attribute): Message {
    const { AttrValue, Tensor } = this.#pb;
    if ('type' in attribute) return message(AttrValue, { Type: attribute.type });
    if ('bool' in attribute) return message(AttrValue, { B: attribute.bool });
    if ('int' in attribute) return message(AttrValue, { I: attribute.int });
    if ('float' in attribute) return message(AttrValue, { F: attribute.float });
    if ('string' in attribute) return message(AttrValue, { S: Buffer.from(attribute.string) });
    if ('shape' in attribute) return message(AttrValue, { Shape: this.#shape(attribute.shape) });
    const { dtype, shape, values } = attribute.tensor;
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    const tensor = message(Tensor, { Dtype: dtype, TensorShape: this.#shape(shape), TensorContent: bytes });
    return message(AttrValue, { Tensor: tensor });
  }

  #shape(shape: readonly number[]): Message {
    const { TensorShape } = this.#pb;
    return message(TensorShape, { DimList: shape.map((size) => message(TensorShape.Dim, { Size: size })) });
  }
}

function message(type: MessageClass, fields: Readonly<Record<string, unknown>>): Message {
  const made = new type();
  for (const [field, value] of Object.entries(fields)) made[`set${field}`](value);
  return made;
}
