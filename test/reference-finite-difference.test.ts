import fc from 'fast-check';
import { FINITE_DIFFERENCE } from '../src/core/tolerance.js';
import { type CentralDifferenceOptions, centralDifference } from '../src/reference.js';
import { between } from './helpers/numbers.js';

fc.configureGlobal({ seed: 38 });

describe('centralDifference', () => {
  const product = ([x, y]: Float64Array) => x * x * y;

  it('returns the gradient of x²y', () => {
    const gradient = centralDifference(product, [3, 2]);
    expect(Math.abs(gradient[0] - 12)).toBeLessThan(1e-8);
    expect(Math.abs(gradient[1] - 9)).toBeLessThan(1e-8);
  });

  it('is exact for quadratics, within rounding', () => {
    const number = between(-1000, 1000);
    fc.assert(
      fc.property(number, number, (x, slope) => {
        const f = ([t]: Float64Array) => t * t + slope * t;
        const scale = Math.abs(2 * x) + Math.abs(slope) + 1;
        expect(centralDifference(f, [x])).toBeAllClose(2 * x + slope, FINITE_DIFFERENCE, scale);
      }),
    );
  });

  it('divides by the rounded step: x has derivative exactly 1', () => {
    for (const x of [0.1, 0.7, 3.3, 1234.5]) expect(centralDifference(([t]) => t, [x])).toEqual(Float64Array.of(1));
  });

  it('scales its step with the point, and is accurate at 1e8', () => {
    expect(centralDifference(([x]) => Math.sqrt(x), [1e8])[0]).toBeCloseTo(0.00005, 12);
  });

  it('returns only the given coordinates, in their order', () => {
    const gradient = centralDifference((x) => x[0] + 10 * x[1] + 100 * x[2], [1, 1, 1], { indices: [2, 0, 2] });
    expect(gradient).toBeAllClose([100, 1, 100], FINITE_DIFFERENCE);
    expect(centralDifference(product, [3, 2], { indices: [] })).toEqual(new Float64Array(0));
  });

  it('moves one coordinate at a time, without changing the point', () => {
    const point = Float64Array.of(1, 2);
    const seen: number[][] = [];
    centralDifference((x) => seen.push(Array.from(x)), point, { step: 0.25 });
    expect(seen).toEqual([
      [1.25, 2],
      [0.75, 2],
      [1, 2.5],
      [1, 1.5],
    ]);
    expect(point).toEqual(Float64Array.of(1, 2));
  });

  it('has a truncation error that falls with the square of the step', () => {
    const error = (step: number) => Math.abs(centralDifference(([x]) => Math.exp(x), [0], { step })[0] - 1);
    expect(error(1e-2) / error(1e-3)).toBeCloseTo(100, 1);
  });

  it.each<[CentralDifferenceOptions, string]>([
    [{ step: 0 }, 'step'],
    [{ step: Number.NaN }, 'step'],
    [{ step: Number.POSITIVE_INFINITY }, 'step'],
    [{ indices: [0, 2] }, 'indices[1]'],
    [{ indices: [-1] }, 'indices[0]'],
    [{ indices: [0.5] }, 'indices[0]'],
    [{ h: 1 } as CentralDifferenceOptions, 'options'],
  ])('rejects the options %p', (options, argument) => {
    const error = { code: 'DOMAIN', where: 'centralDifference', argument };
    expect(() => centralDifference(product, [3, 2], options)).toThrow(expect.objectContaining(error));
  });

  it('rejects a point that is not numbers', () => {
    const error = { code: 'SHAPE', where: 'centralDifference', argument: 'point' };
    expect(() => centralDifference(product, 3 as unknown as number[])).toThrow(expect.objectContaining(error));
  });
});
