// graph: recorded kernels as the body of a loop over batches of resident arrays.
import { type ResidentRows, type WriteConstant, writeBody } from './body.js';
import { GraphDef } from './graph-def.js';
import { type NativeTensor, nativeBackend } from './native-backend.js';
import type { RecordedConstant, Recording } from './record.js';

/** An array that stays in TensorFlow during the loop. */
export interface LoopArray {
  /** TensorFlow's type code of the stored values. */
  readonly stored: number;
  /** TensorFlow's type code of a batch. */
  readonly dtype: number;
  /** Shape of the whole array: [n, …]. */
  readonly shape: readonly number[];
  /** Divisor of the stored values. */
  readonly scale: number;
}

export interface Loop {
  /** Inputs: state…, one tensor per array. Outputs: new state…, outputs of the step. */
  readonly body: Recording;
  readonly numState: number;
  readonly arrays: readonly LoopArray[];
  readonly batchSize: number;
  /** Whether an order selects the samples of a batch; otherwise they are consecutive. */
  readonly isOrdered: boolean;
}

/** The tensor names that `runSavedModel` expects, in order. */
export interface LoopSignature {
  /** first sample, number of batches, order (if any), arrays…, variables…, state… */
  readonly inputs: string;
  /** outputs, [count, …] each…, state… */
  readonly outputs: string;
}

/** Constants up to this size are nodes inside the loop, where TensorFlow can optimize them; larger ones enter it. */
const SMALL_CONSTANT_BYTES = 1024;

/**
 * A SavedModel that computes, for i = 0, …, count − 1:
 *
 *   rows ← order[first + i·B … first + i·B + B − 1];  state, outputs[i] ← body(state, arrays[rows]/scale)
 *
 * The loop uses the dataflow primitives (Enter, Merge, Switch, NextIteration, Exit), which need no function library and
 * no call per iteration.
 */
export function loopModel(loop: Loop): { bytes: Uint8Array; signature: LoopSignature } {
  const { body, numState } = loop;
  const writer = new LoopWriter(loop);
  const { graph } = writer;
  const states = body.inputs.slice(0, numState).map((tensor, i) => writer.stateVariable(`state${i}`, tensor));
  const outputTensors = body.outputs.slice(numState);
  const outputs = outputTensors.map((tensor, i) => writer.outputVariable(`output${i}`, tensor));
  writer.condition();

  const nodes = new Map<number, string>();
  const given = [...states.map(({ now }) => now), ...writer.batch()];
  body.inputs.forEach(({ id }, i) => void nodes.set(id, given[i]));
  const resident = new Map<number, ResidentRows>();
  loop.arrays.forEach((_, i) => {
    const rows = writer.residentRows(i);
    if (rows !== undefined) resident.set(body.inputs[numState + i].id, rows);
  });
  const variables = body.variables.map((variable, i) => {
    const name = writer.input(`variable${i}`, variable.dtype, variable.shape);
    nodes.set(variable.id, `${name}/in`);
    return name;
  });
  const writeConstant: WriteConstant = (name, constant) => writer.loopConstant(name, constant);
  const results = writeBody(graph, body, { nodes, writeConstant, isOurs: true, rows: resident });

  states.forEach((state, i) => void writer.next(state, results[i]));
  outputs.forEach((output, i) => {
    const { dtype } = outputTensors[i];
    const written = graph.node(
      `${output.name}/write`,
      'TensorArrayWriteV3',
      [`${output.name}/array/in`, writer.counter, results[numState + i], output.now],
      { T: { type: dtype } },
    );
    writer.next(output, written);
  });
  writer.countOn();
  const stacked = outputs.map((output, i) => writer.stack(output, outputTensors[i]));
  return {
    bytes: graph.savedModel(),
    signature: {
      inputs: [...writer.inputs, ...variables, ...states.map(({ name }) => name)].join(),
      outputs: [...stacked, ...states.map(({ name }) => `${name}/exit`)].join(),
    },
  };
}

/** A value that changes between iterations. */
interface LoopVariable {
  readonly name: string;
  readonly dtype: number;
  /** The node with its current value inside the loop. */
  readonly now: string;
}

class LoopWriter {
  readonly graph = new GraphDef();
  /** The placeholders fed before variables and state. */
  readonly inputs: readonly string[];
  readonly counter: string;
  readonly #loop: Loop;
  readonly #i: LoopVariable;
  readonly #float: number;
  readonly #int: number;
  readonly #byte: number;

