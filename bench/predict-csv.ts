// bench: the built command line labels a table of 1,000,000 × 20 numbers: it reads, predicts and writes. Also --help.
// Run alone: tsx bench/predict-csv.ts [--peers] [--rows 20000]
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Random, SoftmaxRegression } from 'softmax-regression';
import { saveModel } from 'softmax-regression/node';
import { metered, peakOf } from './peak.js';
import { type Environment, FOLDER, openEnvironment, variablesFor } from './peers.js';
import { table as markdown, median } from './timing.js';

const ROWS = 1_000_000;
const COLUMNS = 20;
const CLI = join(__dirname, '..', 'dist', 'cjs', 'cli', 'main.js');

/** The result of one program. */
export interface CsvTiming {
  readonly name: string;
  readonly rowsPerSecond: number;
  readonly peakMegabytes: number;
  /** Our rows per second relative to this program, the median over the rounds; 1 for ours. */
  readonly ratio: number;
}

export interface CsvTimes {
  /** Our command line is first. */
  readonly timings: readonly CsvTiming[];
  readonly helpMilliseconds: number;
}

interface Run {
  readonly name: string;
  readonly seconds: number;
  /** Peak of resident memory in MB. */
  readonly peak: number;
}

/**
 * Medians of `rounds` runs in turn, each in its own process. The command line of dist/ is timed with its start.
 * pandas and scikit-learn are timed by their own clock, without the start and the imports of Python.
 */
export async function csvTimes(
  rounds: number,
  { peers, rows = ROWS }: { readonly peers: boolean; readonly rows?: number },
): Promise<CsvTimes> {
  const environment = peers ? await openEnvironment('requirements-csv.txt') : undefined;
  const folder = mkdtempSync(join(tmpdir(), 'predict-csv-'));
  try {
    const [table, model, ours, theirs] = ['table.csv', 'model', 'ours.csv', 'theirs.csv'].map((name) =>
      join(folder, name),
    );
    await writeTable(table, rows);
    const features = Array.from({ length: 30 }, (_, i) =>
      Array.from({ length: COLUMNS }, (_, j) => Math.sin(i + 7 * j)),
    );
    const featureNames = Array.from({ length: COLUMNS }, (_, j) => `x${j}`);
    const labels = features.map((_, i) => 'abc'[i % 3]);
    await saveModel(model, (await SoftmaxRegression.fit(features, labels, { l2: 0.1, featureNames })).model);
    const works = [() => timed(['predict', model, table, '-o', ours])];
    if (environment !== undefined) works.push(() => pandas(environment, table, theirs));
    const runs = works.map((): Run[] => []);
    for (let round = 0; round < rounds; round++) works.forEach((work, i) => void runs[i].push(work()));
    if (environment !== undefined) assertSameLabels(ours, theirs, rows);
    const timings = runs.map((each) => ({
      name: each[0].name,
      rowsPerSecond: rows / median(each.map(({ seconds }) => seconds)),
      peakMegabytes: median(each.map(({ peak }) => peak)),
      ratio: median(each.map(({ seconds }, round) => seconds / runs[0][round].seconds)),
    }));
    return { timings, helpMilliseconds: 1000 * median(Array.from({ length: 7 }, () => timed(['--help']).seconds)) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function pandas(environment: Environment, table: string, output: string): Run {
  const command = [join(FOLDER, 'predict_csv.py'), table, output, String(COLUMNS)];
  const { stdout, stderr, status } = spawnSync(environment.python, command, {
    encoding: 'utf8',
    env: variablesFor(environment),
  });
  if (status !== 0) throw new Error(`predict_csv.py: ${stderr}`);
  return JSON.parse(stdout);
}

/** Rows near the border between two classes may differ, because probabilities differ by rounding. */
function assertSameLabels(ours: string, theirs: string, rows: number): void {
  const [a, b] = [ours, theirs].map((path) => readFileSync(path, 'utf8').trimEnd().split(/\r?\n/));
  const labelOf = (line: string) => line.split(',')[1];
  const different = a.filter((line, i) => labelOf(line) !== labelOf(b[i])).length;
  if (a.length !== rows + 1 || b.length !== rows + 1 || different > 1e-4 * rows) {
    throw new Error(
      `the two programs give different labels: ${a.length} and ${b.length} lines, ${different} different`,
    );
  }
}

/** Seconds of a complete process with its start, and its peak of resident memory in MB. */
function timed(args: readonly string[]): Run {
  const folder = mkdtempSync(join(tmpdir(), 'peak-'));
  try {
    const meter = metered(folder);
    const start = performance.now();
    const { stderr, status } = spawnSync(process.execPath, [...meter.args, CLI, ...args], {
      encoding: 'utf8',
      env: meter.env,
    });
    const seconds = (performance.now() - start) / 1000;
    if (status !== 0) throw new Error(stderr);
    return { name: `softmax-regression ${args[0]}`, seconds, peak: (peakOf(folder) ?? 0) / 2 ** 20 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function writeTable(path: string, rows: number): Promise<void> {
  const random = new Random(0);
  const file = createWriteStream(path);
  file.write(`${Array.from({ length: COLUMNS }, (_, j) => `x${j}`).join()}\n`);
  for (let row = 0; row < rows; row += 1000) {
    const lines = Array.from({ length: Math.min(1000, rows - row) }, () =>
      Array.from({ length: COLUMNS }, () => random.normal().toFixed(6)).join(),
    );
    if (!file.write(`${lines.join('\n')}\n`)) await once(file, 'drain');
  }
  file.end();
  await once(file, 'finish');
}

/** The results, with the required figures. */
export function csvTable({ timings, helpMilliseconds }: CsvTimes): string {
  const rows = timings.map(({ name, rowsPerSecond, peakMegabytes, ratio }) => [
    name,
    (1000 * Math.round(rowsPerSecond / 1000)).toLocaleString('en'),
    ratio.toFixed(2),
    `${Math.round(peakMegabytes)} MB`,
  ]);
  const head = ['', 'rows per second', 'ours / this', 'peak memory'];
  const asked = 'required: at least 1.2 of their rows per second, less than 300 MB, and --help in at most 150 ms';
  return `${markdown(head, rows)}\n\n--help: ${helpMilliseconds.toFixed(0)} ms (${asked})`;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { peers: { type: 'boolean', default: false }, rows: { type: 'string', default: String(ROWS) } },
  });
  const times = await csvTimes(3, { peers: values.peers, rows: Number(values.rows) });
  console.log(times === undefined ? 'not built: npm run build' : csvTable(times));
}

if (require.main === module) {
  main().catch((error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
