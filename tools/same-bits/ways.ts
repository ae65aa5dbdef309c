// The ways to compute the same models: engines, with and without WebAssembly, native kernels with several threads.
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { build, type Plugin } from 'esbuild';
import { nativeStatus } from '../../src/node/native/load.js';
import { LOCAL_TRANSPORT, launcherArguments, mpiStatus } from '../../src/node/native/mpi.js';
import { float64Addon } from '../../src/node/native/record.js';
import { CHROMIUM, launchChromium } from '../../test/helpers/chromium.js';
import { canLaunchFirefox, launchFirefox } from '../../test/helpers/firefox.js';
import { binaryOf } from '../nodes/binary.js';
import type { CaseName, Hashes } from './cases.js';

/** Milliseconds for the fits in a browser. They keep its page busy all the time. */
const LIMIT = 1_800_000;

/** The fits as a script for each kind of engine. */
export interface Scripts {
  readonly node: string;
  readonly page: string;
  readonly names: readonly CaseName[];
  remove(): void;
}

/** A text of a source file, and what takes its place. */
export interface Plant {
  /** From the root of the repository. */
  readonly file: string;
  readonly text: string;
  readonly by: string;
}

/** @param plant an error, for tests */
export async function bundle(names: readonly CaseName[], plant?: Plant): Promise<Scripts> {
  const folder = mkdtempSync(join(tmpdir(), 'same-bits-'));
  const scripts = { node: join(folder, 'node.cjs'), page: join(folder, 'page.js') };
  const options = {
    ...{ entryPoints: [join(__dirname, 'entry.ts')], bundle: true, logLevel: 'error' as const },
    plugins: plant === undefined ? [] : [planting(plant)],
  };
  await build({ ...options, outfile: scripts.node, platform: 'node', format: 'cjs' });
  await build({ ...options, outfile: scripts.page, platform: 'browser', format: 'iife' });
  return { ...scripts, names, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

function planting({ file, text, by }: Plant): Plugin {
  const path = join(__dirname, '..', '..', file);
  return {
    name: 'plant',
    setup({ onLoad }) {
      onLoad({ filter: /\.ts$/ }, (loaded) => {
        if (loaded.path !== path) return undefined;
        const source = readFileSync(path, 'utf8');
        if (!source.includes(text)) throw new Error(`${file} must contain ${text}`);
        return { contents: source.replace(text, by), loader: 'ts' };
      });
    },
  };
}

/** One way to compute. */
export interface Way {
  readonly name: string;
  /** Why it cannot run here. */
  readonly missing?: string;
  readonly run: (scripts: Scripts) => Promise<Hashes>;
}

/** Node's versions that the package supports. */
const NODES = ['20', '22', '24', '26'];
const THREADS = [1, 2, 3, 4, 8];
/** Processes over MPI. Those without rows of a model take part all the same. */
const RANKS = [2, 3, 4, 8];

/** The ways that need no download. */
export function waysHere(): Way[] {
  const [{ execPath }, node] = [process, `Node ${process.versions.node}`];
  const addon = addonPath();
  const missing = addon === undefined ? 'no native kernels: npx softmax-regression native install' : undefined;
  return [
    { name: `${node}, WebAssembly`, run: inNode(execPath) },
    { name: `${node}, without WebAssembly`, run: inNode(execPath, { withoutWebAssembly: true }) },
    ...THREADS.map((threads) => ({
      name: `${node}, native, ${threads} thread${threads === 1 ? '' : 's'}`,
      missing,
      run: inNode(execPath, { addon, env: { TF_NUM_INTRAOP_THREADS: String(threads) } }),
    })),
    {
      name: `${node}, native, 2 numbers at a time`,
      missing,
      run: inNode(execPath, { addon, env: { SOFTMAX_REGRESSION_LANES: '4' } }),
    },
    { name: `${node}, rows read again for each pass`, run: inNode(execPath, { isStored: true }) },
    ...RANKS.map((ranks) => ({
      name: `${node}, ${ranks} ranks`,
      missing: mpiStatus().installed ? undefined : 'no MPI: npx softmax-regression native install --mpi',
      run: inRanks(execPath, ranks),
    })),
    ...[false, true].flatMap((withoutWebAssembly): Way[] => {
      const engine = withoutWebAssembly ? 'without WebAssembly' : 'WebAssembly';
      return [
        {
          name: `Chromium, ${engine}`,
          missing: CHROMIUM === undefined ? 'no chromium, and $CHROMIUM is not set' : undefined,
          run: (scripts) => inChromium(scripts, withoutWebAssembly),
        },
        {
          name: `Firefox, ${engine}`,
          missing: canLaunchFirefox() ? undefined : 'no firefox-esr, and $FIREFOX is not set',
          run: (scripts) => inFirefox(scripts, withoutWebAssembly),
        },
      ];
    }),
  ];
}

/** Other versions of Node, from the package registry. */
export function otherNodes(): Way[] {
  const others = NODES.filter((major) => !process.versions.node.startsWith(`${major}.`));
  return others.flatMap((major) => {
    const path = binaryOf(major);
    const missing = path === undefined ? 'no binary for this platform' : undefined;
    return [
      { name: `Node ${major}, WebAssembly`, missing, run: inNode(path ?? '') },
      { name: `Node ${major}, without WebAssembly`, missing, run: inNode(path ?? '', { withoutWebAssembly: true }) },
    ];
  });
}

function addonPath(): string | undefined {
  const status = nativeStatus();
  const addon = status.installed ? float64Addon(status.addon) : '';
  return existsSync(addon) ? addon : undefined;
}

interface NodeOptions {
  readonly withoutWebAssembly?: boolean;
  readonly isStored?: boolean;
  readonly addon?: string;
  readonly env?: Readonly<Record<string, string>>;
}

const NODE = `const [script, names, reading, addon] = process.argv.slice(1);
if (process.env.WITHOUT_WEBASSEMBLY) delete globalThis.WebAssembly;
require(script);
sameBits(names.split(','), addon ? require(addon) : undefined, JSON.parse(reading)).then((hashes) => console.log(JSON.stringify(hashes)));`;

function inNode(path: string, { withoutWebAssembly = false, isStored, addon, env }: NodeOptions = {}): Way['run'] {
  return ({ node, names }) => {
    const reading = JSON.stringify({ isStored });
    const args = ['-e', NODE, node, names.join(), reading, ...(addon === undefined ? [] : [addon])];
    return hashesFrom(path, args, { ...env, ...(withoutWebAssembly ? { WITHOUT_WEBASSEMBLY: '1' } : {}) });
  };
}

/** Prints the hashes of rank 0, or an error if another rank has others. */
const RANK = `const [script, names, file] = process.argv.slice(1);
require(script);
(async () => {
  const { default: mpi } = await import(file);
  const communicator = await mpi.openCommunicator({ quiet: true });
  const hashes = JSON.stringify(await sameBits(names.split(','), undefined, { communicator }));
  const all = await communicator.allGather(Buffer.from(hashes));
  if (all.some((other) => Buffer.from(other).toString() !== hashes)) throw new Error('the ranks have different models');
  console.log(hashes);
})();`;

/** The file itself, which finds the addon's source beside it, and what lets Node read it. */
const ROOT = join(__dirname, '..', '..');
const OPEN = pathToFileURL(join(ROOT, 'src/mpi/open.ts')).href;
const TSX = pathToFileURL(join(ROOT, 'node_modules/tsx/dist/loader.mjs')).href;

function inRanks(path: string, workers: number): Way['run'] {
  return ({ node, names }) => {
    const mpi = mpiStatus();
    if (!mpi.installed) throw new Error(mpi.reason);
    const args = [...launcherArguments(workers), path, '--import', TSX, '-e', RANK, node, names.join(), OPEN];
    return hashesFrom(mpi.mpiexec, args, LOCAL_TRANSPORT);
  };
}

async function hashesFrom(
  path: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Hashes> {
  const options = { env: { ...process.env, ...env }, maxBuffer: 2 ** 24 };
  const { stdout } = await promisify(execFile)(path, args, options).catch(({ stderr, message }) => {
    throw new Error(/^.*Error: .*$/m.exec(stderr)?.[0] ?? message);
  });
  return JSON.parse(stdout.trim().split('\n').at(-1) as string);
}

/** A page that shows the hashes, or an error, in its one element. */
const pageOf = (names: readonly CaseName[], withoutWebAssembly: boolean) => `<!doctype html>
<meta charset="utf-8"><title>same bits</title><body><output></output>
<script>
${withoutWebAssembly ? 'delete globalThis.WebAssembly;' : ''}
const show = (text) => { document.querySelector('output').textContent = text; };
addEventListener('error', ({ message }) => show('error: ' + message));
</script>
<script src="page.js"></script>
<script>sameBits(${JSON.stringify(names)}).then((hashes) => show(JSON.stringify(hashes)), (error) => show(String(error)));</script>`;

/** Serves the page while `use` opens its address and reads its text. */
async function served(
  { page, names }: Scripts,
  withoutWebAssembly: boolean,
  use: (url: string) => Promise<string | null>,
): Promise<Hashes> {
  const server: Server = createServer(({ url }, response) => {
    const isScript = url === '/page.js';
    response.setHeader('content-type', `${isScript ? 'text/javascript' : 'text/html'}; charset=utf-8`);
    response.end(isScript ? readFileSync(page) : pageOf(names, withoutWebAssembly));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const text = await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    if (text === null || !text.startsWith('{')) throw new Error(text ?? 'the page is empty');
    return JSON.parse(text);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

function inChromium(scripts: Scripts, withoutWebAssembly: boolean): Promise<Hashes> {
  return served(scripts, withoutWebAssembly, async (url) => {
    const browser = await launchChromium([]);
    try {
      const page = await browser.newPage();
      await page.goto(url, { timeout: LIMIT });
      await page.waitForFunction(() => document.querySelector('output')?.textContent, null, { timeout: LIMIT });
      return await page.textContent('output', { timeout: LIMIT });
    } finally {
      await browser.close();
    }
  });
}

function inFirefox(scripts: Scripts, withoutWebAssembly: boolean): Promise<Hashes> {
  return served(scripts, withoutWebAssembly, async (url) => {
    const browser = await launchFirefox(LIMIT);
    try {
      const page = await browser.newPage();
      await page.goto(url);
      await page.waitForFunction(() => document.querySelector('output')?.textContent, { timeout: LIMIT });
      return await page.$eval('output', (output) => output.textContent);
    } finally {
      await browser.close();
    }
  });
}
