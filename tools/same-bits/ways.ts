// The ways to compute the same models: engines, with and without WebAssembly, native kernels with several threads.
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build, type Plugin } from 'esbuild';
import { nativeStatus } from '../../src/node/native/load.js';
import { float64Addon } from '../../src/node/native/record.js';
import { CHROMIUM, launchChromium, newPage } from '../../test/helpers/chromium.js';
import { canLaunchFirefox, launchFirefox } from '../../test/helpers/firefox.js';
import { binaryOf } from '../nodes/binary.js';
import type { CaseName, Hashes } from './cases.js';

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
  readonly addon?: string;
  readonly env?: Readonly<Record<string, string>>;
}

const NODE = `const [script, names, addon] = process.argv.slice(1);
if (process.env.WITHOUT_WEBASSEMBLY) delete globalThis.WebAssembly;
require(script);
sameBits(names.split(','), addon ? require(addon) : undefined).then((hashes) => console.log(JSON.stringify(hashes)));`;

function inNode(path: string, { withoutWebAssembly = false, addon, env }: NodeOptions = {}): Way['run'] {
  return async ({ node, names }) => {
    const args = ['-e', NODE, node, names.join(), ...(addon === undefined ? [] : [addon])];
    const own = { ...env, ...(withoutWebAssembly ? { WITHOUT_WEBASSEMBLY: '1' } : {}) };
    const { stdout } = await promisify(execFile)(path, args, { env: { ...process.env, ...own }, maxBuffer: 2 ** 24 });
    return JSON.parse(stdout.trim().split('\n').at(-1) as string);
  };
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
      const page = await newPage(browser);
      await page.goto(url);
      await page.waitForFunction(() => document.querySelector('output')?.textContent);
      return await page.textContent('output');
    } finally {
      await browser.close();
    }
  });
}

function inFirefox(scripts: Scripts, withoutWebAssembly: boolean): Promise<Hashes> {
  return served(scripts, withoutWebAssembly, async (url) => {
    const browser = await launchFirefox();
    try {
      const page = await browser.newPage();
      await page.goto(url);
      await page.waitForFunction(() => document.querySelector('output')?.textContent, { timeout: 0 });
      return await page.$eval('output', (output) => output.textContent);
    } finally {
      await browser.close();
    }
  });
}
