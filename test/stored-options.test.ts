// The options in a model file are checked like those of a fit.
import { SoftmaxRegression } from 'softmax-regression';
import { encodeModel } from '../src/serialization/model-file.js';

function read(options: Readonly<Record<string, never>>): SoftmaxRegression<string> {
  const classes = ['a', 'b'];
  const [weight, bias] = [Float32Array.of(1, -1), Float32Array.of(0, 0)];
  return SoftmaxRegression.fromBytes(encodeModel({ classes, numFeatures: 1, numParameters: 4, weight, bias, options }));
}

describe('the options in a model file', () => {
  it.each([
    ['a validation that is no share', { solver: 'lbfgs', validation: { features: [] } }, 'options, validation,'],
    ['weights of a class that does not exist', { solver: 'lbfgs', classWeights: { z: 2 } }, 'options, classWeights,'],
  ])('are refused: %s', (_, options, argument) => {
    expect(() => read(options as never)).toThrow(expect.objectContaining({ code: 'FORMAT', argument }));
  });

  it('are kept: a share, and weights of classes', () => {
    const options = { solver: 'lbfgs', validation: 0.2, classWeights: { a: 2 } };
    expect(read(options as never).options).toMatchObject(options);
  });
});
