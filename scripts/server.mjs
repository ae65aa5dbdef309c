// Serves a folder to this machine only, as any web page and any program of this machine may ask for it.
import { lstatSync, readFileSync, realpathSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
};

/** Half-open and idle connections end after these milliseconds. */
const LIMITS = { headersTimeout: 10_000, requestTimeout: 10_000, keepAliveTimeout: 5_000, maxHeaderSize: 8192 };

/** The names of this machine. Under another name, a page elsewhere could read this server (DNS rebinding). */
const HOST = /^(localhost|127\.0\.0\.1)(:\d+)?$/i;

/**
 * @param headers headers of every file
 * @returns the listening server
 */
export function serveFolder(folder, port, headers) {
  const root = realpathSync(folder);
  const server = createServer(LIMITS, (request, response) => {
    const { status, body, type, ...more } = answer(root, request);
    const text = body === undefined ? `${status}\n` : body;
    response.writeHead(status, {
      'Content-Type': type ?? 'text/plain',
      'Content-Length': Buffer.byteLength(text),
      'X-Content-Type-Options': 'nosniff',
      ...(status === 200 ? headers : { Connection: 'close' }),
      ...more,
    });
    response.end(request.method === 'HEAD' ? undefined : text);
  });
  server.maxConnections = 256;
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

function answer(root, { method, url, headers }) {
  if (!HOST.test(headers.host ?? '')) return { status: 421 };
  if (method !== 'GET' && method !== 'HEAD') return { status: 405, Allow: 'GET, HEAD' };
  const names = namesIn(url);
  if (names === undefined) return { status: 400 };
  const file = join(root, ...names);
  try {
    // Neither a link nor a file behind one: it may lead anywhere.
    if (realpathSync(file) !== file || !lstatSync(file).isFile()) return { status: 404 };
    return { status: 200, body: readFileSync(file), type: TYPES[extname(file)] ?? 'application/octet-stream' };
  } catch {
    return { status: 404 };
  }
}

/** The folders and the file that a request names, or undefined if it is malformed. Only paths are accepted, no URLs. */
function namesIn(url) {
  const [path] = url.split('?', 1);
  if (!path.startsWith('/')) return undefined;
  try {
    const names = path.slice(1).split('/').map(decodeURIComponent);
    if (names.at(-1) === '') names[names.length - 1] = 'index.html';
    // The separators and NUL can only come from a percent sign.
    const isPlain = (name) => name !== '' && name !== '.' && name !== '..' && !/[\\/\0]/.test(name);
    return names.every(isPlain) ? names : undefined;
  } catch {
    return undefined;
  }
}
