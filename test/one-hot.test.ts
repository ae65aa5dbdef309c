import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { fromOneHot, type Labels, oneHot, reference, type Targets } from 'softmax-regression';
import { onEveryBackend } from './helpers/backends.js';
import { PROPERTY } from './helpers/numbers.js';
import { numbers } from './helpers/problems.js';

const labelled = fc
  .integer({ min: 1, max: 12 })
  .chain((numClasses) => fc.record({ numClasses: fc.constant(numClasses), labels: fc.array(fc.nat(numClasses - 1)) }));

onEveryBackend('oneHot', (backend) => {
  it('agrees with the reference, for arrays and tensors of labels', () => {
    const check = fc.property(labelled, ({ labels, numClasses }) => {
      const expected = Float32Array.from(reference.oneHot(labels, numClasses).values);
      expect(numbers(() => oneHot(labels, numClasses))).toEqual(expected);
      expect(numbers(() => oneHot(Int32Array.from(labels), numClasses))).toEqual(expected);
      expect(numbers(() => oneHot(tf.tensor1d(labels, 'int32'), numClasses))).toEqual(expected);
    });
    fc.assert(check, PROPERTY);
  });

  it('is undone by fromOneHot', () => {
    const check = fc.property(labelled, ({ labels, numClasses }) => {
      expect([...numbers(() => fromOneHot(oneHot(labels, numClasses)))]).toEqual(labels);
    });
    fc.assert(check, PROPERTY);
  });

  it('matches the docstring examples', () => {
    expect([...numbers(() => oneHot([1, 0], 3))]).toEqual([0, 1, 0, 1, 0, 0]);
    expect([...numbers(() => fromOneHot(oneHot([1, 0], 3)))]).toEqual([1, 0]);
  });

  it('is float32 of shape [n, numClasses], and fromOneHot int32 of shape [n]', () => {
    tf.tidy(() => {
      const targets: Targets = oneHot([2, 0], 3);
      const labels: Labels = fromOneHot(targets);
      expect([targets.shape, targets.dtype, labels.shape, labels.dtype]).toEqual([[2, 3], 'float32', [2], 'int32']);
    });
  });

  it('is a column of ones for one class, and empty without labels', () => {
    expect([...numbers(() => oneHot([0, 0], 1))]).toEqual([1, 1]);
    tf.tidy(() => {
      expect(oneHot([], 3).shape).toEqual([0, 3]);
      expect(oneHot(tf.tensor1d([], 'int32'), 3).shape).toEqual([0, 3]);
    });
  });

  it.each([-1, 3, 7])('rejects the label %d for three classes, in arrays and tensors', (label) => {
    const fields = { code: 'DOMAIN', where: 'oneHot', expected: 'be an integer in [0, 3)', actual: String(label) };
    expect(() => oneHot([0, label], 3)).toThrow(expect.objectContaining({ ...fields, argument: 'labels[1]' }));
    // TensorFlow's kernel names the label, but not its place.
    const argument = backend === 'tensorflow' ? 'labels' : 'labels[1]';
    expect(() => tf.tidy(() => oneHot(tf.tensor1d([0, label], 'int32'), 3))).toThrow(
      expect.objectContaining({ ...fields, argument }),
    );
  });

  it.each([0.5, Number.NaN, '1', undefined])('rejects the label %p', (label) => {
    expect(() => oneHot([label as number], 3)).toThrow(
      expect.objectContaining({ code: 'DOMAIN', where: 'oneHot', argument: 'labels[0]' }),
    );
  });

  it('rejects labels that are not int32 of shape [n], with a hint', () => {
    const shape = (fields: object) => expect.objectContaining({ code: 'SHAPE', argument: 'labels', ...fields });
    expect(() => tf.tidy(() => oneHot(tf.tensor1d([1, 2]), 3))).toThrow(
      shape({ actual: 'float32', hint: 'Cast them: labels.toInt().' }),
    );
    expect(() => tf.tidy(() => oneHot(tf.tensor2d([[0, 1]], [1, 2], 'int32') as never, 3))).toThrow(
      shape({ expected: 'have shape [n]', actual: '[1, 2]' }),
    );
    expect(() => oneHot(2 as never, 3)).toThrow(shape({ actual: '2' }));
  });

  it.each([0, -3, 2.5, Number.NaN, '3'])('rejects %p classes', (numClasses) => {
    expect(() => oneHot([0], numClasses as number)).toThrow(
      expect.objectContaining({ code: 'DOMAIN', where: 'oneHot', argument: 'numClasses' }),
    );
  });

  it.each([
    ['a soft row', [0.5, 0.5, 0]],
    ['a row of zeros', [0, 0, 0]],
    ['a row with two ones', [1, 1, 0]],
    ['a row with NaN', [Number.NaN, 1, 0]],
  ])('has no inverse for %s', (_, row) => {
    const run = () => numbers(() => fromOneHot(tf.tensor2d([[0, 1, 0], row])));
    if (backend === 'tensorflow') {
      // On this backend the values are not checked: the largest entry decides.
      expect(run()).toHaveLength(2);
    } else {
      expect(run).toThrow(
        expect.objectContaining({
          code: 'DOMAIN',
          where: 'fromOneHot',
          argument: 'targets[1]',
          hint: expect.any(String),
        }),
      );
    }
  });

  it('has no inverse for tensors other than float32 of shape [n, classes]', () => {
    const shape = expect.objectContaining({ code: 'SHAPE', where: 'fromOneHot', argument: 'targets' });
    expect(() => tf.tidy(() => fromOneHot(tf.tensor1d([0, 1]) as never))).toThrow(shape);
    expect(() => tf.tidy(() => fromOneHot(tf.tensor2d([[0, 1]], [1, 2], 'int32')))).toThrow(shape);
  });
});

describe('the checks of oneHot', () => {
  it('fail for rows of another class', () => {
    const planted = numbers(() => oneHot([1, 1], 3));
    expect([...planted]).not.toEqual([...reference.oneHot([1, 2], 3).values]);
  });

  it('distinguish it from tf.oneHot, which returns zeros for labels out of range', () => {
    expect([...numbers(() => tf.oneHot(tf.tensor1d([-1, 5], 'int32'), 3))]).toEqual([0, 0, 0, 0, 0, 0]);
    expect(() => oneHot([-1, 5], 3)).toThrow(expect.objectContaining({ code: 'DOMAIN' }));
  });
});
