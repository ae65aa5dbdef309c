// npm run test:nodes [-- --node 22] [--kernels native] [JEST ARGUMENTS]: runs all test suites on every supported Node,
// with and without native kernels. The Node binaries come from the npm package for this platform and are cached.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { cacheFolder } from '../../src/node/files.js';
import { binaryOf, PLATFORM } from './binary.js';

const ROOT = join(__dirname, '..', '..');
const NODES = ['20', '22', '24', '26'];
/** The fast suite and the slow one. */
const CONFIGS = ['jest.config.js', 'test/slow/jest.config.js'];
const KERNELS = ['native', 'none'] as const;
type Kernels = (typeof KERNELS)[number];

interface Row {
  readonly node: string;
  readonly kernels: Kernels;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly seconds: number;
  /** The failed suites, or the reason why nothing ran. */
  readonly wrong: readonly string[];
}

function main(args: string[]): void {
  const nodes = taken(args, '--node', NODES);
  const kernels = taken(args, '--kernels', KERNELS);
  const scratch = mkdtempSync(join(tmpdir(), 'test-nodes-'));
  try {
    console.log('Node        kernels   passed   failed  skipped  seconds');
    for (const node of nodes) {
      for (const each of kernels) {
        const row = test(node, each, args, scratch);
        print(row);
        if (row.wrong.length > 0) process.exitCode = 1;
      }
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function print({ node, kernels, passed, failed, skipped, seconds, wrong }: Row): void {
  const counts = [passed, failed, skipped, Math.round(seconds)].map((count) => String(count).padStart(9));
  console.log(`${node.padEnd(12)}${kernels.padEnd(7)}${counts.join('')}${wrong.map((name) => `\n  ${name}`).join('')}`);
}

/** Removes our own option from the arguments of jest and returns its values; default: all allowed values. */
function taken<T extends string>(args: string[], option: string, allowed: readonly T[]): readonly T[] {
  const values: T[] = [];
  for (let at = args.indexOf(option); at !== -1; at = args.indexOf(option)) {
    const [, value] = args.splice(at, 2);
    if (!allowed.includes(value as T)) throw new Error(`${option} must be among ${allowed.join(', ')}`);
    values.push(value as T);
  }
  return values.length === 0 ? allowed : values;
}

function test(major: string, kernels: Kernels, args: readonly string[], scratch: string): Row {
  const none = { node: major, kernels, passed: 0, failed: 0, skipped: 0, seconds: 0 };
  const node = binaryOf(major);
  if (node === undefined) return { ...none, wrong: [`no binary of Node ${major} for ${PLATFORM}`] };
  const version = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim();
  console.error(`test:nodes: Node ${version}, kernels: ${kernels}`);
  const start = Date.now();
  const env = environment(node, kernels, scratch);
  const row = { ...none, node: version, wrong: [] as string[] };
  for (const [i, config] of CONFIGS.entries()) {
    const report = join(scratch, `${major}-${kernels}-${i}.json`);
    const own = ['--config', config, '--passWithNoTests', '--json', '--outputFile', report];
    spawnSync(node, [require.resolve('jest/bin/jest'), ...own, ...args], {
      cwd: ROOT,
      env,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    if (!existsSync(report)) {
      row.wrong.push(`jest wrote no report for ${config}`);
      continue;
    }
    const results = JSON.parse(readFileSync(report, 'utf8'));
    row.passed += results.numPassedTests;
    row.failed += results.numFailedTests;
    row.skipped += results.numPendingTests;
    for (const { name, status } of results.testResults as { name: string; status: string }[]) {
      if (status === 'failed') row.wrong.push(name.slice(ROOT.length + 1));
    }
  }
  if (row.passed + row.failed + row.skipped + row.wrong.length === 0) row.wrong.push('no test ran');
  return { ...row, seconds: (Date.now() - start) / 1000 };
}

/** The environment of a machine with or without kernels. Child processes of the tests use the same Node. */
function environment(node: string, kernels: Kernels, scratch: string): NodeJS.ProcessEnv {
  const { SOFTMAX_REGRESSION_REQUIRE_NATIVE: _, ...env } = process.env;
  const path = { ...env, PATH: [dirname(node), env.PATH].join(delimiter) };
  if (kernels === 'native') return { ...path, SOFTMAX_REGRESSION_REQUIRE_NATIVE: '1' };
  // A cache with the data but without kernels.
  const empty = join(scratch, 'cache');
  mkdirSync(empty, { recursive: true });
  for (const name of existsSync(cacheFolder()) ? readdirSync(cacheFolder()) : []) {
    const link = join(empty, name);
    if (!['native', 'nodes'].includes(name) && !existsSync(link)) symlinkSync(cacheFolder(name), link, 'junction');
  }
  return { ...path, SOFTMAX_REGRESSION_CACHE: empty };
}

try {
  main(process.argv.slice(2));
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 2;
}