  constructor(loop: Loop) {
    const { TF_FLOAT, TF_INT32, TF_UINT8 } = nativeBackend().binding;
    this.#loop = loop;
    this.#float = TF_FLOAT;
    this.#int = TF_INT32;
    this.#byte = TF_UINT8;
    const scalars = ['first', 'count'].map((name) => this.input(name, TF_INT32, []));
    const order = loop.isOrdered ? [this.input('order', TF_INT32, [loop.arrays[0].shape[0]])] : [];
    const arrays = loop.arrays.map(({ stored, shape }, i) => this.input(`array${i}`, stored, shape));
    this.inputs = [...scalars, ...order, ...arrays];
    this.graph.constant('zero', int32([], 0));
    this.#i = this.#variable('i', 'zero', TF_INT32);
    this.counter = this.#i.now;
  }

  /** A placeholder and its value inside the loop: `name/in`. */
  input(name: string, dtype: number, shape: readonly number[]): string {
    this.graph.placeholder(name, dtype, shape);
    this.#enter(`${name}/in`, name, dtype, 'invariant');
    return name;
  }

  stateVariable(name: string, { dtype, shape }: NativeTensor): LoopVariable {
    this.graph.placeholder(name, dtype, shape);
    return this.#variable(name, name, dtype);
  }

  /** Collects the outputs of all iterations. Its state is a number that only orders the writes. */
  outputVariable(name: string, { dtype, shape }: NativeTensor): LoopVariable {
    const array = this.graph.node(`${name}/array`, 'TensorArrayV3', ['count'], {
      dtype: { type: dtype },
      element_shape: { shape },
      identical_element_shapes: { bool: true },
      dynamic_size: { bool: false },
      clear_after_read: { bool: true },
    });
    this.#enter(`${array}/in`, array, RESOURCE, 'invariant');
    return this.#variable(name, `${array}:1`, this.#float);
  }

