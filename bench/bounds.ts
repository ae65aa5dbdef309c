// bench: npx tsx bench/bounds.ts [--only evaluate] [--seconds 600]. Time and memory of hostile inputs, by input byte, after npm run build.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import type { CsvSchema } from '../src/data/table/schema.js';
import { encodeModel } from '../src/serialization/model-file.js';
import { metered, peakOf } from './peak.js';
import { table } from './timing.js';

const CLI = join(__dirname, '..', 'dist', 'cjs', 'cli', 'main.js');
const MODEL = 'model.safetensors';

/** A command line, with the files that it reads. */
interface Case {
  readonly name: string;
  readonly args: readonly string[];
  /** The content of each file, made when the case begins. */
  readonly files: Readonly<Record<string, () => Uint8Array | string>>;
  /** Written to standard input until the process ends. */
  readonly endless?: string;
}

const repeated = (n: number, text: (i: number) => string) => Array.from({ length: n }, (_, i) => text(i));

/** A model of one feature x. */
function modelOfClasses(q: number): Uint8Array {
  return encodeModel({
    ...{ classes: [...Array(q).keys()], numFeatures: 1, featureNames: ['x'], numParameters: 2 * q, options: {} },
    weight: Float32Array.from({ length: q }, (_, k) => k / q),
    bias: new Float32Array(q),
  });
}

/** A model of one column c of categories. */
function modelOfCategories(d: number): Uint8Array {
  const schema: CsvSchema = {
    ...{ header: true, decimal: '.', missing: 'error', missingTokens: [''], unseen: 'error' },
    columns: [{ kind: 'category', name: 'c', categories: repeated(d, (k) => k.toString(36)) }],
  };
  return encodeModel({
    ...{ classes: ['a', 'b'], numFeatures: d, numParameters: 2 * d + 2, options: {}, schema },
    weight: Float32Array.from({ length: 2 * d }, (_, i) => Math.sin(i)),
    bias: new Float32Array(2),
  });
}

/** IDX: two zero bytes, the type 8 of bytes, the number of axes, the sizes, the values. */
function idx(shape: readonly number[], valueAt: (i: number) => number): Uint8Array {
  const sizes = new DataView(new ArrayBuffer(4 * shape.length));
  for (const [axis, size] of shape.entries()) sizes.setUint32(4 * axis, size);
  const length = shape.reduce((product, size) => product * size, 1);
  const values = Uint8Array.from({ length }, (_, i) => valueAt(i));
  return Buffer.concat([Buffer.of(0, 0, 8, shape.length), new Uint8Array(sizes.buffer), values]);
}

function tableOf(columns: number, cell: (i: number) => string): string {
  const header = ['kind', ...repeated(columns, (i) => `c${i}`)];
  const rows = repeated(6, (row) => ['ab'[row % 2], ...repeated(columns, cell)].join());
  return `${header.join()}\n${rows.join('\n')}\n`;
}

const evaluated = (q: number): Case => ({
  name: `evaluate a model of ${q.toLocaleString('en')} classes on four rows`,
  args: ['evaluate', MODEL, 'rows.csv', '--label', 'kind'],
  files: { [MODEL]: () => modelOfClasses(q), 'rows.csv': () => `x,kind\n-1,0\n1,${q - 1}\n1,7\n1,7\n` },
});

const read = (name: string, content: () => string): Case => ({
  name: `read ${name}`,
  args: ['train', 'table.csv', '--label', 'kind', '--dry-run'],
  files: { 'table.csv': content },
});

const SIDE = 400;

