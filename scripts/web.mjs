// Builds the page of web/ into dist-web/ (or --out), a folder for any static file server. --serve serves it on this
// machine, at --port (default 8080).
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';

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

/** @returns the bytes of script of the page and its worker */
export async function buildWeb(outdir = join(root, 'dist-web')) {
  rmSync(outdir, { recursive: true, force: true });
  mkdirSync(outdir, { recursive: true });
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: ['web/main.ts', 'web/worker.ts'],
    outdir,
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
  writeFileSync(join(outdir, 'index.html'), html.replace('CONTENT_SECURITY_POLICY', CONTENT_SECURITY_POLICY));
  writeFileSync(join(outdir, 'style.css'), `${await colours()}\n${readFileSync(join(root, 'web/style.css'), 'utf8')}`);
  cpSync(join(root, 'web/icon.svg'), join(outdir, 'icon.svg'));
  for (const name of WASM) cpSync(require.resolve(`@tensorflow/tfjs-backend-wasm/dist/${name}`), join(outdir, name));
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

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
};

/** Serves a folder to this machine only. The policy is also sent as a header, because workers follow the header. */
export function serve(folder, port = 0) {
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname));
    try {
      const file = join(folder, path.endsWith('/') ? `${path}index.html` : path);
      const body = readFileSync(file);
      response.writeHead(200, {
        'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream',
        'Content-Security-Policy': CONTENT_SECURITY_POLICY,
        'X-Content-Type-Options': 'nosniff',
        'Referrer-Policy': 'no-referrer',
      });
      response.end(body);
    } catch {
      response.writeHead(404, { 'Content-Type': 'text/plain' }).end('Not found');
    }
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
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

if (import.meta.url === pathToFileURL(process.argv[1]).href) main();
