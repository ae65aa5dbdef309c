// The engines of the float64 kernels that load here: WebAssembly, and the addon where native kernels are installed.
import { existsSync } from 'node:fs';
import { type Float64Kernels, useFloat64Kernels } from '../../src/core/simd.js';
import { nativeStatus } from '../../src/node/native/load.js';
import { float64Addon } from '../../src/node/native/record.js';

/** The addon of the native kernels; undefined if there are none, or tfjs-node's own installer built them. */
export function nativeFloat64(): Float64Kernels | undefined {
  const status = nativeStatus();
  const addon = status.installed ? float64Addon(status.addon) : '';
  if (existsSync(addon)) return require(addon) as Float64Kernels;
  if (process.env.SOFTMAX_REGRESSION_REQUIRE_NATIVE === '1') throw new Error('the native kernels are required');
  return undefined;
}

/** A describe block for each engine; inside, that engine is in use. */
export function onEveryEngine(title: string, body: () => void): void {
  const native = nativeFloat64();
  const engines = [['WebAssembly', undefined] as const, ...(native ? [['native', native] as const] : [])];
  describe.each(engines)(`${title}, in %s`, (_, kernels) => {
    beforeAll(() => useFloat64Kernels(kernels));
    afterAll(() => useFloat64Kernels(undefined));
    body();
  });
}
