// Fits in a process whose backend has not started: wasm starts when it is first awaited.
import '@tensorflow/tfjs-backend-wasm';
import { loadIris, SoftmaxRegression } from 'softmax-regression';

const { features, labels } = loadIris();

it.each([
  ['steps with validation', { solver: 'sgd', epochs: 1, validation: 0.2, standardize: true }],
  ['steps', { solver: 'sgd', epochs: 1 }],
] as const)('fit waits for the backend: %s', async (_, options) => {
  const { model } = await SoftmaxRegression.fit(features, labels, options);
  expect(model.predict(features)).toHaveLength(150);
});
