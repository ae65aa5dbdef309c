// bench: the text vectorizers beside scikit-learn's, which must give as many columns and entries, and the same sum of values.
// Run alone: tsx bench/text.ts [--peers] [--documents 20000] [--file texts.txt, one document a line]
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Random } from 'softmax-regression';
import type { SparseMatrix } from '../src/data/matrix.js';
import { HashingVectorizer } from '../src/features/text/hashing.js';
import { TfidfVectorizer } from '../src/features/text/tfidf.js';
import { FOLDER, openEnvironment, variablesFor } from './peers.js';
import { table as markdown, median } from './timing.js';

const ROUNDS = 5;
const NUM_WORDS = 40_000;

const WORKS: Readonly<Record<string, (documents: readonly string[]) => SparseMatrix>> = {
  words: (documents) => TfidfVectorizer.fitTransform(documents).features,
  'words and pairs': (documents) => TfidfVectorizer.fitTransform(documents, { ngramRange: [1, 2] }).features,
  'characters in words': (documents) =>
    TfidfVectorizer.fitTransform(documents, { analyzer: 'char_wb', ngramRange: [2, 4] }).features,
  'hashed words and pairs': (documents) =>
    new HashingVectorizer({ ngramRange: [1, 2], numFeatures: 2 ** 18 }).transform(documents),
};

interface Result {
  readonly name: string;
  /** Of each round. */
  readonly seconds: readonly number[];
  readonly entries: number;
  readonly columns: number;
  /** Of all values. */
  readonly sum: number;
}

interface Peer {
  readonly program: string;
  readonly works: readonly Result[];
}

function ours(documents: readonly string[]): Result[] {
  return Object.entries(WORKS).map(([name, work]) => {
    const seconds: number[] = [];
    let features = work(documents);
    for (let round = 0; round < ROUNDS; round++) {
      const start = performance.now();
      features = work(documents);
      seconds.push((performance.now() - start) / 1000);
    }
    let sum = 0;
    for (const value of features.values) sum += value;
    return { name, seconds, entries: features.indices.length, columns: features.shape[1], sum };
  });
}

async function theirs(path: string): Promise<Peer> {
  const environment = await openEnvironment('requirements-csv.txt');
  const { stdout, stderr, status } = spawnSync(environment.python, [join(FOLDER, 'text.py'), path, String(ROUNDS)], {
    encoding: 'utf8',
    env: variablesFor(environment),
  });
  if (status !== 0) throw new Error(`text.py: ${stderr}`);
  return JSON.parse(stdout);
}

/** Documents of 4 to 20 words, which are as frequent as in natural text, by a seed. */
function generated(numDocuments: number): string[] {
  const random = new Random(0);
  const letters = 'etaoinshrdlucmfwypvbgk';
  const below = (n: number) => Math.floor(random.uniform() * n);
  const words = Array.from({ length: NUM_WORDS }, () =>
    Array.from({ length: 2 + below(10) }, () => letters[below(letters.length)]).join(''),
  );
  // The rank of a word has the distribution of NUM_WORDS to a uniform power: Zipf's law.
  const word = () => words[Math.min(NUM_WORDS - 1, Math.floor(NUM_WORDS ** random.uniform()) - 1)];
  return Array.from({ length: numDocuments }, () => Array.from({ length: 4 + below(17) }, word).join(' '));
}

function assertSame(name: string, a: Result, b: Result): void {
  if (a.entries === b.entries && a.columns === b.columns && Math.abs(a.sum - b.sum) <= 1e-9 * Math.abs(a.sum)) return;
  throw new Error(
    `${name}: ${JSON.stringify({ ...a, seconds: 0 })} differs from ${JSON.stringify({ ...b, seconds: 0 })}`,
  );
}

/** The results, with MB/s of UTF-8. */
function report(bytes: number, results: readonly Result[], peer: Peer | undefined): string {
  const speed = ({ seconds }: Result) => (bytes / 1e6 / median(seconds)).toFixed(1);
  const rows = results.map((result, i) => {
    const their = peer?.works[i];
    if (their === undefined) return [result.name, result.columns.toLocaleString('en'), speed(result)];
    assertSame(result.name, result, their);
    const ratio = median(their.seconds) / median(result.seconds);
    return [result.name, result.columns.toLocaleString('en'), speed(result), speed(their), ratio.toFixed(1)];
  });
  const head = ['', 'columns', 'MB/s', ...(peer === undefined ? [] : [`${peer.program}, MB/s`, 'theirs / ours'])];
  return `${markdown(head, rows)}\n\nrequired: words and pairs at least 4 times as fast`;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      peers: { type: 'boolean', default: false },
      documents: { type: 'string', default: '100000' },
      file: { type: 'string' },
    },
  });
  const folder = mkdtempSync(join(tmpdir(), 'text-'));
  try {
    const given =
      values.file === undefined ? generated(Number(values.documents)).join('\n') : readFileSync(values.file, 'utf8');
    const path = join(folder, 'documents.txt');
    writeFileSync(path, given);
    const peer = values.peers ? await theirs(path) : undefined;
    console.log(report(Buffer.byteLength(given), ours(given.split('\n')), peer));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (require.main === module) {
  main().catch((error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
