// Jest matchers on nested numbers, with the named tolerances of core.
import { disagreement, FLOAT32, type Tolerance } from '../../src/core/tolerance.js';

type Nested = number | ArrayLike<number> | readonly Nested[];

/** Flat numbers of nested arrays, typed arrays, reference matrices ({ values }) and tensors (dataSync). */
export function flatten(value: unknown): number[] {
  if (typeof value === 'number') return [value];
  if (Array.isArray(value)) return value.flatMap(flatten);
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<number>);
  if (typeof value === 'object' && value !== null) {
    if ('dataSync' in value) return Array.from((value as { dataSync(): ArrayLike<number> }).dataSync());
    if ('values' in value) return flatten((value as { values: unknown }).values);
  }
  throw new TypeError(`not numbers: ${String(value)}`);
}

declare global {
  namespace jest {
    interface Matchers<R> {
      /** Each number within atol + rtol·scale of its twin; scale is |expected| unless given. */
      toBeAllClose(expected: unknown, tolerance?: Tolerance, scale?: unknown): R;
    }
  }
}

expect.extend({
  toBeAllClose(received: unknown, expected: unknown, tolerance: Tolerance = FLOAT32, scale?: unknown) {
    const actual = flatten(received as Nested);
    const wanted = flatten(expected as Nested);
    const scales = scale === undefined ? undefined : flatten(scale as Nested);
    let worst = actual.length === wanted.length ? 0 : Number.POSITIVE_INFINITY;
    let at = -1;
    for (let i = 0; i < wanted.length && actual.length === wanted.length; i++) {
      const off = disagreement(actual[i], wanted[i], tolerance, scales?.[i]);
      if (off > worst) [worst, at] = [off, i];
    }
    const detail =
      at < 0
        ? `lengths ${actual.length} and ${wanted.length}`
        : `at ${at}: ${actual[at]} against ${wanted[at]}, ${worst} × the tolerance`;
    return { pass: worst <= 1, message: () => `numbers ${worst <= 1 ? 'agree' : 'differ'}: ${detail}` };
  },
});
