// Builds the page of web/ into dist-web/ (or --out), a folder for any static file server. --serve serves it on this
// machine, at --port (default 8080).
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, posix, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { build } from 'esbuild';
// biome-ignore lint/correctness/useImportExtensions: it is an ES module for Node, as it stands
import { smallFashionMnist } from './fashion-mnist.mjs';
// biome-ignore lint/correctness/useImportExtensions: it is an ES module for Node, as it stands
import { buildLearn } from './learn.mjs';
// biome-ignore lint/correctness/useImportExtensions: it is an ES module for Node, as it stands
import { replaceOutput } from './output-folder.mjs';
// biome-ignore lint/correctness/useImportExtensions: it is an ES module for Node, as it stands
import { serveFolder } from './server.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const require = createRequire(import.meta.url);

/** Allows the files of the folder and the compilation of wasm. 'wasm-unsafe-eval' allows no other evaluation. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

const WASM = ['tfjs-backend-wasm.wasm', 'tfjs-backend-wasm-simd.wasm'];

/** Scripts that no HTML file names. */
const WORKERS = ['worker.ts'];

/** Files of the whole page that the chapter's pages use. */
const CHAPTER_SHARES = ['style.css', 'icon.svg'];

/** Smaller files gain nothing. */
const LEAST_PACKED = 1000;

/**
 * Builds all pages of web/. The folder must be new, empty, or made by an earlier build.
 *
 * Every HTML file is a page; its module scripts are built from the TypeScript files of the same names. Style sheets and
 * drawings are copied. Each file has packed twins, .br and .gz, for servers that send them.
 *
 * @returns the bytes of script of the pages and their workers; and why the small Fashion-MNIST is missing, if it is
 */
async function buildWeb(folder) {
  const outdir = resolve(folder);
  const source = join(root, 'web');
  const all = readdirSync(source, { recursive: true }).map((name) => name.split(sep).join('/'));
  // learn.mjs builds the pages of the chapter.
  const names = all.filter((name) => !name.startsWith('learn/'));
  const read = (name) => readFileSync(join(source, name), 'utf8');
  const pages = names.filter((name) => name.endsWith('.html'));
  const scripts = new Set([...pages.flatMap((page) => scriptsOf(page, read(page))), ...WORKERS]);
  const options = { absWorkingDir: root, outbase: 'web', outdir, write: false, bundle: true, platform: 'browser' };
  const common = { ...options, target: 'es2022', minify: true, logLevel: 'warning' };
  const { metafile, outputFiles } = await build({
    ...common,
    entryPoints: [...scripts].map((name) => `web/${name}`),
    splitting: true,
    format: 'esm',
    metafile: true,
    legalComments: 'linked',
  });
  const nameOf = ({ path }) => relative(outdir, path).split(sep).join('/');
  const files = Object.fromEntries(outputFiles.map((file) => [nameOf(file), Buffer.from(file.contents)]));
  const fashion = await smallFashionMnist();
  Object.assign(files, fashion.files);
  // Without the data, there is no button.
  const html = (page) =>
    fashion.reason === undefined ? read(page) : read(page).replace(/^.*id="fashion-mnist".*\n/m, '');
  for (const page of pages)
    files[page] = Buffer.from(html(page).replace('CONTENT_SECURITY_POLICY', CONTENT_SECURITY_POLICY));
  for (const name of names.filter((each) => /\.(?:css|svg)$/.test(each))) files[name] = Buffer.from(read(name));
  files['style.css'] = Buffer.concat([Buffer.from(`${await colours()}\n`), files['style.css']]);
  for (const name of WASM) files[name] = readFileSync(require.resolve(`@tensorflow/tfjs-backend-wasm/dist/${name}`));
  for (const [name, content] of Object.entries(await buildLearn(CONTENT_SECURITY_POLICY)))
    files[name] = Buffer.from(content);
  const kept = Object.keys(files).filter(isNeeded);
  const version = versionOf(files);
  // The chapter has a worker of its own, whose files are a seventh of all.
  const chapter = kept.filter((name) => name.startsWith('learn/') || CHAPTER_SHARES.includes(name));
  for (const [scope, own] of [
    ['', kept],
    ['learn/', chapter],
  ]) {
    const define = { BUILD: JSON.stringify({ version, files: own.map((name) => posix.relative(scope, name)) }) };
    const worker = await build({ ...common, entryPoints: ['web/service-worker.ts'], format: 'iife', define });
    for (const file of worker.outputFiles) files[scope + nameOf(file)] = Buffer.from(file.contents);
  }
  replaceOutput(outdir, withPacked(files));
  const bytes = Object.values(metafile.outputs).reduce((sum, each) => sum + each.bytes, 0);
  return { bytes, missing: fashion.reason };
}

/** The TypeScript files of a page's module scripts, by path in web/. */
function scriptsOf(page, html) {
  const sources = html.matchAll(/<script type="module" src="([^"]+)\.js"/g);
  return Array.from(sources, ([, name]) => join(dirname(page), `${name}.ts`).split(sep).join('/'));
}

/** Whether a page needs a file. Licences of bundled code are only read. */
function isNeeded(name) {
  return !name.endsWith('.LEGAL.txt');
}

/** One version for all files together, so that the service worker never mixes builds. */
function versionOf(files) {
  const hash = createHash('sha256');
  for (const name of Object.keys(files).sort()) hash.update(`${name} ${files[name].length}\n`).update(files[name]);
  return hash.digest('hex').slice(0, 16);
}

/** The files, and each with its packed twins. */
function withPacked(files) {
  const packed = Object.entries(files)
    .filter(([name, content]) => isNeeded(name) && content.length >= LEAST_PACKED)
    .flatMap(([name, content]) => [
      [`${name}.br`, brotliCompressSync(content)],
      [`${name}.gz`, gzipSync(content, { level: 9 })],
    ]);
  return { ...files, ...Object.fromEntries(packed) };
}

/** The colours of the report as CSS custom properties. */
async function colours() {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ['src/report/theme.ts'],
    bundle: true,
    format: 'esm',
    write: false,
  });
  const { PALETTES, DIVERGING, properties } = await import(
    `data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`
  );
  return `:root { ${properties(PALETTES.light)} ${properties(DIVERGING)} }
@media (prefers-color-scheme: dark) { :root { ${properties(PALETTES.dark)} } }`;
}

/** Serves a folder to this machine only. The policy is also sent as a header, because workers follow the header. */
function serve(folder, port) {
  return serveFolder(folder, port, {
    'Content-Security-Policy': CONTENT_SECURITY_POLICY,
    'Referrer-Policy': 'no-referrer',
  });
}

async function main() {
  const { values } = parseArgs({
    options: {
      serve: { type: 'boolean' },
      port: { type: 'string', default: '8080' },
      out: { type: 'string', default: join(root, 'dist-web') },
    },
  });
  const { bytes, missing } = await buildWeb(values.out);
  console.log(`${values.out}: ${(bytes / 1e6).toFixed(1)} MB of script, plus wasm`);
  if (missing !== undefined) console.log(`The page has no button for Fashion-MNIST. ${missing}`);
  if (!values.serve) return;
  const server = await serve(values.out, Number(values.port));
  console.log(`http://localhost:${server.address().port}`);
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
