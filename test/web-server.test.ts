// The server of `npm run web -- --serve` answers whatever a page or a program of this machine sends, and its build
// removes nothing that it did not make.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const scripts = join(__dirname, '..', 'scripts');
const urlOf = (name: string) => JSON.stringify(pathToFileURL(join(scripts, name)).href);

describe('the server of the page', () => {
  let root: string;
  let server: ChildProcess;
  let port: number;

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'server-test-'));
    const site = join(root, 'site');
    mkdirSync(join(site, 'deep'), { recursive: true });
    writeFileSync(join(site, 'index.html'), '<p>index');
    writeFileSync(join(site, 'deep', 'a b.js'), 'js');
    writeFileSync(join(site, 'packed.js'), 'plain');
    writeFileSync(join(site, 'packed.js.br'), 'by brotli');
    writeFileSync(join(site, 'packed.js.gz'), 'by gzip');
    writeFileSync(join(site, 'chunk-ABCD2345.js'), 'hashed');
    writeFileSync(join(root, 'secret'), 'secret');
    symlinkSync(join(root, 'secret'), join(site, 'link'));
    symlinkSync(join(root, 'secret'), join(site, 'index.html.br'));
    symlinkSync(root, join(site, 'linked'));
    symlinkSync('self', join(site, 'self'));
    if (process.platform !== 'win32') spawnSync('mkfifo', [join(site, 'pipe')]);
    const script = `import(${urlOf('server.mjs')}).then(async ({ serveFolder }) => {
      const server = await serveFolder(${JSON.stringify(site)}, 0, { 'X-Policy': 'all' });
      console.log(server.address().port, server.headersTimeout, server.requestTimeout, server.keepAliveTimeout);
    })`;
    server = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = await once(createInterface({ input: server.stdout as NodeJS.ReadableStream }), 'line');
    const [first, ...timeouts] = line.split(' ').map(Number);
    port = first;
    // Half-open connections end by these limits of Node.
    expect(timeouts).toEqual([10_000, 10_000, 5_000]);
  });

  afterAll(async () => {
    if (server?.exitCode === null && server.kill()) await once(server, 'exit');
    rmSync(root, { recursive: true, force: true });
  });

  /** The whole answer to raw bytes; the server must close the connection. */
  function answerTo(bytes: string | Buffer): Promise<string> {
    return new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
      let text = '';
      socket.on('data', (data) => {
        text += data;
      });
      // A reset after the answer is fine: the server closes before it has read a flood.
      socket.on('error', () => {});
      socket.on('close', () => resolve(text));
    });
  }

  const asking = (target: string, { method = 'GET', host = 'localhost', more = '' } = {}) =>
    answerTo(`${method} ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n${more}\r\n`);
  const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]);

  afterEach(async () => {
    expect(server.exitCode).toBeNull();
    const answer = await asking('/');
    expect(statusOf(answer)).toBe(200);
    expect(answer).toContain('<p>index');
  });

  it.each([
    ['/', '<p>index'],
    ['/index.html?query=%', '<p>index'],
    ['/deep/a%20b.js', 'js'],
  ])('serves %s', async (target, body) => {
    const answer = await asking(target);
    expect(statusOf(answer)).toBe(200);
    expect(answer).toContain('X-Policy: all');
    expect(answer.endsWith(`\r\n\r\n${body}`)).toBe(true);
  });

  it.each([
    ['a percent sign alone', '/%'],
    ['a percent sign before other letters', '/%zz'],
    ['bytes that are not UTF-8', '/%ff'],
    ['two slashes', '//'],
    ['two slashes and a host', '//elsewhere/index.html'],
    ['an empty folder name', '/deep//a.js'],
    ['dots', '/../secret'],
    ['dots within', '/deep/../../secret'],
    ['packed dots', '/%2e%2e/secret'],
    ['a packed slash', '/..%2fsecret'],
    ['a packed backslash', '/..%5csecret'],
    ['a packed NUL', '/index.html%00.js'],
    ['a URL', 'http://localhost/index.html'],
    ['a URL of another host', 'http://elsewhere/'],
    ['a star', '*'],
  ])('answers 400 to %s', async (_, target) => {
    expect(statusOf(await asking(target))).toBe(400);
  });

  it.each([
    ['a missing file', '/missing'],
    ['a folder without a slash', '/deep'],
    ['a folder without an index', '/deep/'],
    ['a file as a folder', '/index.html/x'],
    ['a link', '/link'],
    ['a file behind a link', '/linked/secret'],
    ['a link to itself', '/self'],
    ['a pipe', '/pipe'],
    ['a key of prototypes', '/__proto__'],
    ['a very long name', `/${'a'.repeat(5000)}`],
  ])('answers 404 to %s', async (_, target) => {
    const answer = await asking(target);
    expect(statusOf(answer)).toBe(404);
    expect(answer).not.toContain('secret');
  });

  it.each([
    'elsewhere.example',
    'localhost.elsewhere.example',
    '127.0.0.1.elsewhere',
    '192.168.0.1',
    'localhost:x',
    '',
  ])('answers 421 to the host %j, so that a name that another site points here reads nothing', async (host) => {
    expect(statusOf(await asking('/', { host }))).toBe(421);
  });

  it.each(['localhost', 'LOCALHOST:8080', '127.0.0.1:1'])('serves the host %s', async (host) => {
    expect(statusOf(await asking('/', { host }))).toBe(200);
  });

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE'])('answers 405 to %s', async (method) => {
    const more = method === 'POST' ? 'Content-Length: 1000000\r\n' : '';
    const answer = await asking('/', { method, more });
    expect(statusOf(answer)).toBe(405);
    expect(answer).toContain('Allow: GET, HEAD');
  });

  it('answers HEAD with the length and without the body', async () => {
    const answer = await asking('/', { method: 'HEAD' });
    expect(answer).toContain('Content-Length: 8\r\n');
    expect(answer.endsWith('\r\n\r\n')).toBe(true);
  });

  it.each([
    ['', 'plain', undefined],
    ['gzip, deflate', 'by gzip', 'gzip'],
    ['gzip, deflate, br', 'by brotli', 'br'],
    ['br;q=0, GZIP;q=0.5', 'by gzip', 'gzip'],
    ['br;q=0.0', 'plain', undefined],
    ['brotli', 'plain', undefined],
  ])('sends the packed twin that %j accepts', async (accepted, body, encoding) => {
    const answer = await asking('/packed.js', { more: `Accept-Encoding: ${accepted}\r\n` });
    expect(answer.endsWith(`\r\n\r\n${body}`)).toBe(true);
    expect(/Content-Encoding: (.*)\r/.exec(answer)?.[1]).toBe(encoding);
    expect(answer).toContain('Content-Type: text/javascript');
    expect(answer).toContain('Vary: Accept-Encoding');
  });

  it('sends no packed twin that is a link', async () => {
    const answer = await asking('/', { more: 'Accept-Encoding: br\r\n' });
    expect(answer.endsWith('\r\n\r\n<p>index')).toBe(true);
  });

  it('lets hashed files be kept, and answers 304 to files that have not changed', async () => {
    expect(await asking('/chunk-ABCD2345.js')).toContain('Cache-Control: public, max-age=31536000, immutable');
    const first = await asking('/packed.js');
    expect(first).toContain('Cache-Control: no-cache');
    const tag = /ETag: (.*)\r/.exec(first)?.[1];
    const again = await asking('/packed.js', { more: `If-None-Match: ${tag}\r\n` });
    expect(statusOf(again)).toBe(304);
    expect(again.endsWith('\r\n\r\n')).toBe(true);
    expect(again).toContain('X-Policy: all');
    expect(statusOf(await asking('/packed.js', { more: 'If-None-Match: "other"\r\n' }))).toBe(200);
  });

  it.each(['bytes=0-1', 'bytes=9-1', 'bytes=-', 'lines=x', 'bytes=0-99999999999999999999'])(
    'ignores the range %s',
    async (range) => {
      const answer = await asking('/', { more: `Range: ${range}\r\n` });
      expect(statusOf(answer)).toBe(200);
      expect(answer).toContain('<p>index');
    },
  );

  it.each<[string, string | Buffer, number]>([
    ['a very long target', `GET /${'a'.repeat(100_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`, 431],
    ['a flood of headers', `GET / HTTP/1.1\r\nHost: localhost\r\n${'X: y\r\n'.repeat(20_000)}\r\n`, 431],
    ['no host', 'GET / HTTP/1.1\r\n\r\n', 400],
    ['an older protocol without a host', 'GET / HTTP/1.0\r\n\r\n', 421],
    ['NUL', 'GET /\0 HTTP/1.1\r\nHost: localhost\r\n\r\n', 400],
    ['bytes', Buffer.from([0xff, 0xfe, 0, 1, 13, 10, 13, 10]), 400],
    ['two lengths', 'GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', 400],
    ['a bad chunk', 'GET /% HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n', 400],
  ])('survives %s', async (_, bytes, status) => {
    expect(statusOf(await answerTo(bytes))).toBe(status);
  });

  it('survives CONNECT, connections that end within a request, and those that stay half open', async () => {
    await answerTo('CONNECT elsewhere:443 HTTP/1.1\r\nHost: localhost\r\n\r\n');
    const sockets = await Promise.all(
      Array.from({ length: 60 }, (_, i) => ['', 'G', 'GET / HTTP/1.1\r\nHost: loc'][i % 3]).map(
        (part) =>
          new Promise<ReturnType<typeof connect>>((resolve) => {
            const socket = connect(port, '127.0.0.1', () => socket.write(part, () => resolve(socket)));
            socket.on('error', () => {});
          }),
      ),
    );
    expect(statusOf(await asking('/'))).toBe(200);
    for (const socket of sockets) socket.destroy();
  });
});

