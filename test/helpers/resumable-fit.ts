// A fit in its own process that can be killed at any moment. Started again, it resumes from its checkpoint.
//   node --import tsx resumable-fit.ts PATH BACKEND 'OPTIONS AS JSON' [wait]
// It prints each epoch and finally the result. With `wait` it does not end: near the end it waits to be killed.
import { setTimeout as sleep } from 'node:timers/promises';
import { loadIris, SoftmaxRegression, selectBackend } from 'softmax-regression';
import { fileCheckpoint, readCheckpoint } from 'softmax-regression/node';

/** An epoch near the end of every fit that is killed. */
const LAST = 20;

async function main([path, backend, options, wait]: string[]): Promise<void> {
  await selectBackend(backend as 'cpu');
  const iris = loadIris();
  const { model, result } = await SoftmaxRegression.fit(iris.features, iris.labels, {
    ...JSON.parse(options),
    checkpoint: fileCheckpoint(path, { every: { iterations: 1 } }),
    resume: await readCheckpoint(path),
    onEpochEnd: async (epoch) => {
      console.log(`epoch ${epoch}`);
      // Time for a signal to arrive.
      await sleep(5);
      if (wait && epoch >= LAST) {
        console.log('waits');
        await sleep(600_000);
      }
    },
  });
  console.log(JSON.stringify({ weight: model.weight.map((row) => [...row]), bias: [...model.bias], result }));
}

main(process.argv.slice(2));
