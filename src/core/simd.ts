// core: float64 loops in WebAssembly SIMD, two numbers at a time, or in native code, if available.
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
   * Returns 0 or false unless every pivot exceeds `floor`.
   */
  factorize(a: number, n: number, stride: number, floor: number, pack: number): number | boolean;
  /** x ← L⁻ᵀL⁻¹x for each row of x, [count, n]: l [n, stride], of which the lower half is read */
  substitute(l: number, n: number, stride: number, x: number, count: number): void;
  /** a ← a + factor·b; returns aᵀc of the new a, in four partial sums. a, b and c are [n]. */
  addAndDot(a: number, factor: number, b: number, c: number, n: number): number;
  /** The gradient and the loss of samples, as in core/tree-sum.ts: the arguments of assembly/simd.ts in their order. */
  evaluate(
    x: number,
    count: number,
    stride: number,
    w: number,
    order: number,
    q: number,
    labels: number,
    shares: number,
    blockRows: number,
    isContinued: boolean,
    sum: number,
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
  /** The lower half of Xᵀdiag(shares)X for some samples, [columns, stride], as in core/tree-sum.ts. */
  gram(
    x: number,
    stride: number,
    columns: number,
    samples: number,
    shares: number,
    count: number,
    blockRows: number,
    isContinued: boolean,
    sum: number,
    scratch: number,
  ): void;
}

/** Kernels of the module for sparse rows, src/objective/sparse/: the arguments of assembly/simd.ts in their order. */
export interface SparseSimdKernels {
  sparseResiduals(
    starts: number,
    indices: number,
    values: number,
    isSingle: boolean,
    count: number,
    w: number,
    order: number,
    q: number,
    labels: number,
    shares: number,
    blockRows: number,
    out: number,
    leaves: number,
    scratch: number,
  ): void;
  sparseGradient(
    starts: number,
    rows: number,
    values: number,
    isSingle: boolean,
    count: number,
    residuals: number,
    q: number,
    blockRows: number,
    out: number,
    levels: number,
    scratch: number,
  ): void;
}

/** Kernels of the native addon, src/kernels/float64.cc: the same with the memory as first argument, and the same bits. */
export type Float64Kernels = {
  readonly [Name in keyof SimdKernels]: (
    memory: Float64Array,
    ...addresses: Parameters<SimdKernels[Name]>
  ) => ReturnType<SimdKernels[Name]>;
} & {
  /**
   * Writes xW/scale + b of the rows from `start`, or its softmax, to out, [rows, q]. Several threads share the work.
   *
   * @param x [n, d] in bytes, float32 or float64
   * @param w [d, stride], numbers of float32, the stride q rounded up to a multiple of 8
   * @returns whether all logits are finite
   */
  predictRows(
    x: Uint8Array | Float32Array | Float64Array,
    start: number,
    rows: number,
    d: number,
    w: Float64Array,
    q: number,
    bias: Float64Array,
    scale: number,
    isSoftmax: boolean,
    out: Float64Array,
  ): boolean;
  /**
   * Writes the residuals of the sparse rows from `start` to `end`, [n, q], and the sums of each block of them, [blocks, q + 1]:
   * `plainResiduals` of objective/sparse/plain.ts. Several threads share the work. The indices are not checked.
   *
   * @param point [d + 1, q]
   */
  sparseResiduals(
    starts: Int32Array,
    indices: Int32Array,
    values: Float32Array | Float64Array,
    start: number,
    end: number,
    point: Float64Array,
    d: number,
    labels: Int32Array,
    shares: Float64Array,
    blockRows: number,
    out: Float64Array,
    leaves: Float64Array,
  ): void;
  /** Writes XᵀR of the sparse columns from `from` to `to`, [d, q]: `plainGradient` of that file. */
  sparseGradient(
    starts: Int32Array,
    rows: Int32Array,
    values: Float32Array | Float64Array,
    from: number,
    to: number,
    residuals: Float64Array,
    q: number,
    blockRows: number,
    out: Float64Array,
  ): void;
};

let native: Float64Kernels | undefined;

/** The native kernels of this process, if they are loaded. */
export function float64Kernels(): Float64Kernels | undefined {
  return native;
}

/** Uses native kernels from now on, instead of WebAssembly. */
export function useFloat64Kernels(kernels: Float64Kernels | undefined): void {
  native = kernels;
}

/** 64 MB. Larger problems run in plain JavaScript. */
const MOST_NUMBERS = 2 ** 23;
const PAGE_BYTES = 65536;

/** The kernels and their memory, which only grows. */
export class Simd {
  /** Valid until the next call of `numbers`. */
  kernels: SimdKernels;
  /** What the memory begins with, as the caller notes it; undefined if the memory is new. */
  resident: object | undefined;
  readonly #ofModule: SimdKernels;
  readonly #memory: WebAssembly.Memory;
  #numbers: Float64Array;
  /** The native kernels in use. */
  #native: Float64Kernels | undefined;

  private constructor(exports: WebAssembly.Exports) {
    this.#ofModule = exports as unknown as SimdKernels;
    this.kernels = this.#ofModule;
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
    if (this.#native !== native) this.#change();
    if (this.#numbers.length >= count) return this.#numbers;
    try {
      if (this.#native !== undefined) {
        const more = new Float64Array(Math.max(count, Math.min(2 * this.#numbers.length, MOST_NUMBERS)));
        more.set(this.#numbers);
        this.#numbers = more;
        return more;
      }
      this.#memory.grow(Math.ceil((count * 8 - this.#memory.buffer.byteLength) / PAGE_BYTES));
    } catch {
      return undefined;
    }
    this.#numbers = new Float64Array(this.#memory.buffer);
    return this.#numbers;
  }

  #change(): void {
    const kernels = native;
    this.#native = kernels;
    this.resident = undefined;
    this.#numbers = kernels === undefined ? new Float64Array(this.#memory.buffer) : new Float64Array(0);
    this.kernels = kernels === undefined ? this.#ofModule : withMemory(kernels, () => this.#numbers);
  }
}

const NAMES = [
  'multiply',
  'multiplyTransposed',
  'factorize',
  'substitute',
  'addAndDot',
  'evaluate',
  'probabilities',
  'gram',
] as const satisfies readonly (keyof SimdKernels)[];

function withMemory(kernels: Float64Kernels, memory: () => Float64Array): SimdKernels {
  const bound = NAMES.map((name) => {
    const kernel = kernels[name] as (memory: Float64Array, ...addresses: unknown[]) => unknown;
    return [name, (...addresses: unknown[]) => kernel(memory(), ...addresses)];
  });
  return Object.fromEntries(bound) as SimdKernels;
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

/** Where a square matrix lies in an array: the index of its first number, and the numbers from row to row. */
export type Place = readonly [start: number, stride: number];

/** Copies the lower half of a matrix [order, order]. A loop: an array object for each row is much slower. */
export function copyLower(
  from: Float64Array,
  [start, stride]: Place,
  to: Float64Array,
  [toStart, toStride]: Place,
  order: number,
): void {
  for (let i = 0; i < order; i++) {
    const end = start + i * stride + i;
    for (let at = end - i, into = toStart + i * toStride; at <= end; at++, into++) to[into] = from[at];
  }
}
