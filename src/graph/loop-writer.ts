// graph: the loop around recorded kernels, in TensorFlow's dataflow primitives.
import type { ResidentRows } from './body.js';
import { type ConstantTensor, GraphDef, type GraphEngine } from './graph-def.js';
import { type NativeTensor, nativeBackend } from './native-backend.js';

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

/** What the loop around a body depends on. */
export interface LoopShape {
  readonly arrays: readonly LoopArray[];
  readonly batchSize: number;
  readonly isOrdered: boolean;
}

/** Constants up to this size are nodes inside the loop, where TensorFlow can optimize them; larger ones enter it. */
export const SMALL_CONSTANT_BYTES = 1024;

/** A value that changes between iterations. */
export interface LoopVariable {
  readonly name: string;
  readonly dtype: number;
  /** The node with its current value inside the loop. */
  readonly now: string;
}

/** Writes the loop around the recorded kernels. */
export class LoopWriter {
  readonly graph: GraphDef;
  /** The placeholders fed before variables and state. */
  readonly inputs: readonly string[];
  readonly counter: string;
  readonly #loop: LoopShape;
  readonly #i: LoopVariable;
  readonly #float: number;
  readonly #int: number;
  readonly #byte: number;

  constructor(loop: LoopShape, engine: GraphEngine = 'graph') {
    const { TF_FLOAT, TF_INT32, TF_UINT8 } = nativeBackend().binding;
    this.graph = new GraphDef(engine);
    this.#loop = loop;
    this.#float = TF_FLOAT;
    this.#int = TF_INT32;
    this.#byte = TF_UINT8;
    const scalars = ['first', 'count'].map((name) => this.input(name, TF_INT32, []));
    const order = loop.isOrdered ? [this.input('order', TF_INT32, [loop.arrays[0].shape[0]])] : [];
    const arrays = loop.arrays.map(({ stored, shape }, i) => this.input(`array${i}`, stored, shape));
    this.inputs = [...scalars, ...order, ...arrays];
    this.graph.constant('zero', int32([], 0));
    this.#i = this.variable('i', 'zero', TF_INT32);
    this.counter = this.#i.now;
  }

  /** A placeholder and its value inside the loop: `name/in`. */
  input(name: string, dtype: number, shape: readonly number[]): string {
    this.graph.placeholder(name, dtype, shape);
    this.enter(`${name}/in`, name, dtype, 'invariant');
    return name;
  }

  stateVariable(name: string, { dtype, shape }: NativeTensor): LoopVariable {
    this.graph.placeholder(name, dtype, shape);
    return this.variable(name, name, dtype);
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
    this.enter(`${array}/in`, array, RESOURCE, 'invariant');
    return this.variable(name, `${array}:1`, this.#float);
  }

  /** Writes the output of this iteration. */
  write(output: LoopVariable, { dtype }: NativeTensor, value: string): void {
    const { name, now } = output;
    const inputs = [`${name}/array/in`, this.counter, value, now];
    const written = this.graph.node(`${name}/write`, 'TensorArrayWriteV3', inputs, { T: { type: dtype } });
    this.next(output, written);
  }

  /** A bool that starts true. */
  flag(name: string): LoopVariable {
    const { TF_BOOL } = nativeBackend().binding;
    const start = this.graph.constant(`${name}/start`, { dtype: TF_BOOL, shape: [], values: Uint8Array.of(1) });
    return this.variable(name, start, TF_BOOL);
  }

  condition(): void {
    this.graph.node('more', 'Less', ['i/merge', 'count/in'], { T: { type: this.#int } });
    this.graph.node('condition', 'LoopCond', ['more'], {});
  }

  /** A constant inside the loop. A control dependency on the counter makes it part of the iteration. */
  loopConstant(name: string, constant: ConstantTensor): string {
    if (constant.values.byteLength <= SMALL_CONSTANT_BYTES) {
      return this.graph.constant(name, constant, [`^${this.counter}`]);
    }
    this.graph.constant(name, constant);
    return this.enter(`${name}/in`, name, constant.dtype, 'invariant');
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

  /** The value after the last iteration. */
  end({ name }: LoopVariable): string {
    return `${name}/exit`;
  }

  protected enter(name: string, from: string, type: number, kind: 'invariant' | 'variable'): string {
    return this.graph.node(name, 'Enter', [from], {
      T: { type },
      frame_name: { string: 'loop' },
      is_constant: { bool: kind === 'invariant' },
      parallel_iterations: { int: 10 },
    });
  }

  protected variable(name: string, from: string, dtype: number): LoopVariable {
    const T = { type: dtype };
    this.enter(`${name}/enter`, from, dtype, 'variable');
    this.graph.node(`${name}/merge`, 'Merge', [`${name}/enter`, `${name}/next`], { T, N: { int: 2 } });
    this.graph.node(`${name}/switch`, 'Switch', [`${name}/merge`, 'condition'], { T });
    this.graph.node(`${name}/exit`, 'Exit', [`${name}/switch`], { T });
    return { name, dtype, now: this.graph.node(`${name}/now`, 'Identity', [`${name}/switch:1`], { T }) };
  }
}

/** TensorFlow's type code of handles. */
const RESOURCE = 20;

export function int32(shape: readonly number[], ...values: number[]): ConstantTensor {
  return { dtype: nativeBackend().binding.TF_INT32, shape, values: new Uint8Array(Int32Array.from(values).buffer) };
}
