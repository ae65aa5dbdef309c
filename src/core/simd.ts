// core: float64 loops in WebAssembly, two numbers at a time, where there is that.
import { SIMD_MODULE } from './simd-module.js';

/** Addresses and strides are in bytes. */
export interface SimdKernels {
  /** X·W: x [rows, stride], rows a multiple of 4; w [pairs, order, 2]; out [rows, 2·pairs] */
  multiply(x: number, rows: number, stride: number, w: number, order: number, pairs: number, out: number): void;
  /** AᵀX: a [rows, strideA], of which an even number of columns; x [rows, stride], the stride a multiple of 32; out [columns, stride] */
  multiplyTransposed(
    a: number,
    strideA: number,
    columns: number,
    x: number,
    rows: number,
    stride: number,
    out: number,
    isLower: boolean,
  ): void;
  /** A = LLᵀ in place: a [n + 3, stride], the stride a multiple of 256; room for [n + 32, 32] numbers at `pack`; 0 if a pivot is not above `floor` */
  factorize(a: number, n: number, stride: number, floor: number, pack: number): number;
  /** x ← L⁻ᵀL⁻¹x: l [n, stride], its lower half */
  substitute(l: number, n: number, stride: number, x: number): void;
}

/** What is needed beyond is done in plain JavaScript: 64 MB. */
const MOST_NUMBERS = 2 ** 23;
const PAGE_BYTES = 65536;

/** The kernels with a memory of their own, which grows to what was needed most. */
export class Simd {
  readonly kernels: SimdKernels;
  readonly #memory: WebAssembly.Memory;
  #numbers: Float64Array;

  private constructor({ exports }: WebAssembly.Instance) {
    this.kernels = exports as unknown as SimdKernels;
    this.#memory = exports.memory as WebAssembly.Memory;
    this.#numbers = new Float64Array(this.#memory.buffer);
  }

  /** Undefined where there is no WebAssembly, a policy forbids it, or it has no vectors. */
  static open(): Simd | undefined {
    try {
      const bytes = Uint8Array.from(atob(SIMD_MODULE), (character) => character.charCodeAt(0));
      return new Simd(new WebAssembly.Instance(new WebAssembly.Module(bytes)));
    } catch {
      return undefined;
    }
  }

  /** The memory from address 0 on, at least so many numbers; undefined where that is too much. Good until the next call. */
  numbers(count: number): Float64Array | undefined {
    if (count > MOST_NUMBERS) return undefined;
    if (this.#numbers.length >= count) return this.#numbers;
    try {
      this.#memory.grow(Math.ceil((count * 8 - this.#memory.buffer.byteLength) / PAGE_BYTES));
    } catch {
      return undefined;
    }
    this.#numbers = new Float64Array(this.#memory.buffer);
    return this.#numbers;
  }
}