const CASES: readonly Case[] = [
  read('a small table, to compare', () => tableOf(2, String)),
  evaluated(20_000),
  evaluated(200_000),
  ...['predict', 'evaluate'].map((command) => ({
    name: `${command} 4,000 rows of one letter with a model of 100,000 categories`,
    args: [command, MODEL, 'rows.csv', ...(command === 'evaluate' ? ['--label', 'kind'] : [])],
    files: {
      [MODEL]: () => modelOfCategories(100_000),
      'rows.csv': () =>
        command === 'predict'
          ? `c\n${repeated(4000, (i) => (i % 36).toString(36)).join('\n')}\n`
          : `c,kind\n${repeated(4000, (i) => `${(i % 36).toString(36)},${'ab'[i % 2]}`).join('\n')}\n`,
    },
  })),
  {
    name: 'inspect a model of 150,000 classes',
    args: ['inspect', MODEL],
    files: { [MODEL]: () => modelOfClasses(150_000) },
  },
  {
    name: `train on 40 images of ${SIDE} × ${SIDE} pixels, with a report`,
    args: ['train', 'images', '-o', 'fitted', '--report', 'report.html', '--max-iterations', '5', '--backend', 'wasm'],
    files: {
      'images/train-images-idx3-ubyte': () => idx([40, SIDE, SIDE], (i) => (i * i) % 251),
      'images/train-labels-idx1-ubyte': () => idx([40], (i) => i % 2),
    },
  },
  read('400,000 doubled quotes', () => `kind,c\na,"${'""'.repeat(400_000)}"\nb,"${'""'.repeat(400_000)}"\n`),
  read('400,000 quoted columns', () => tableOf(400_000, (i) => `"${i}"`)),
  read('80,000 columns', () => tableOf(80_000, String)),
  {
    name: 'predict an endless line',
    args: ['predict', MODEL, '-'],
    files: { [MODEL]: () => modelOfClasses(2) },
    endless: 'x'.repeat(2 ** 16),
  },
];

interface Outcome {
  readonly bytes: number;
  readonly seconds: number;
  /** Peak of resident memory; undefined if the process was killed. */
  readonly peak: number | undefined;
  readonly end: string;
}

async function run({ args, files, endless }: Case, limit: number): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'bounds-'));
  try {
    let bytes = 0;
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(join(folder, name, '..'), { recursive: true });
      const data = Buffer.from(content());
      bytes += data.length;
      writeFileSync(join(folder, name), data);
    }
    const meter = metered(folder);
    const start = performance.now();
    const child = spawn(process.execPath, [...meter.args, CLI, ...args], {
      cwd: folder,
      env: meter.env,
      stdio: ['pipe', 'ignore', 'ignore'],
      timeout: 1000 * limit,
      killSignal: 'SIGKILL',
    });
    child.stdin.on('error', () => {});
    const write = () => {
      if (endless === undefined) child.stdin.end();
      while (endless !== undefined && child.exitCode === null && child.signalCode === null) {
        bytes += endless.length;
        if (!child.stdin.write(endless)) return;
      }
    };
    child.stdin.on('drain', write);
    write();
    const end = await new Promise<string>((resolve) =>
      child.once('close', (code, signal) => resolve(signal ?? (code === 0 ? 'done' : `refused, ${code}`))),
    );
    const seconds = (performance.now() - start) / 1000;
    return { bytes, seconds, peak: peakOf(folder), end };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function rowOf(name: string, { bytes, seconds, peak, end }: Outcome): string[] {
  return [
    name,
    `${(bytes / 1000).toFixed(1)} kB`,
    end,
    `${seconds.toFixed(1)} s`,
    `${((1e6 * seconds) / bytes).toFixed(2)} µs`,
    peak === undefined ? '–' : `${Math.round(peak / 1e6)} MB`,
    peak === undefined ? '–' : (peak / bytes).toFixed(0),
  ];
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { only: { type: 'string', default: '' }, seconds: { type: 'string', default: '600' } },
  });
  if (!existsSync(CLI)) throw new Error('not built: npm run build');
  const [{ model }] = cpus();
  console.log(`${new Date().toISOString().slice(0, 10)}, ${cpus().length} × ${model}, Node ${process.versions.node}\n`);
  const rows: string[][] = [];
  for (const each of CASES.filter(({ name }) => name.includes(values.only))) {
    rows.push(rowOf(each.name, await run(each, Number(values.seconds))));
  }
  const head = ['command', 'input', 'end', 'time', 'time per byte', 'peak memory', 'memory per byte'];
  console.log(table(head, rows));
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
