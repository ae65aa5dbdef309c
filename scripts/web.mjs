// Builds the page of web/ into dist-web/ (or --out), a folder for any static file server. --serve serves it on this
// machine, at --port (default 8080).
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative, resolve, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
// biome-ignore lint/correctness/useImportExtensions: it is an ES module for Node, as it stands
import { buildLearn } from './learn.mjs';
// biome-ignore lint/correctness/useImportExtensions: it is an ES module for Node, as it stands
import { replaceOutput } from './output-folder.mjs';
// biome-ignore lint/correctness/useImportExtensions: it is an ES module for Node, as it stands
import { serveFolder } from './server.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const require = createRequire(import.meta.url);

/** Allows the files of the folder and the compilation of wasm. 'wasm-unsafe-eval' allows no other evaluation. */
export const CONTENT_SECURITY_POLICY = [
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

/**
 * Builds the page. The folder must be new, empty, or made by an earlier build.
 *
 * @returns the bytes of script of the page and its worker
 */
export async function buildWeb(folder = join(root, 'dist-web')) {
  const outdir = resolve(folder);
  const { metafile, outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ['web/main.ts', 'web/worker.ts'],
    outdir,
    write: false,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    minify: true,
    metafile: true,
    legalComments: 'linked',
    logLevel: 'warning',
  });
  const html = readFileSync(join(root, 'web/index.html'), 'utf8');
  const files = {
    ...Object.fromEntries(
      outputFiles.map(({ path, contents }) => [relative(outdir, path).split(sep).join('/'), contents]),
    ),
    'index.html': html.replace('CONTENT_SECURITY_POLICY', CONTENT_SECURITY_POLICY),
    'style.css': `${await colours()}\n${readFileSync(join(root, 'web/style.css'), 'utf8')}`,
    'icon.svg': readFileSync(join(root, 'web/icon.svg')),
  };
  for (const name of WASM) files[name] = readFileSync(require.resolve(`@tensorflow/tfjs-backend-wasm/dist/${name}`));
  Object.assign(files, await buildLearn(CONTENT_SECURITY_POLICY));
  replaceOutput(outdir, files);
  return Object.values(metafile.outputs).reduce((sum, { bytes }) => sum + bytes, 0);
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
export function serve(folder, port = 0) {
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
  const bytes = await buildWeb(values.out);
  console.log(`${values.out}: ${(bytes / 1e6).toFixed(1)} MB of script, plus wasm`);
  if (!values.serve) return;
  const server = await serve(values.out, Number(values.port));
  console.log(`http://localhost:${server.address().port}`);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  main().catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
