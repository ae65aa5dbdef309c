import fc from 'fast-check';
import { fromOneHot, oneHot, toRows } from '../src/reference.js';

fc.configureGlobal({ seed: 32 });

describe('oneHot', () => {
  it('puts a single 1 at the label', () => {
    expect(toRows(oneHot([2, 0], 3))).toEqual([
      [0, 0, 1],
      [1, 0, 0],
    ]);
    expect(oneHot(Int32Array.of(1), 2)).toEqual({ rows: 1, columns: 2, values: Float64Array.of(0, 1) });
    expect(oneHot([], 3)).toEqual({ rows: 0, columns: 3, values: new Float64Array(0) });
    expect(toRows(oneHot([0], 1))).toEqual([[1]]);
  });

  it('is undone by fromOneHot', () => {
    const problem = fc
      .integer({ min: 1, max: 6 })
      .chain((classes) => fc.tuple(fc.constant(classes), fc.array(fc.nat(classes - 1))));
    fc.assert(
      fc.property(problem, ([classes, labels]) => {
        expect(fromOneHot(oneHot(labels, classes))).toEqual(Int32Array.from(labels));
      }),
    );
  });

  it.each([-1, 3, 0.5, Number.NaN, Number.POSITIVE_INFINITY])('rejects the label %p', (label) => {
    const error = { code: 'DOMAIN', where: 'oneHot', argument: 'labels[1]', expected: 'be an integer in [0, 3)' };
    expect(() => oneHot([0, label], 3)).toThrow(expect.objectContaining({ ...error, actual: String(label) }));
  });

  it('rejects labels that are not numbers', () => {
    const error = { code: 'SHAPE', where: 'oneHot', argument: 'labels[0]', expected: 'be a number' };
    expect(() => oneHot(['cat'] as unknown as number[], 3)).toThrow(expect.objectContaining(error));
    expect(() => oneHot(3 as unknown as number[], 3)).toThrow(expect.objectContaining({ argument: 'labels' }));
  });

  it.each([0, -1, 2.5])('rejects %p classes', (numClasses) => {
    const error = { code: 'DOMAIN', where: 'oneHot', argument: 'numClasses' };
    expect(() => oneHot([0], numClasses)).toThrow(expect.objectContaining(error));
  });
});

describe('fromOneHot', () => {
  it('returns the class of each 1', () => {
    const targets = [
      [0, 0, 1],
      [1, 0, 0],
    ];
    expect(fromOneHot(targets)).toEqual(Int32Array.of(2, 0));
    expect(fromOneHot([])).toEqual(new Int32Array(0));
  });

  it.each([
    ['soft', [0.25, 0.75], '0.25 at class 0'],
    ['almost one-hot', [0, 1 - 1e-12], '0.999999999999 at class 1'],
    ['1 in one column and soft in another', [0.5, 1], '0.5 at class 0'],
    ['NaN', [1, Number.NaN], 'NaN at class 1'],
    ['zero', [0, 0], '0 ones'],
    ['1 in two columns', [1, 1], '2 ones'],
  ])('rejects a row that is %s', (_, row, actual) => {
    const error = { code: 'DOMAIN', where: 'fromOneHot', argument: 'targets[1]', actual };
    expect(() => fromOneHot([[0, 1], row])).toThrow(expect.objectContaining(error));
  });
});
