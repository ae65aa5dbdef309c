// core: float64 loops in WebAssembly SIMD, two numbers at a time, if available.
import { SIMD_MODULE } from './simd-module.js';

/** Addresses and strides are in bytes. */
export interface SimdKernels {
  /** X·W: x [rows, stride], rows a multiple of 4; w [pairs, order, 2]; out [rows, 2·pairs] */
  multiply(x: number, rows: number, stride: number, w: number, order: number, pairs: number, out: number): void;
  /** AᵀX: a [rows, strideA], `columns` even; x [rows, stride], stride a multiple of 32; out [columns, stride] */
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
  /**
   * A = LLᵀ in place: a [n + 3, stride], the stride a multiple of 256. `pack` has room for [n + 32, 32] numbers.
   * Returns 0 unless every pivot exceeds `floor`.
   */
  factorize(a: number, n: number, stride: number, floor: number, pack: number): number;
  /** x ← L⁻ᵀL⁻¹x: l [n, stride], of which the lower half is read */
  substitute(l: number, n: number, stride: number, x: number): void;
  /** Adds the gradient of samples to `gradient`: the arguments of assembly/simd.ts in their order. */
  evaluate(
    x: number,
    count: number,
    stride: number,
    w: number,
    order: number,
    q: number,
    labels: number,
    shares: number,
    losses: number,
    gradient: number,
    scratch: number,
  ): void;
  /** softmax(xW): out [count, 2·pairs] */
  probabilities(
    x: number,
    count: number,
    stride: number,
    w: number,
    order: number,
    q: number,
    out: number,
    scratch: number,
  ): void;
  /** Adds Xᵀdiag(shares)X of some samples to the lower half of `gram`, [columns, stride]. */
  addGram(
    x: number,
    stride: number,
    columns: number,
    samples: number,
    shares: number,
    count: number,
    gram: number,
    scratch: number,
  ): void;
}

/** 64 MB. Larger problems run in plain JavaScript. */
const MOST_NUMBERS = 2 ** 23;
const PAGE_BYTES = 65536;

/** The kernels and their memory, which only grows. */
export class Simd {
  readonly kernels: SimdKernels;
  readonly #memory: WebAssembly.Memory;
  #numbers: Float64Array;

  private constructor(exports: WebAssembly.Exports) {
    this.kernels = exports as unknown as SimdKernels;
    this.#memory = exports.memory as WebAssembly.Memory;
    this.#numbers = new Float64Array(this.#memory.buffer);
  }

  /** Undefined if WebAssembly is missing, forbidden by a policy, or without SIMD. */
  static open(): Simd | undefined {
    const exports = openModule(SIMD_MODULE);
    return exports && new Simd(exports);
  }

  /** The memory from address 0, at least `count` numbers; undefined if that is too much. Valid until the next call. */
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

/** The exports of a module in base64; undefined if WebAssembly is missing, forbidden by a policy, or without SIMD. */
export function openModule(base64: string): WebAssembly.Exports | undefined {
  try {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    return new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
  } catch {
    return undefined;
  }
}