  condition(): void {
    this.graph.node('more', 'Less', ['i/merge', 'count/in'], { T: { type: this.#int } });
    this.graph.node('condition', 'LoopCond', ['more'], {});
  }

  /** A constant inside the loop. A control dependency on the counter makes it part of the iteration. */
  loopConstant(name: string, constant: Pick<RecordedConstant, 'dtype' | 'shape' | 'values'>): string {
    if (constant.values.byteLength <= SMALL_CONSTANT_BYTES) {
      return this.graph.constant(name, constant, [`^${this.counter}`]);
    }
    this.graph.constant(name, constant);
    return this.#enter(`${name}/in`, name, constant.dtype, 'invariant');
  }

  /** The batch of each array: gathered in the stored type (bytes are a quarter of the data), then cast and scaled. */
  batch(): string[] {
    const { arrays, batchSize, isOrdered } = this.#loop;
    const [T, Index] = [{ type: this.#int }, { type: this.#int }];
    this.graph.node('past', 'Mul', [this.counter, this.loopConstant('B', int32([], batchSize))], { T });
    this.graph.node('offset', 'AddV2', ['first/in', 'past'], { T });
    if (isOrdered) {
      this.graph.node('begin', 'Pack', ['offset'], { T, N: { int: 1 }, axis: { int: 0 } });
      const length = this.loopConstant('length', int32([1], batchSize));
      this.graph.node('rows', 'Slice', ['order/in', 'begin', length], { T, Index });
      this.loopConstant('axis', int32([], 0));
    } else {
      this.graph.node('end', 'AddV2', ['offset', 'B'], { T });
      this.graph.node('rows', 'Range', ['offset', 'end', this.loopConstant('by', int32([], 1))], { Tidx: T });
    }
    return arrays.map((array, i) => {
      const name = `batch${i}`;
      const stored = isOrdered ? this.#gather(name, i, array) : this.#slice(name, i, array);
      return this.#scaled(name, stored, array);
    });
  }

  /** The batch of an array without a copy, if the array is a matrix that products can read in place. */
  residentRows(i: number): ResidentRows | undefined {
    const { stored, dtype, shape, scale } = this.#loop.arrays[i];
    const isReadable = dtype === this.#float && (stored === this.#byte || stored === this.#float);
    if (!isReadable || shape.length !== 2) return undefined;
    return { matrix: `array${i}/in`, rows: 'rows', stored, scale };
  }

  #gather(name: string, i: number, { stored }: LoopArray): string {
    return this.graph.node(`${name}/stored`, 'GatherV2', [`array${i}/in`, 'rows', 'axis'], {
      Tparams: { type: stored },
      Tindices: { type: this.#int },
      Taxis: { type: this.#int },
      batch_dims: { int: 0 },
    });
  }

  #slice(name: string, i: number, { stored, shape }: LoopArray): string {
    const rest = shape.slice(1);
    const zeros = rest.map((_, axis) => this.loopConstant(`${name}/zero${axis}`, int32([], 0)));
    const int = { type: this.#int };
    this.graph.node(`${name}/begin`, 'Pack', ['offset', ...zeros], {
      T: int,
      N: { int: shape.length },
      axis: { int: 0 },
    });
    const size = this.loopConstant(`${name}/size`, int32([shape.length], this.#loop.batchSize, ...rest));
    return this.graph.node(`${name}/stored`, 'Slice', [`array${i}/in`, `${name}/begin`, size], {
      T: { type: stored },
      Index: int,
    });
  }

  #scaled(name: string, from: string, { stored, dtype, scale }: LoopArray): string {
    const cast =
      stored === dtype
        ? from
        : this.graph.node(`${name}/cast`, 'Cast', [from], {
            SrcT: { type: stored },
            DstT: { type: dtype },
            Truncate: { bool: false },
          });
    if (scale === 1) return cast;
    const values = new Uint8Array(Float32Array.of(1 / scale).buffer);
    const factor = this.loopConstant(`${name}/factor`, { dtype, shape: [], values });
    return this.graph.node(`${name}/scaled`, 'Mul', [cast, factor], { T: { type: dtype } });
  }

  next({ name, dtype }: LoopVariable, value: string): void {
    // A separate node, since the value may come from outside the loop.
    this.graph.node(`${name}/step`, 'Identity', [value], { T: { type: dtype } });
    this.graph.node(`${name}/next`, 'NextIteration', [`${name}/step`], { T: { type: dtype } });
  }

  countOn(): void {
    const one = this.loopConstant('one', int32([], 1));
    this.next(this.#i, this.graph.node('i/plus', 'AddV2', [this.counter, one], { T: { type: this.#int } }));
  }

  /** The outputs of all iterations, stacked along a first axis. */
  stack({ name }: LoopVariable, { dtype, shape }: NativeTensor): string {
    if (!this.#hasRange) {
      this.graph.constant('range/one', int32([], 1));
      this.graph.node('range', 'Range', ['zero', 'count', 'range/one'], { Tidx: { type: this.#int } });
      this.#hasRange = true;
    }
    return this.graph.node(`${name}/stack`, 'TensorArrayGatherV3', [`${name}/array`, 'range', `${name}/exit`], {
      dtype: { type: dtype },
      element_shape: { shape },
    });
  }
  #hasRange = false;

  #enter(name: string, from: string, type: number, kind: 'invariant' | 'variable'): string {
    return this.graph.node(name, 'Enter', [from], {
      T: { type },
      frame_name: { string: 'loop' },
      is_constant: { bool: kind === 'invariant' },
      parallel_iterations: { int: 10 },
    });
  }

  #variable(name: string, from: string, dtype: number): LoopVariable {
    const T = { type: dtype };
    this.#enter(`${name}/enter`, from, dtype, 'variable');
    this.graph.node(`${name}/merge`, 'Merge', [`${name}/enter`, `${name}/next`], { T, N: { int: 2 } });
    this.graph.node(`${name}/switch`, 'Switch', [`${name}/merge`, 'condition'], { T });
    this.graph.node(`${name}/exit`, 'Exit', [`${name}/switch`], { T });
    return { name, dtype, now: this.graph.node(`${name}/now`, 'Identity', [`${name}/switch:1`], { T }) };
  }
}

/** TensorFlow's type code of handles. */
const RESOURCE = 20;

function int32(shape: readonly number[], ...values: number[]): Pick<RecordedConstant, 'dtype' | 'shape' | 'values'> {
  return { dtype: nativeBackend().binding.TF_INT32, shape, values: new Uint8Array(Int32Array.from(values).buffer) };
}
