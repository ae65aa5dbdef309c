// Serves a folder to this machine only, as any web page and any program of this machine may ask for it.
import { createHash } from 'node:crypto';
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
    if (status === 304) return void response.writeHead(status, { ...headers, ...more }).end();
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
  if (!isPlainFile(file)) return { status: 404 };
  const encoding = PACKED.find(({ name, end }) => accepts(headers, name) && isPlainFile(`${file}${end}`));
  try {
    const body = readFileSync(`${file}${encoding?.end ?? ''}`);
    const tag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 20)}"`;
    const caching = { ETag: tag, 'Cache-Control': HASHED.test(file) ? FOREVER : 'no-cache', Vary: 'Accept-Encoding' };
    if (headers['if-none-match'] === tag) return { status: 304, ...caching };
    const type = TYPES[extname(file)] ?? 'application/octet-stream';
    return { status: 200, body, type, ...caching, ...(encoding && { 'Content-Encoding': encoding.name }) };
  } catch {
    return { status: 404 };
  }
}

/** Neither a link nor a file behind one: it may lead anywhere. */
function isPlainFile(file) {
  try {
    return realpathSync(file) === file && lstatSync(file).isFile();
  } catch {
    return false;
  }
}

/** Packed twins of files, the smallest first. */
const PACKED = [
  { name: 'br', end: '.br' },
  { name: 'gzip', end: '.gz' },
];

function accepts(headers, encoding) {
  const items = (headers['accept-encoding'] ?? '').toLowerCase().split(',');
  return items.some((item) => {
    const [name, weight = ''] = item.split(';').map((part) => part.trim());
    return name === encoding && !/^q=0(?:\.0*)?$/.test(weight);
  });
}

/** A name with a hash of the content never gets another content. Other files are asked for again, and mostly unchanged. */
const HASHED = /-[A-Z0-9]{8}\.js$/;
const FOREVER = 'public, max-age=31536000, immutable';

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
