// graph: a builder of TensorFlow's GraphDef, with the protobuf classes of tfjs-node.

/** A value in a node's `attr`. */
export type Attribute =
  | { readonly type: number }
  | { readonly bool: boolean }
  | { readonly int: number }
  | { readonly float: number }
  | { readonly string: string }
  | { readonly shape: readonly number[] }
  | { readonly ints: readonly number[] }
  | { readonly floats: readonly number[] }
  | { readonly bools: readonly boolean[] }
  | { readonly types: readonly number[] }
  | { readonly tensor: ConstantTensor };

export interface ConstantTensor {
  readonly dtype: number;
  readonly shape: readonly number[];
  readonly values: ArrayBufferView;
}

/** Writes a constant to the graph and returns the name of its node. */
export type WriteConstant = (name: string, constant: ConstantTensor) => string;

export type Attributes = Readonly<Record<string, Attribute>>;

/** A tensor of a graph in a signature. */
export interface SignatureTensor {
  /** The name for callers. */
  readonly key: string;
  /** The node and the index of its output: `input0:0`. */
  readonly name: string;
  readonly dtype: number;
  readonly shape: readonly number[];
}

export interface Signature {
  readonly inputs: readonly SignatureTensor[];
  readonly outputs: readonly SignatureTensor[];
}

/** A protobuf message of tfjs-node: a `set…` method for each field. */
type Message = Record<string, (value?: unknown) => unknown> & { serializeBinary(): Uint8Array };
type MessageClass = new () => Message;

interface Messages {
  readonly AttrValue: MessageClass & { readonly ListValue: MessageClass };
  readonly GraphDef: MessageClass;
  readonly MetaGraphDef: MessageClass & { readonly MetaInfoDef: MessageClass };
  readonly NodeDef: MessageClass;
  readonly SavedModel: MessageClass;
  readonly SignatureDef: MessageClass;
  readonly Tensor: MessageClass;
  readonly TensorInfo: MessageClass;
  readonly TensorShape: MessageClass & { readonly Dim: MessageClass };
  readonly VersionDef: MessageClass;
}

/** The producer version of TensorFlow 2.9, the oldest library that tfjs-node 4.22 supports. */
const PRODUCER = 1087;

/** What runs a graph: TensorFlow's kernels one by one, or code that XLA compiles from all of them. */
export type GraphEngine = 'graph' | 'xla';

/** TensorFlow compiles the nodes with this attribute as one XLA program. */
const CLUSTER = '_xla_compile_id';

export class GraphDef {
  readonly #pb: Messages = require('@tensorflow/tfjs-node/dist/proto/api_pb.js');
  #nodes: Message[] = [];
  #isInside: boolean;

  /** @param engine with `'xla'`, all nodes form one XLA program, except placeholders and those of `outside` */
  constructor(readonly engine: GraphEngine = 'graph') {
    this.#isInside = engine === 'xla';
  }

