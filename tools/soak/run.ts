// npm run soak [-- --times 0.1] [--backend NAME]: runs tools/soak/work.ts; prints tensors and the slope of memory.
import { parseArgs } from 'node:util';
import * as tf from '@tensorflow/tfjs';
import { type BackendName, formatBackend, selectBackend } from 'softmax-regression';
import '../../src/node.js';
import { soak } from './soak.js';
import { works } from './work.js';

/** Bytes that the second half of a run may add, because allocators cache memory. */
const MAX_GROWTH = 16 * 2 ** 20;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { times: { type: 'string' }, backend: { type: 'string' }, work: { type: 'string' } },
  });
  console.log(
    `Node ${process.version}, ${formatBackend(await selectBackend(values.backend as BackendName | undefined))}`,
  );
  const { gc } = globalThis as { gc?: () => void };
  let isSound = true;
  for (const [name, { unit, times, run }] of Object.entries(await works())) {
    if (values.work !== undefined && values.work !== name) continue;
    const count = Math.max(40, Math.round(times * Number(values.times ?? 1)));
    const { tensors, slope, resident } = await soak(run, count, gc);
    const growth = (slope * count) / 2;
    const range = [Math.min(...resident), Math.max(...resident)].map((bytes) => (bytes / 2 ** 20).toFixed(0));
    const verdict = tensors === 0 && growth <= MAX_GROWTH ? 'flat' : 'GROWS';
    console.log(
      `${name}: ${count} × ${unit}; tensors ${tensors}, slope ${slope.toFixed(0)} bytes each, ${(growth / 2 ** 20).toFixed(1)} MiB in the second half, resident ${range.join(' to ')} MiB: ${verdict}`,
    );
    if (verdict !== 'flat') isSound = false;
  }
  if (tf.memory().numTensors > 0) console.log(`${tf.memory().numTensors} tensors at the end`);
  process.exitCode = isSound ? 0 : 1;
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