describe('the folder of a build', () => {
  let root: string;
  let out: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'output-test-'));
    out = join(root, 'out');
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  function build(files: Record<string, string>): string {
    const script = `import(${urlOf('output-folder.mjs')}).then(({ replaceOutput }) =>
      replaceOutput(${JSON.stringify(out)}, ${JSON.stringify(files)})).catch((error) => console.log(error.message))`;
    return spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' }).stdout.trim();
  }
  const listed = () =>
    readdirSync(out, { recursive: true })
      .map(String)
      .filter((name) => name !== '.built-by-softmax-regression.json')
      .sort();
  const refusal = (name: string) =>
    `${out}: this folder must be new, empty or made by an earlier build; got ${JSON.stringify(name)} in it. Choose another one with --out, or remove it yourself.`;

  it('is filled if it is new or empty, and holds the files of the last build only', () => {
    expect(build({ 'a.js': '1', 'deep/b.js': '2' })).toBe('');
    expect(listed()).toEqual(['a.js', 'deep', 'deep/b.js']);
    expect(build({ 'c.js': '3' })).toBe('');
    expect(listed()).toEqual(['c.js']);
    rmSync(out, { recursive: true });
    mkdirSync(out);
    expect(build({ 'a.js': '1' })).toBe('');
  });

  it('keeps everything if it holds files of others', () => {
    mkdirSync(out);
    writeFileSync(join(out, 'thesis.tex'), 'years');
    expect(build({ 'a.js': '1' })).toBe(refusal('thesis.tex'));
    expect(listed()).toEqual(['thesis.tex']);
  });

  it('keeps everything if files of others were added to those of a build', () => {
    build({ 'a.js': '1' });
    mkdirSync(join(out, 'notes'));
    expect(build({ 'b.js': '2' })).toBe(refusal('notes'));
    expect(listed()).toEqual(['a.js', 'notes']);
  });

  it('keeps what links lead to', () => {
    build({ 'a.js': '1', 'deep/b.js': '2' });
    const precious = join(root, 'precious');
    mkdirSync(precious);
    writeFileSync(join(precious, 'b.js'), 'years');
    rmSync(join(out, 'deep'), { recursive: true });
    symlinkSync(precious, join(out, 'deep'));
    rmSync(join(out, 'a.js'));
    symlinkSync(join(precious, 'b.js'), join(out, 'a.js'));
    expect(build({ 'a.js': '3', 'deep/b.js': '4' })).toBe('');
    expect(readFileSync(join(precious, 'b.js'), 'utf8')).toBe('years');
    expect(lstatSync(join(out, 'deep')).isSymbolicLink()).toBe(false);
  });

  it('keeps what a forged list names', () => {
    mkdirSync(out);
    writeFileSync(join(root, 'precious'), 'years');
    writeFileSync(join(out, '.built-by-softmax-regression.json'), '{"files":["../precious",7]}');
    expect(build({ 'a.js': '1' })).toBe('');
    expect(existsSync(join(root, 'precious'))).toBe(true);
    writeFileSync(join(out, '.built-by-softmax-regression.json'), 'no JSON');
    expect(build({ 'a.js': '1' })).toBe(refusal('a.js'));
  });

  it('is refused if it is a file', () => {
    writeFileSync(out, 'years');
    expect(build({ 'a.js': '1' })).toBe(`${out}: this folder must be new, or a readable folder; got ENOTDIR.`);
    expect(readFileSync(out, 'utf8')).toBe('years');
  });
});
