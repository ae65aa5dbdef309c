// bench: a table of 1,000,000 × 20 numbers labelled by the command line as it is built: read, predict, write. And --help.
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random, SoftmaxRegression } from 'softmax-regression';
import { saveModel } from 'softmax-regression/node';
import { median } from './timing.js';

const ROWS = 1_000_000;
const COLUMNS = 20;
const CLI = join(__dirname, '..', 'dist', 'cjs', 'cli', 'main.js');

export interface CsvTimes {
  readonly rowsPerSecond: number;
  readonly peakMegabytes: number;
  readonly helpMilliseconds: number;
}

/** Medians of `rounds` runs, each in a process of its own; undefined where dist/ is not built. */
export async function csvTimes(rounds: number): Promise<CsvTimes | undefined> {
  if (!existsSync(CLI)) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'predict-csv-'));
  try {
    const [table, model] = [join(folder, 'table.csv'), join(folder, 'model')];
    await writeTable(table);
    const features = Array.from({ length: 30 }, (_, i) =>
      Array.from({ length: COLUMNS }, (_, j) => Math.sin(i + 7 * j)),
    );
    const featureNames = Array.from({ length: COLUMNS }, (_, j) => `x${j}`);
    const labels = features.map((_, i) => 'abc'[i % 3]);
    await saveModel(model, (await SoftmaxRegression.fit(features, labels, { l2: 0.1, featureNames })).model);
    const runs = Array.from({ length: rounds }, () => timed(['predict', model, table, '-o', join(folder, 'out.csv')]));
    return {
      rowsPerSecond: ROWS / median(runs.map(({ seconds }) => seconds)),
      peakMegabytes: median(runs.map(({ peak }) => peak)),
      helpMilliseconds: 1000 * median(Array.from({ length: 7 }, () => timed(['--help']).seconds)),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Seconds of a whole process, start included, and its peak of resident memory, MB. */
function timed(args: readonly string[]): { seconds: number; peak: number } {
  const script = "process.on('exit', () => console.error(process.resourceUsage().maxRSS / 1024));";
  const command = ['--import', `data:text/javascript,${encodeURIComponent(script)}`, CLI, ...args];
  const start = performance.now();
  const { stderr, status } = spawnSync(process.execPath, command, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return { seconds: (performance.now() - start) / 1000, peak: Number(stderr) };
}

async function writeTable(path: string): Promise<void> {
  const random = new Random(0);
  const file = createWriteStream(path);
  file.write(`${Array.from({ length: COLUMNS }, (_, j) => `x${j}`).join()}\n`);
  for (let row = 0; row < ROWS; row += 1000) {
    const lines = Array.from({ length: 1000 }, () =>
      Array.from({ length: COLUMNS }, () => random.normal().toFixed(6)).join(),
    );
    if (!file.write(`${lines.join('\n')}\n`)) await once(file, 'drain');
  }
  file.end();
  await once(file, 'finish');
}
