// bench: a table eight times the memory that it may take.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Random } from 'softmax-regression';
import { table } from '../timing.js';
import { inFolder, megabytes, timedCommand } from './command.js';
import type { ScaleOptions } from './run.js';

const COLUMNS = 100;
const MEMORY = '512MB';

/** Bytes of a row: 100 numbers of 7 or 8 characters, and a label. */
const ROW = 755;

export async function benchMemory({ gigabytes }: ScaleOptions): Promise<void> {
  await inFolder(async (folder) => {
    const path = join(folder, 'big.csv');
    const rows = Math.round((gigabytes * 1e9) / ROW);
    await writeTable(path, rows);
    const { size } = statSync(path);
    console.log(`${rows.toLocaleString('en')} rows of ${COLUMNS} columns, three classes, ${megabytes(size)}:\n`);
    const lines = [];
    for (const backend of ['wasm', 'tensorflow']) {
      const model = join(folder, `${backend}.model`);
      const flags = ['--label', 'y', '--memory', MEMORY, '--precision', 'float64', '--backend', backend];
      const { seconds, peak } = await timedCommand(['train', path, ...flags, '-o', model]);
      const hash = createHash('sha256').update(readFileSync(model)).digest('hex').slice(0, 12);
      lines.push([backend, `${seconds.toFixed(0)} s`, megabytes(peak), hash]);
    }
    console.log(table(['backend', `train --memory ${MEMORY}`, 'peak', 'sha256 of the model'], lines));
  });
}

/** Random numbers, and the class by the sum of the first three and noise. */
export async function writeTable(path: string, rows: number): Promise<void> {
  const random = new Random(18);
  const file = createWriteStream(path);
  const names = Array.from({ length: COLUMNS }, (_, j) => `x${j}`);
  file.write(`${[...names, 'y'].join()}\n`);
  for (let row = 0; row < rows; row += 1000) {
    const lines = Array.from({ length: Math.min(1000, rows - row) }, () => {
      const values = Array.from({ length: COLUMNS }, () => random.normal());
      const sum = values[0] + values[1] + values[2] + random.normal();
      return [...values.map((value) => value.toFixed(4)), sum > 1 ? 'up' : sum < -1 ? 'down' : 'level'].join();
    });
    if (!file.write(`${lines.join('\n')}\n`)) await once(file, 'drain');
  }
  file.end();
  await once(file, 'finish');
}
