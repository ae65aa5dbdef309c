// objective: the sums over sparse rows in WebAssembly. Its memory holds one matrix, the point or the residuals, and of the
// rows or columns those of one call.
import { openModule, type SparseSimdKernels } from '../../core/simd.js';
import { SIMD_MODULE } from '../../core/simd-module.js';
import { BLOCK_ROWS } from '../row-block.js';
import { MOST_LEVELS, type Range } from './plain.js';
import type { SparseSection } from './section.js';

interface SparseModule extends SparseSimdKernels {
  readonly memory: WebAssembly.Memory;
}

/** 256 MB: a point of 1,000,000 features and 20 classes, and the rows of a call. Larger ones run in plain JavaScript. */
const MOST_BYTES = 2 ** 28;
const PAGE_BYTES = 65536;

const kernels = openModule(SIMD_MODULE) as unknown as SparseModule | undefined;
/** What the memory begins with. */
let resident: Float64Array | undefined;

type Numbers = Int32Array | Float32Array | Float64Array;

/**
 * The addresses of arrays behind the first one, which stays from call to call, and of room for results. Undefined if they
 * do not fit.
 */
function place(first: Float64Array, arrays: readonly Numbers[], room: readonly number[]): number[] | undefined {
  if (kernels === undefined) return undefined;
  const { memory } = kernels;
  const addresses: number[] = [];
  let end = 0;
  // The kernels load two numbers at a time.
  const take = (bytes: number) => {
    addresses.push(end);
    end += Math.ceil(bytes / 16) * 16;
  };
  for (const { byteLength } of [first, ...arrays]) take(byteLength);
  for (const length of room) take(8 * length);
  if (end > MOST_BYTES) return undefined;
  try {
    const missing = end - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES));
  } catch {
    return undefined;
  }
  if (resident !== first) write(memory, 0, first);
  resident = first;
  arrays.forEach((array, i) => {
    write(memory, addresses[i + 1], array);
  });
  return addresses;
}

function write({ buffer }: WebAssembly.Memory, address: number, array: Numbers): void {
  new Uint8Array(buffer, address, array.byteLength).set(
    new Uint8Array(array.buffer, array.byteOffset, array.byteLength),
  );
}

/** The numbers of the memory. */
function numbersAt(address: number, length: number): Float64Array {
  return new Float64Array((kernels as SparseModule).memory.buffer, address, length);
}

/** Some rows or columns alone. */
function entriesOf(
  starts: Int32Array,
  indices: Int32Array,
  values: Float32Array | Float64Array,
  [from, to]: Range,
): readonly [Int32Array, Int32Array, Float32Array | Float64Array] {
  const [first, end] = [starts[from], starts[to]];
  const own = starts.slice(from, to + 1);
  for (let i = 0; i < own.length; i++) own[i] -= first;
  return [own, indices.subarray(first, end), values.subarray(first, end)];
}

/** Forgets what the memory begins with: the caller has changed it. */
export function forgetResident(): void {
  resident = undefined;
}

/** `plainResiduals` with the same bits. Returns false, with nothing done, if these rows do not fit. */
export function moduleResiduals(
  { matrix, labels, shares, numClasses: q }: SparseSection,
  point: Float64Array,
  [from, to]: Range,
  blockRows: number,
  residuals: Float64Array,
  leaves: Float64Array,
): boolean {
  const { starts, indices, values, shape } = matrix;
  const count = to - from;
  const ofLeaves = Math.ceil(count / blockRows) * (q + 1);
  const ofScratch = 2 + BLOCK_ROWS * (q + 1);
  const own = [...entriesOf(starts, indices, values, [from, to]), labels.subarray(from, to), shares.subarray(from, to)];
  const at = place(point, own, [count * q, ofLeaves, ofScratch]);
  if (at === undefined) return false;
  const [w, ofStarts, ofIndices, ofValues, ofLabels, ofShares, out, sums, scratch] = at;
  (kernels as SparseModule).sparseResiduals(
    ...([ofStarts, ofIndices, ofValues, values instanceof Float32Array, count, w, shape[1] + 1, q] as const),
    ...([ofLabels, ofShares, blockRows, out, sums, scratch] as const),
  );
  residuals.set(numbersAt(out, count * q), from * q);
  leaves.set(numbersAt(sums, ofLeaves));
  return true;
}

/** `plainGradient` with the same bits. Returns false, with nothing done, if these columns do not fit. */
export function moduleGradient(
  { columns, numClasses: q }: SparseSection,
  residuals: Float64Array,
  [from, to]: Range,
  blockRows: number,
  gradient: Float64Array,
): boolean {
  const { starts, rows, values } = columns;
  const count = to - from;
  const own = entriesOf(starts, rows, values, [from, to]);
  const at = place(residuals, own, [count * q, MOST_LEVELS * (q + 1)]);
  if (at === undefined) return false;
  const [r, ofStarts, ofRows, ofValues, out, scratch] = at;
  const isSingle = values instanceof Float32Array;
  (kernels as SparseModule).sparseGradient(
    ...([ofStarts, ofRows, ofValues, isSingle, count, r, q, blockRows, out, MOST_LEVELS, scratch] as const),
  );
  gradient.set(numbersAt(out, count * q), from * q);
  return true;
}
