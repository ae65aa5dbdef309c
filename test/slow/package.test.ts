// The packed package, installed into an empty project without native kernels.
import { execFile } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, buildSync } from 'esbuild';
import { inBrowser, launchChromium, newPage } from '../helpers/chromium.js';

const root = join(__dirname, '..', '..');
/** The files of the top folder that npm packs, in addition to the build. */
const SHOWN = ['LICENSE', 'README.md', 'package.json'].filter((name) => existsSync(join(root, name)));
let folder: string;
let project: string;
let tarball: string;

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run(command: string, args: readonly string[], cwd: string): Promise<Ended> {
  const env = { ...process.env, SOFTMAX_REGRESSION_CACHE: join(folder, 'cache') };
  // On Windows npm is a shell script.
  const shell = process.platform === 'win32' && command === 'npm';
  return new Promise((resolve) => {
    execFile(command, args, { cwd, env, shell, maxBuffer: 2 ** 24 }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

async function succeed(command: string, args: readonly string[], cwd: string): Promise<string> {
  const { code, stdout, stderr } = await run(command, args, cwd);
  if (code !== 0) throw new Error(`${command} ${args.join(' ')}: ${stdout}${stderr}`);
  return stdout;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'package-test-'));
  const source = join(folder, 'source');
  project = join(folder, 'project');
  mkdirSync(project);
  // Built in a copy: a build in the repository would replace dist while others use it.
  for (const name of [...SHOWN, 'src', 'scripts', 'tsconfig.json', 'tsconfig.cjs.json', 'tsconfig.esm.json']) {
    cpSync(join(root, name), join(source, name), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(source, 'node_modules'), 'junction');
  await succeed(process.execPath, ['scripts/build.mjs'], source);
  await succeed('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], source);
  const [packed] = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
  tarball = join(folder, packed);
  writeFileSync(join(project, 'package.json'), '{ "name": "empty", "private": true }');
  const packages = [tarball, '@tensorflow/tfjs@4.22.0'];
  await succeed(
    'npm',
    ['install', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', ...packages],
    project,
  );
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

const ENTRIES = ['', '/node', '/predict', '/predict-records', '/reference', '/report'].map(
  (door) => `softmax-regression${door}`,
);

/** Options that may be undefined, the schema of a model, and one error that the compiler must find. */
const STRICT = `import { createReadStream, readFileSync } from 'node:fs';
import { encodeRows, loadIris, parseCsv, readCsvRows, SoftmaxRegression, toOnnx } from 'softmax-regression';
import { fileCheckpoint, readCheckpoint } from 'softmax-regression/node';
export async function onnx() {
  const { features, labels, featureNames } = loadIris();
  const { model } = await SoftmaxRegression.fit(features, labels, { l2: 0.01 });
  return [toOnnx(model), toOnnx(model, { featureNames })];
}
export async function resumed(features: number[][], labels: string[]) {
  const checkpoint = fileCheckpoint('run.checkpoint', { every: { epochs: 5 } });
  const resume = await readCheckpoint('run.checkpoint');
  return SoftmaxRegression.fit(features, labels, { solver: 'adam', epochs: 100, checkpoint, resume });
}
export async function table() {
  const { features, labels, schema } = parseCsv(readFileSync('pets.csv'), { label: 'kind', missing: 'mean' });
  const { model } = await SoftmaxRegression.fit(features, labels, { schema });
  model.predict(encodeRows(model.schema, [{ width: 1.5, colour: 'red' }]));
  for await (const { rows } of readCsvRows(createReadStream('new.csv'), model.schema, { name: 'new.csv' })) {
    console.log(rows);
  }
}
export const wrong = { l2: 1, epochs: 'many' as string } satisfies { l2: number; epochs: number };
`;

describe('the packed package', () => {
  it('contains only the build, the licence, the readme and the manifest', () => {
    const installed = join(project, 'node_modules', 'softmax-regression');
    expect(readdirSync(installed).sort()).toEqual([...SHOWN, 'dist'].sort());
  });

  it('is a tarball of at most 700 kB', () => {
    expect(statSync(tarball).size).toBeLessThanOrEqual(700_000);
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

  it.each([
    ['node16', 'node16'],
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler'],
  ])('has types for the strictest options, with module %s and moduleResolution %s', async (module, resolution) => {
    writeFileSync(join(project, 'strict.mts'), STRICT);
    const options = {
      ...{ module, moduleResolution: resolution, target: 'es2022', types: ['node'], noEmit: true },
      ...{ strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, skipLibCheck: false },
      typeRoots: [join(root, 'node_modules', '@types')],
    };
    writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files: ['strict.mts'] }));
    const { stdout } = await run(
      process.execPath,
      [join(root, 'node_modules/typescript/bin/tsc'), '--pretty', 'false'],
      project,
    );
    // Errors in other packages are ignored.
    const errors = stdout.split('\n').filter((text) => /^[^ ]/.test(text) && !/node_modules\/(?!softmax)/.test(text));
    expect(errors).toEqual(["strict.mts(22,31): error TS2322: Type 'string' is not assignable to type 'number'."]);
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