  /** @returns the name, used as an input of other nodes */
  node(name: string, op: string, inputs: readonly string[], attributes: Attributes): string {
    const node = message(this.#pb.NodeDef, { Name: name, Op: op, InputList: [...inputs] });
    const map = node.getAttrMap() as Map<string, Message>;
    if (this.#isInside && op !== 'Placeholder') map.set(CLUSTER, this.#attribute({ string: 'program' }));
    for (const [key, attribute] of Object.entries(attributes)) map.set(key, this.#attribute(attribute));
    this.#nodes.push(node);
    return name;
  }

  placeholder(name: string, dtype: number, shape?: readonly number[]): string {
    return this.node(name, 'Placeholder', [], { dtype: { type: dtype }, ...(shape && { shape: { shape } }) });
  }

  constant(name: string, tensor: ConstantTensor, inputs: readonly string[] = []): string {
    return this.node(name, 'Const', inputs, { dtype: { type: tensor.dtype }, value: { tensor } });
  }

  /** Nodes that `body` writes are not part of the XLA program. */
  outside<T>(body: () => T): T {
    const before = this.#isInside;
    this.#isInside = false;
    try {
      return body();
    } finally {
      this.#isInside = before;
    }
  }

  /** An output of the graph. TensorFlow refuses an XLA program whose output no other node reads. */
  output(name: string, from: string, dtype: number): string {
    const T = { type: dtype };
    if (this.engine === 'graph') return this.node(name, 'Identity', [from], { T });
    // A node of the program, since the value may be a placeholder.
    const value = this.node(`${name}/value`, 'Identity', [from], { T });
    return this.outside(() => {
      const end = this.node(`${name}/end`, 'XlaClusterOutput', [value], { T });
      return this.node(name, 'Identity', [end], { T });
    });
  }

  /** The graph as the bytes of `saved_model.pb`. */
  savedModel(signature?: Signature): Uint8Array {
    const { GraphDef, MetaGraphDef, SavedModel, VersionDef } = this.#pb;
    if (this.engine === 'xla') this.#prune();
    const versions = message(VersionDef, { Producer: PRODUCER });
    const graph = message(GraphDef, { NodeList: this.#nodes, Versions: versions });
    const info = message(MetaGraphDef.MetaInfoDef, { TagsList: ['serve'] });
    const meta = message(MetaGraphDef, { MetaInfoDef: info, GraphDef: graph });
    if (signature !== undefined) {
      const signatures = meta.getSignatureDefMap() as Map<string, Message>;
      signatures.set('serving_default', this.#signature(signature));
    }
    return message(SavedModel, { SavedModelSchemaVersion: 1, MetaGraphsList: [meta] }).serializeBinary();
  }

  /** Removes nodes of the XLA program that no node reads: it cannot have them. */
  #prune(): void {
    const inputsOf = (node: Message) => node.getInputList() as string[];
    const isInside = (node: Message) => (node.getAttrMap() as Map<string, Message>).has(CLUSTER);
    for (let before = -1; before !== this.#nodes.length; ) {
      before = this.#nodes.length;
      const read = new Set(this.#nodes.flatMap(inputsOf).map((input) => input.replace(/^\^|:\d+$/g, '')));
      const kept = this.#nodes.filter((node) => !isInside(node) || read.has(node.getName() as string));
      this.#nodes = kept;
    }
  }

  #attribute(attribute: Attribute): Message {
    const { AttrValue, Tensor } = this.#pb;
    if ('type' in attribute) return message(AttrValue, { Type: attribute.type });
    if ('bool' in attribute) return message(AttrValue, { B: attribute.bool });
    if ('int' in attribute) return message(AttrValue, { I: attribute.int });
    if ('float' in attribute) return message(AttrValue, { F: attribute.float });
    if ('string' in attribute) return message(AttrValue, { S: Buffer.from(attribute.string) });
    if ('shape' in attribute) return message(AttrValue, { Shape: this.#shape(attribute.shape) });
    if ('ints' in attribute) return this.#list({ IList: attribute.ints });
    if ('floats' in attribute) return this.#list({ FList: attribute.floats });
    if ('bools' in attribute) return this.#list({ BList: attribute.bools });
    if ('types' in attribute) return this.#list({ TypeList: attribute.types });
    const { dtype, shape, values } = attribute.tensor;
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    const tensor = message(Tensor, { Dtype: dtype, TensorShape: this.#shape(shape), TensorContent: bytes });
    return message(AttrValue, { Tensor: tensor });
  }

  #list(fields: Readonly<Record<string, unknown>>): Message {
    const { AttrValue } = this.#pb;
    return message(AttrValue, { List: message(AttrValue.ListValue, fields) });
  }

  #shape(shape: readonly number[]): Message {
    const { TensorShape } = this.#pb;
    return message(TensorShape, { DimList: shape.map((size) => message(TensorShape.Dim, { Size: size })) });
  }

  #signature({ inputs, outputs }: Signature): Message {
    const { SignatureDef, TensorInfo } = this.#pb;
    const signature = message(SignatureDef, { MethodName: 'tensorflow/serving/predict' });
    const fill = (map: unknown, tensors: readonly SignatureTensor[]) => {
      for (const { key, name, dtype, shape } of tensors) {
        const info = message(TensorInfo, { Name: name, Dtype: dtype, TensorShape: this.#shape(shape) });
        (map as Map<string, Message>).set(key, info);
      }
    };
    fill(signature.getInputsMap(), inputs);
    fill(signature.getOutputsMap(), outputs);
    return signature;
  }
}

function message(type: MessageClass, fields: Readonly<Record<string, unknown>>): Message {
  const made = new type();
  for (const [field, value] of Object.entries(fields)) made[`set${field}`](value);
  return made;
}
