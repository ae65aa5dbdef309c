// The packed package, installed into an empty project without native kernels.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, buildSync } from 'esbuild';
import { inBrowser, launchChromium, newPage } from '../helpers/chromium.js';
import { installPacked, run, SHOWN, succeed } from '../helpers/packed.js';

let folder: string;
let project: string;
let tarball: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'package-test-'));
  process.env.SOFTMAX_REGRESSION_CACHE = join(folder, 'cache');
  ({ project, tarball } = await installPacked(folder));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What a script of the project prints as JSON. */
async function evaluate(name: string, script: string): Promise<unknown> {
  writeFileSync(join(project, name), script);
  // Without this flag, Node 20.19 and newer can require packages that have only ES modules.
  const strict = process.allowedNodeEnvironmentFlags.has('--experimental-require-module');
  const flags = strict ? ['--no-experimental-require-module'] : [];
  const stdout = await succeed(process.execPath, [...flags, name], project);
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
}

const ENTRIES = [
  '',
  '/formats',
  '/mpi',
  '/node',
  '/predict',
  '/predict-records',
  '/predict-text',
  '/reference',
  '/report',
].map((door) => `softmax-regression${door}`);

describe('the packed package', () => {
  it('contains only the build, the licence, the readme and the manifest', () => {
    const installed = join(project, 'node_modules', 'softmax-regression');
    expect(readdirSync(installed).sort()).toEqual([...SHOWN, 'dist'].sort());
  });

  it('is a tarball of at most 740 kB', () => {
    expect(statSync(tarball).size).toBeLessThanOrEqual(740_000);
  });

  it('has each declaration that another one refers to, and none of the command line', () => {
    const dist = join(project, 'node_modules', 'softmax-regression', 'dist');
    const names = (readdirSync(dist, { recursive: true }) as string[]).filter((name) => /\.d\.m?ts$/.test(name));
    const missing = names.flatMap((name) => {
      const text = readFileSync(join(dist, name), 'utf8');
      const files = Array.from(text.matchAll(/['"](\.\.?\/[^'"\n]*)\.js['"]/g), ([, file]) =>
        join(name, '..', `${file}.d.ts`),
      );
      return files.filter((file) => !names.includes(file));
    });
    expect(missing).toEqual([]);
    expect(names).toContain(join('cjs', 'metrics.d.ts'));
    expect(names.filter((name) => name.includes(join('cjs', 'cli')))).toEqual([]);
  });

  it('has no native kernels, and runs no install script', () => {
    expect(readdirSync(join(project, 'node_modules', '@tensorflow'))).not.toContain('tfjs-node');
    expect(readdirSync(folder)).not.toContain('cache');
  });

  it.each(ENTRIES)('%s exports the same names to import and require', async (entry) => {
    const names = (await evaluate(
      'names.cjs',
      `console.log(JSON.stringify(Object.keys(require('${entry}')).sort()));`,
    )) as string[];
    const imported = await evaluate(
      'names.mjs',
      `import * as all from '${entry}'; import { ${names.join(', ')} } from '${entry}';
       console.log(JSON.stringify(Object.keys(all).filter((name) => !['default', '__esModule', 'module.exports'].includes(name)).sort()));`,
    );
    expect(imported).toEqual(names);
    expect(names.length).toBeGreaterThan(0);
  });

  it('shares its state between import and require', async () => {
    const script = `import { createRequire } from 'node:module';
      import { BackendError } from 'softmax-regression';
      import { loadNative } from 'softmax-regression/node';
      const require = createRequire(import.meta.url);
      console.log(JSON.stringify([
        BackendError === require('softmax-regression').BackendError,
        loadNative === require('softmax-regression/node').loadNative,
        await loadNative().catch((error) => error instanceof BackendError),
      ]));`;
    expect(await evaluate('state.mjs', script)).toEqual([true, true, true]);
  });

  it('computes without native kernels', async () => {
    const script = `const { asLogits, softmax } = require('softmax-regression');
      const reference = require('softmax-regression/reference');
      console.log(JSON.stringify([softmax(asLogits([[0, 0]])).arraySync(), reference.oneHot([1], 2).values]));`;
    expect(await evaluate('compute.cjs', script)).toEqual([[[0.5, 0.5]], { 0: 0, 1: 1 }]);
  });

  it('is bundled for browsers without Node modules', () => {
    const { outputFiles, metafile } = buildSync({
      stdin: { contents: "export * from 'softmax-regression';", resolveDir: project },
      bundle: true,
      platform: 'browser',
      format: 'esm',
      write: false,
      metafile: true,
      logLevel: 'silent',
    });
    const inputs = Object.keys(metafile.inputs);
    expect(inputs.filter((path) => /csv-parse|tfjs-node|softmax-regression\/dist\/cjs/.test(path))).toEqual([]);
    expect(outputFiles[0].text).not.toMatch(/["']node:/);
  });

  it('renders a report, by require and by import', async () => {
    const input = `{
      data: { name: 'Two', trainingSamples: 2 },
      model: { classes: ['a', 'b'], numFeatures: 1, numParameters: 4, weight: [[1, -1]], bias: [0, 0], options: {} },
      evaluation: {
        samples: 2, accuracy: 1, logLoss: 0.1,
        perClass: { classes: ['a', 'b'], precision: [1, 1], recall: [1, 1], fscore: [1, 1], support: [1, 1] },
        confusion: { classes: ['a', 'b'], counts: [[1, 0], [0, 1]] },
      },
    }`;
    const print = 'then((html) => console.log(JSON.stringify(html.length)))';
    const sizes = [
      await evaluate('report.cjs', `require('softmax-regression/report').renderReport(${input}).${print};`),
      await evaluate(
        'report.mjs',
        `import { renderReport } from 'softmax-regression/report'; renderReport(${input}).${print};`,
      ),
    ];
    expect(sizes[0]).toBeGreaterThan(10_000);
    expect(sizes[1]).toBe(sizes[0]);
  });

  it('is bundled without plots unless the report is used, and always without linkedom', async () => {
    const packagesOf = async (entry: string): Promise<string[]> => {
      const { metafile } = await build({
        stdin: { contents: `export * from '${entry}';`, resolveDir: project },
        bundle: true,
        write: false,
        metafile: true,
        platform: 'browser',
        format: 'esm',
        logLevel: 'silent',
      });
      const inputs = Object.keys(metafile.inputs).filter((path) => !path.startsWith('(disabled)'));
      return [...new Set(inputs.map((path) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? ''))];
    };
    const reported = await packagesOf('softmax-regression/report');
    expect(reported).toContain('@observablehq/plot');
    expect(reported.filter((name) => ['linkedom', '@tensorflow/tfjs'].includes(name))).toEqual([]);
    const all = await packagesOf('softmax-regression');
    expect(all).toContain('@tensorflow/tfjs-core');
    expect(all.filter((name) => /^(d3|@observablehq|linkedom|fast-png)/.test(name))).toEqual([]);
  });

  it('has an executable that reports what is missing', async () => {
    const executable = join(project, 'node_modules', '.bin', 'softmax-regression');
    expect(await succeed(executable, ['--version'], project)).toMatch(/^\d+\.\d+\.\d+\n$/);
    const { code, stdout } = await run(executable, ['doctor'], project);
    expect(code).toBe(1);
    expect(stdout).toMatch(/problem +@tensorflow\/tfjs-node +not installed/);
    expect(stdout).toContain('Next: npm install --ignore-scripts @tensorflow/tfjs-node@4.22.0');
  });
});

/** An app whose page shows what it computed. */
const APP = `
  import { loadIris, SoftmaxRegression, selectBackend } from 'softmax-regression';
  import { loadPredictor } from 'softmax-regression/predict';
  async function main() {
    const { backend } = await selectBackend('cpu');
    const { features, labels } = loadIris();
    const { model, result } = await SoftmaxRegression.fit(features, labels, { l2: 0.01 });
    const rows = [features[0], features[60], features[140]];
    const predicted = [model.predict(rows), loadPredictor(model.toBytes()).predict(rows)];
    return { backend, converged: result.converged, predicted };
  }
  main().then((seen) => { document.title = JSON.stringify(seen); }, (error) => { document.title = String(error); });
`;

/** Scripts for Node in the project, which bundle app.js into `folder`. */
const BUNDLERS: Readonly<Record<string, (folder: string) => string>> = {
  esbuild: (out) => `
    require(${module('esbuild')}).build({
      entryPoints: ['app.js'], bundle: true, format: 'esm', splitting: true, platform: 'browser', minify: true, outdir: '${out}',
    });`,
  vite: (out) => `
    import(${JSON.stringify(`file://${require.resolve('vite/package.json').replace('package.json', 'dist/node/index.js')}`)}).then(({ build }) => build({
      root: process.cwd(), base: './', logLevel: 'warn',
      build: { outDir: '${out}', assetsDir: '', emptyOutDir: true, rollupOptions: { output: { entryFileNames: 'app.js' } } },
    }));`,
  webpack: (out) => `
    require(${module('webpack')})({
      mode: 'production', context: process.cwd(), entry: './app.js', output: { path: '${out}', filename: 'app.js' }, performance: false,
    }, (error, stats) => {
      if (error || stats.hasErrors()) { console.error(error ?? stats.toString()); process.exitCode = 1; }
    });`,
};

function module(name: string): string {
  return JSON.stringify(require.resolve(name));
}

inBrowser('an app with the packed package', () => {
  it.each(Object.keys(BUNDLERS))('bundled by %s runs in a browser, without Node modules', async (bundler) => {
    const out = join(folder, `bundled-${bundler}`);
    writeFileSync(join(project, 'app.js'), APP);
    writeFileSync(join(project, 'index.html'), '<!doctype html><script type="module" src="./app.js"></script>');
    writeFileSync(join(project, `bundle-${bundler}.cjs`), BUNDLERS[bundler](out));
    await succeed(process.execPath, [`bundle-${bundler}.cjs`], project);
    const scripts = readdirSync(out).filter((name) => name.endsWith('.js'));
    for (const name of scripts) {
      expect(readFileSync(join(out, name), 'utf8')).not.toMatch(/["'`](node:[a-z]|@tensorflow\/tfjs-node)/);
    }
    const page = '<!doctype html><link rel="icon" href="data:,"><script type="module" src="./app.js"></script>';
    const server = createServer(({ url = '/' }, response) => {
      const name = scripts.find((script) => url === `/${script}`);
      response.setHeader('Content-Type', name === undefined ? 'text/html' : 'text/javascript');
      response.end(name === undefined ? page : readFileSync(join(out, name)));
    });
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    const browser = await launchChromium();
    try {
      const tab = await newPage(browser);
      const complaints: string[] = [];
      tab.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
      tab.on('pageerror', (error) => complaints.push(String(error)));
      await tab.goto(`http://localhost:${(server.address() as AddressInfo).port}/`);
      await tab.waitForFunction(() => document.title !== '');
      const species = ['setosa', 'versicolor', 'virginica'];
      expect(JSON.parse(await tab.title())).toEqual({
        backend: 'cpu',
        converged: true,
        predicted: [species, species],
      });
      expect(complaints).toEqual([]);
    } finally {
      await browser.close();
      server.close();
    }
  });
});
