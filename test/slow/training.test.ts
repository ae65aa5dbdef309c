import { SoftmaxRegression } from 'softmax-regression';
import { loadFashionMnist } from 'softmax-regression/node';
import golden from '../golden/fashion-mnist.golden.json';
import { onEveryBackend } from '../helpers/backends.js';

/** TensorFlow takes a second for all epochs; the slower backends run fewer. */
const EPOCHS = { tensorflow: golden.options.epochs, wasm: 2, cpu: 1 };

onEveryBackend('training on Fashion-MNIST', (backend) => {
  it("matches PyTorch's loss after each epoch, from the same weights in the same order", async () => {
    const { train, test } = await loadFashionMnist();
    const epochs = EPOCHS[backend];
    const { model, result } = await SoftmaxRegression.fit(train.features, train.labels, {
      ...golden.options,
      solver: 'sgd',
      epochs,
    });
    expect(result.history.map(({ loss }) => loss)).toBeAllClose(golden.losses.slice(0, epochs), {
      rtol: 0,
      atol: 1e-3,
    });
    if (epochs < golden.options.epochs) return;
    expect(result.objective).toBeAllClose(golden.objective, { rtol: 0, atol: 1e-3 });
    const { accuracy } = await model.evaluate(test.features, test.labels);
    expect(accuracy).toBeGreaterThanOrEqual(0.83);
    expect(accuracy).toBeAllClose(golden.testAccuracy, { rtol: 0, atol: 2e-3 });
  });
});
