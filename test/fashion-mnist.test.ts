import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { gatherRows } from '../src/data/batches.js';
import { download } from '../src/node/datasets/download.js';
import { FASHION_MNIST, loadFashionMnist } from '../src/node/datasets/fashion-mnist.js';
import { loadPinnedData, type PinnedData, type PinnedDataOptions } from '../src/node/datasets/pinned-data.js';
import { cacheFolder } from '../src/node/files.js';

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

describe('loadFashionMnist', () => {
  it('loads the published images and labels, as bytes with a scale', async () => {
    const { train, test, classNames, source } = await loadFashionMnist({ offline: true });
    expect(train.features).toMatchObject({ shape: [60000, 784], scale: 255, values: { length: 60000 * 784 } });
    expect(test.features).toMatchObject({ shape: [10000, 784], scale: 255, values: { length: 10000 * 784 } });
    expect(source).toMatch(/fashion-mnist/);
    expect(classNames).toHaveLength(10);
    expect(classNames[train.labels[0]]).toBe('Ankle boot');
    for (const { labels, each } of [
      { labels: train.labels, each: 6000 },
      { labels: test.labels, each: 1000 },
    ]) {
      const counts = new Array(10).fill(0);
      for (const label of labels) counts[label]++;
      expect(counts).toEqual(new Array(10).fill(each));
    }
    // numpy: the mean of all training pixels / 255 is 0.2860406; PyTorch examples normalise with it.
    let total = 0;
    for (const pixel of train.features.values) total += pixel;
    expect(total / train.features.values.length / 255).toBeCloseTo(0.2860406, 7);
    expect(Math.max(...gatherRows(train.features, undefined, 0, 1))).toBe(1);
  });

  it('pins the gzip files that Zalando publishes', () => {
    // The packed sizes of the project's README table; its md5 sums were matched when the sha256 were taken.
    expect(Object.values(FASHION_MNIST.files).map(({ gzip }) => gzip.bytes)).toEqual([26421880, 29515, 4422102, 5148]);
  });

  it('rejects an unknown option', async () => {
    await expect(loadFashionMnist({ folder: '/data' } as object)).rejects.toMatchObject({
      code: 'DOMAIN',
      argument: 'options',
      actual: "'folder'",
    });
  });
});

const IMAGES = Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
const LABELS = Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 3, 2, 0, 1);
const PACKED = { images: gzipSync(IMAGES), labels: gzipSync(LABELS) };

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

describe('loadPinnedData', () => {
  let root: string;
  let data: PinnedData<'images' | 'labels'>;
  const servers: Server[] = [];
  const { env } = process;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'pinned-'));
    data = {
      name: 'Tiny',
      files: {
        images: {
          name: 'images-idx3',
          shape: [3, 2, 2],
          sha256: sha256(IMAGES),
          gzip: { bytes: PACKED.images.length, sha256: sha256(PACKED.images) },
        },
        labels: {
          name: 'labels-idx1',
          shape: [3],
          sha256: sha256(LABELS),
          gzip: { bytes: PACKED.labels.length, sha256: sha256(PACKED.labels) },
        },
      },
      folderVariable: 'TINY_DIR',
      mirrorsVariable: 'TINY_MIRRORS',
      cacheName: 'tiny',
      debianPackage: 'dataset-tiny',
      systemFolder: join(root, 'system'),
      mirrors: [],
      command: 'fetch-tiny',
    };
    // The PATH has no programs, so no test runs a real apt-get.
    process.env = { ...env, SOFTMAX_REGRESSION_CACHE: join(root, 'cache'), PATH: join(root, 'bin') };
  });

  afterEach(async () => {
    process.env = env;
    jest.restoreAllMocks();
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
    await rm(root, { recursive: true, force: true });
  });

  /** A folder below root with these files. */
  async function folder(name: string, files: Readonly<Record<string, Uint8Array | string>>): Promise<string> {
    const path = join(root, name);
    await mkdir(path, { recursive: true });
    for (const [file, content] of Object.entries(files)) await writeFile(join(path, file), content);
    return path;
  }

  const good = { 'images-idx3': IMAGES, 'labels-idx1': LABELS };

  /** The address of a server on this machine. */
  async function mirror(handler: Handler): Promise<string> {
    const server = createServer(handler).listen(0, '127.0.0.1');
    servers.push(server);
    await once(server, 'listening');
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/data/`;
  }

  /** A correct server, which supports `range: bytes=n-`. */
  const serve: Handler = (request, response) => {
    const content = request.url === '/data/images-idx3.gz' ? PACKED.images : PACKED.labels;
    const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const range = { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` };
    response.writeHead(from > 0 ? 206 : 200, from > 0 ? range : {}).end(content.subarray(from));
  };

  function load(mirrors: readonly string[] = [], options: PinnedDataOptions = {}) {
    return loadPinnedData({ ...data, mirrors }, options);
  }

  async function refusal(promise: Promise<unknown>): Promise<{ message: string } & Record<string, unknown>> {
    return promise.then(
      () => Promise.reject(new Error('nothing was refused')),
      (error) => error,
    );
  }

  async function expectTiny({ arrays }: Awaited<ReturnType<typeof load>>): Promise<void> {
    expect(arrays.images.shape).toEqual([3, 2, 2]);
    expect(Array.from(arrays.images.values)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(Array.from(arrays.labels.values)).toEqual([2, 0, 1]);
  }

  const cached = () => readdir(cacheFolder('tiny')).then((names) => names.sort());

  describe('from a named folder', () => {
    it('loads plain and gzipped files', async () => {
      const dir = await folder('mixed', { 'images-idx3.gz': PACKED.images, 'labels-idx1': LABELS });
      const found = await load([], { dir });
      await expectTiny(found);
      expect(found.source).toBe(`folder ${dir}`);
    });

    it('uses the folder of the environment variable, unless `dir` is given', async () => {
      const named = await folder('named', good);
      process.env.TINY_DIR = named;
      expect((await load()).source).toBe(`folder ${named} ($TINY_DIR)`);
      const dir = await folder('dir', good);
      expect((await load([], { dir })).source).toBe(`folder ${dir}`);
    });

    const changed = Uint8Array.from(IMAGES, (byte, i) => (i === 20 ? byte ^ 1 : byte));
    const otherShape = Uint8Array.from(IMAGES, (byte, i) => (i === 11 ? 4 : i === 15 ? 1 : byte));
    it.each<[string, Record<string, Uint8Array>, string, object]>([
      ['a missing file', {}, '', { argument: 'images-idx3', actual: 'no such file' }],
      ['a truncated file', { 'images-idx3': IMAGES.subarray(0, 20) }, '/images-idx3', { argument: 'length' }],
      [
        'a truncated gzip file',
        { 'images-idx3.gz': PACKED.images.subarray(0, 20) },
        '/images-idx3.gz',
        { argument: 'gzip data', actual: 'unexpected end of file' },
      ],
      [
        'a gzip file with the name of a plain one',
        { 'images-idx3': PACKED.images },
        '/images-idx3',
        { argument: 'magic', hint: 'The file is still gzipped: gunzip it first.' },
      ],
      [
        'a plain file with the name of a gzip file',
        { 'images-idx3.gz': IMAGES },
        '/images-idx3.gz',
        { argument: 'gzip data', hint: 'If the file is not compressed, rename it without .gz.' },
      ],
      ['labels in place of images', { 'images-idx3': LABELS }, '/images-idx3', { argument: 'magic' }],
      ['another shape', { 'images-idx3': otherShape }, '/images-idx3', { argument: 'shape', actual: '[3, 4, 1]' }],
      ['a changed pixel', { 'images-idx3': changed }, '/images-idx3', { argument: 'sha256', actual: sha256(changed) }],
      ['a file that is too large', { 'images-idx3': new Uint8Array(200) }, '/images-idx3', { actual: '200' }],
      [
        'a gzip file that unpacks to too many bytes',
        { 'images-idx3.gz': gzipSync(new Uint8Array(1000)) },
        '/images-idx3.gz',
        { argument: 'gzip data', actual: 'more' },
      ],
    ])('rejects %s without trying another source', async (_, files, where, fields) => {
      const dir = await folder('bad', { 'labels-idx1': LABELS, ...files });
      await folder('cache/tiny', good);
      const expected = { code: 'FORMAT', where: `${dir}${where}`, ...fields };
      await expect(load([], { dir })).rejects.toMatchObject(expected);
      process.env.TINY_DIR = dir;
      await expect(load()).rejects.toMatchObject(expected);
    });

    it('rejects a missing folder', async () => {
      await expect(load([], { dir: join(root, 'nowhere') })).rejects.toMatchObject({
        code: 'FORMAT',
        where: join(root, 'nowhere'),
        actual: 'no such folder',
      });
    });
  });

  describe('from this machine', () => {
    it('prefers the cache to the system folder', async () => {
      await folder('system', good);
      expect((await load()).source).toBe(`Debian package dataset-tiny in ${data.systemFolder}`);
      await folder('cache/tiny', good);
      expect((await load()).source).toBe(`cache ${cacheFolder('tiny')}`);
    });

    it('skips a damaged cache', async () => {
      await folder('cache/tiny', { ...good, 'labels-idx1': LABELS.subarray(0, 9) });
      await folder('system', good);
      const found = await load();
      await expectTiny(found);
      expect(found.source).toMatch(/^Debian package/);
    });
  });

  describe('from a mirror', () => {
    it('fills the cache, reports progress, and uses the network only once', async () => {
      let requests = 0;
      const address = await mirror((request, response) => {
        requests++;
        serve(request, response);
      });
      const stages = new Set<string>();
      const shown: number[] = [];
      const total = PACKED.images.length + PACKED.labels.length;
      const found = await load([address], {
        onProgress: (progress) => {
          stages.add(progress.stage);
          if (progress.unit === 'bytes' && progress.total === total) shown.push(progress.done);
        },
      });
      await expectTiny(found);
      expect(found.source).toBe(`download from ${address} into ${cacheFolder('tiny')}`);
      expect([...stages]).toEqual([`ask ${address} for Tiny`, 'download Tiny']);
      expect(shown).toEqual([...shown].sort((a, b) => a - b));
      expect(shown.at(-1)).toBe(total);
      expect(await cached()).toEqual(['images-idx3', 'labels-idx1']);
      expect((await load([address])).source).toBe(`cache ${cacheFolder('tiny')}`);
      expect(requests).toBe(2);
    });

    it('uses the mirrors of the environment variable in place of the default ones', async () => {
      const address = await mirror(serve);
      process.env.TINY_MIRRORS = ` http://127.0.0.1:1/ ${address.replace(/\/$/, '')}\n`;
      expect((await load(['http://127.0.0.1:2/'])).source).toBe(
        `download from ${address.replace(/\/$/, '')} into ${cacheFolder('tiny')}`,
      );
    });

    it('replaces only damaged files in the cache', async () => {
      await folder('cache/tiny', { ...good, 'labels-idx1': LABELS.subarray(0, 9) });
      const asked: (string | undefined)[] = [];
      const address = await mirror((request, response) => {
        asked.push(request.url);
        serve(request, response);
      });
      await expectTiny(await load([address]));
      expect(asked).toEqual(['/data/labels-idx1.gz']);
      expect(new Uint8Array(await readFile(join(cacheFolder('tiny'), 'labels-idx1')))).toEqual(LABELS);
    });

    const wrong = Uint8Array.from(PACKED.images, (byte, i) => (i === 30 ? byte ^ 1 : byte));
    it.each<[string, Handler, string]>([
      ['has no such file', (_, response) => response.writeHead(404).end(), 'HTTP status 404'],
      ['sends other bytes', (_, response) => response.end(wrong), sha256(wrong)],
      ['sends an HTML page', (_, response) => response.end('<html>Log in</html>'), 'bytes; got 19.'],
      [
        'never stops sending',
        (_, response) => {
          const timer = setInterval(() => response.write(new Uint8Array(64)), 1);
          response.once('close', () => clearInterval(timer));
        },
        'got more',
      ],
      ['closes the connection', (request) => request.socket.destroy(), 'must send the file; got'],
      ['sends an empty response', (_, response) => response.socket?.end('HTTP/1.1 200 OK\r\n\r\n'), '0 of'],
    ])('tries the next one after one that %s', async (_, handler, reason) => {
      const bad = await mirror(handler);
      const error = await refusal(load([bad]));
      expect(error.message).toContain(`download from ${bad} into`);
      expect(error.message).toContain(reason);
      expect(await cached()).not.toContain('images-idx3');
      await expectTiny(await load([bad, await mirror(serve)]));
    });

    it('resumes a broken download from another server', async () => {
      const ranges: (string | undefined)[] = [];
      let hangUp = () => {};
      const broken = await mirror((_, response) => {
        response.writeHead(200, { 'content-length': PACKED.images.length }).write(PACKED.images.subarray(0, 25));
        hangUp = () => response.destroy();
      });
      const whole = await mirror((request, response) => {
        ranges.push(request.headers.range);
        serve(request, response);
      });
      const onProgress = ({ done }: { done: number }) => {
        if (done === 25) hangUp();
      };
      await expectTiny(await load([broken, whole], { onProgress }));
      expect(ranges).toEqual(['bytes=25-', undefined]);
    });

    it('restarts a download if the server ignores the range', async () => {
      await folder('cache/tiny/.scratch', { 'images-idx3.gz.partial': PACKED.images.subarray(0, 10) });
      const address = await mirror((request, response) => {
        response.end(request.url === '/data/images-idx3.gz' ? PACKED.images : PACKED.labels);
      });
      await expectTiny(await load([address]));
    });

    it.each<[string, Uint8Array]>([
      ['wrong', new Uint8Array(10).fill(7)],
      ['complete but wrong', new Uint8Array(PACKED.images.length)],
      ['too long', new Uint8Array(1000)],
    ])('restarts a download if the partial file is %s', async (_, before) => {
      await folder('cache/tiny/.scratch', { 'images-idx3.gz.partial': before });
      await expectTiny(await load([await mirror(serve)]));
      expect(await cached()).toEqual(['images-idx3', 'labels-idx1']);
    });

    it('stops when aborted, keeps the partial file, and resumes from it', async () => {
      const controller = new AbortController();
      const reason = new Error('enough');
      const slow = await mirror((_, response) => {
        response.writeHead(200, { 'content-length': PACKED.images.length }).write(PACKED.images.subarray(0, 25));
      });
      const onProgress = ({ done }: { done: number }) => {
        if (done > 0) controller.abort(reason);
      };
      await expect(load([slow], { signal: controller.signal, onProgress })).rejects.toBe(reason);
      await expect(load([slow], { signal: controller.signal })).rejects.toBe(reason);
      const partial = join(cacheFolder('tiny'), '.scratch', 'images-idx3.gz.partial');
      expect(await readFile(partial)).toHaveLength(25);
      await expectTiny(await load([await mirror(serve)]));
    });

    describe('that is slow', () => {
      // Only the timers of this side are replaced: the server's and fetch's are Node's own.
      beforeEach(() => jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] }));
      afterEach(() => jest.useRealTimers());

      it('fails after 30 s without a byte', async () => {
        const url = `${await mirror(() => jest.advanceTimersByTime(30_000))}images-idx3.gz`;
        await expect(download(url, join(root, 'images.gz'), data.files.images.gzip)).rejects.toMatchObject({
          code: 'BACKEND',
          where: url,
          actual: 'no byte for 30 s',
        });
      });

      /** Downloads 200,000 bytes of a server that sends `size` of them in each 20 s of this side's clock. */
      async function downloadInParts(size: number): Promise<{ path: string; content: Uint8Array }> {
        const content = new Uint8Array(200_000).fill(7);
        let send = () => {};
        const address = await mirror((_, response) => {
          let sent = 0;
          send = () => {
            response.write(content.subarray(sent, sent + size));
            sent += size;
            if (sent >= content.length) response.end();
          };
          send();
        });
        // A part can arrive in pieces.
        let waited = 0;
        const onBytes = (bytes: number) => {
          if (bytes < Math.min(waited + size, content.length)) return;
          waited += size;
          jest.advanceTimersByTime(20_000);
          send();
        };
        const path = join(root, 'images.gz');
        const expected = { bytes: content.length, sha256: sha256(content) };
        await download(`${address}images.gz`, path, expected, { onBytes });
        return { path, content };
      }

      it('waits as long as 60,000 bytes arrive in each minute', async () => {
        const { path, content } = await downloadInParts(20_000);
        expect(content.every((byte) => byte === 7)).toBe(true);
        expect(sha256(await readFile(path))).toBe(sha256(content));
      });

      it('fails if fewer bytes arrive in a minute, though they keep arriving', async () => {
        await expect(downloadInParts(10_000)).rejects.toMatchObject({ code: 'BACKEND', actual: '30000 bytes in 60 s' });
      });
    });

    describe('that sends the gzip file with Content-Encoding: gzip', () => {
      const contentOf = (request: IncomingMessage) =>
        request.url === '/data/images-idx3.gz' ? PACKED.images : PACKED.labels;

      it('accepts the file, which fetch unpacks', async () => {
        const address = await mirror((request, response) => {
          response.writeHead(200, { 'content-encoding': 'gzip' }).end(contentOf(request));
        });
        await expectTiny(await load([address]));
        expect(await cached()).toEqual(['images-idx3', 'labels-idx1']);
      });

      it('accepts it with a length, which is that of the packed file', async () => {
        const address = await mirror((request, response) => {
          const content = contentOf(request);
          response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': content.length }).end(content);
        });
        await expectTiny(await load([address]));
      });

      it('accepts it if the server packed it again', async () => {
        const address = await mirror((request, response) => {
          response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(contentOf(request)));
        });
        await expectTiny(await load([address]));
      });

      it('asks for the file as it is', async () => {
        const asked: (string | undefined)[] = [];
        const address = await mirror((request, response) => {
          asked.push(request.headers['accept-encoding'] as string);
          serve(request, response);
        });
        await load([address]);
        expect(asked).toEqual(['identity', 'identity']);
      });

      it('does not continue a partial file with it', async () => {
        await folder('cache/tiny/.scratch', { 'images-idx3.gz.partial': PACKED.images.subarray(0, 10) });
        const address = await mirror((request, response) => {
          const content = contentOf(request);
          const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
          const range = from > 0 && { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` };
          response
            .writeHead(from > 0 ? 206 : 200, { 'content-encoding': 'gzip', ...range })
            .end(content.subarray(from));
        });
        await expectTiny(await load([address]));
      });

      it.each<[string, Uint8Array]>([
        ['unpacks to other bytes', gzipSync(new Uint8Array(28))],
        ['unpacks to very many bytes', gzipSync(new Uint8Array(1e7))],
        ['is truncated', PACKED.images.subarray(0, 30)],
        ['is no gzip data', new Uint8Array(40)],
      ])('refuses it if it %s, and leaves no partial file', async (_, content) => {
        const address = await mirror((_request, response) => {
          response.writeHead(200, { 'content-encoding': 'gzip' }).end(content);
        });
        await expect(load([address])).rejects.toMatchObject({ code: 'BACKEND' });
        expect(await readdir(join(cacheFolder('tiny'), '.scratch'))).toEqual([]);
        await expectTiny(await load([await mirror(serve)]));
      });
    });

    it.each<[string, Handler, string]>([
      [
        'redirects to itself',
        (request, response) =>
          response.writeHead(302, { location: `http://${request.headers.host}${request.url}` }).end(),
        'redirect count exceeded',
      ],
      [
        'redirects to a file of this machine',
        (_, response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
        'must send the file; got',
      ],
      [
        'announces more bytes than it sends',
        (_, response) => {
          response.writeHead(200, { 'content-length': PACKED.images.length }).write(PACKED.images.subarray(0, 9));
          response.socket?.end();
        },
        'must send the file; got',
      ],
      [
        'announces another length than that of the file',
        (_, response) => response.writeHead(200, { 'content-length': 7 }).end('1234567'),
        'bytes; got 7.',
      ],
      [
        'sends another range than asked for',
        (_, response) => response.writeHead(206, { 'content-range': 'bytes 5-9/10' }).end('56789'),
        'got bytes from 5 instead of 0',
      ],
    ])('tries the next one after one that %s', async (_, handler, reason) => {
      const bad = await mirror(handler);
      expect((await refusal(load([bad]))).message).toContain(reason);
      await expectTiny(await load([bad, await mirror(serve)]));
    });

    it.each<[string, number, Record<string, string>, Uint8Array]>([
      ['refuses the range', 416, {}, new Uint8Array()],
      ['has no range there', 404, {}, new Uint8Array()],
      ['continues at another byte', 206, { 'content-range': 'bytes 3-9/10' }, new Uint8Array(7)],
      ['continues without saying where', 206, {}, new Uint8Array(7)],
      [
        'has another file by now, with another ETag',
        206,
        { etag: '"new"', 'content-range': `bytes 10-${PACKED.images.length - 1}/${PACKED.images.length}` },
        new Uint8Array(PACKED.images.length - 10),
      ],
    ])('starts anew if the server %s', async (_, status, headers, body) => {
      await folder('cache/tiny/.scratch', { 'images-idx3.gz.partial': PACKED.images.subarray(0, 10) });
      const address = await mirror((request, response) => {
        if (request.headers.range === undefined) serve(request, response);
        else response.writeHead(status, headers).end(body);
      });
      await expectTiny(await load([address]));
    });

    it('does not request a file whose partial file is complete', async () => {
      await folder('cache/tiny/.scratch', { 'images-idx3.gz.partial': PACKED.images });
      const asked: (string | undefined)[] = [];
      const address = await mirror((request, response) => {
        asked.push(request.url);
        serve(request, response);
      });
      await expectTiny(await load([address]));
      expect(asked).toEqual(['/data/labels-idx1.gz']);
    });

    it('downloads once for two concurrent callers', async () => {
      let requests = 0;
      const address = await mirror((request, response) => {
        requests++;
        serve(request, response);
      });
      const [one, other] = await Promise.all([load([address]), load([address])]);
      await expectTiny(one);
      await expectTiny(other);
      expect(requests).toBe(2);
    });
  });

  describe('from the Debian package', () => {
    /** Fakes of Debian's programs: apt-cache finds the package once `lists` exists. */
    async function debian(programs: Readonly<Record<string, string>> = {}): Promise<void> {
      await folder('system-of-package', good);
      const scripts = {
        'apt-cache': `test -e ${root}/lists`,
        'apt-get': `case $1 in update) echo > ${root}/lists ;; download) echo > $2_1_all.deb ;; esac`,
        'dpkg-deb': `/bin/mkdir -p $3${root} && /bin/cp -r ${root}/system-of-package $3${data.systemFolder}`,
        ...programs,
      };
      const bin = await folder('bin', {});
      for (const [name, script] of Object.entries(scripts)) {
        await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`);
        await chmod(join(bin, name), 0o755);
      }
    }

    it('fills the cache after the mirrors fail, and leaves no other files', async () => {
      await debian();
      await writeFile(join(root, 'lists'), '');
      const found = await load(['http://127.0.0.1:1/']);
      await expectTiny(found);
      expect(found.source).toBe(`Debian package dataset-tiny, unpacked into ${cacheFolder('tiny')}`);
      expect(await cached()).toEqual(['images-idx3', 'labels-idx1']);
    });

    it('updates the package lists first if they lack the package and the user is root, and reports it', async () => {
      await debian();
      jest.spyOn(process, 'getuid').mockReturnValue(0);
      const stages: string[] = [];
      await expectTiny(await load([], { onProgress: ({ stage }) => stages.push(stage) }));
      expect(stages).toContain('apt-get update, because the package lists lack it');
    });

    it('tells a user who is not root what to run', async () => {
      await debian();
      jest.spyOn(process, 'getuid').mockReturnValue(1000);
      expect((await refusal(load())).message).toContain('Run: sudo apt-get update');
    });

    it.each<[string, Record<string, string>, string]>([
      ['that fails', { 'apt-get': 'echo "E: Failed to fetch" >&2; exit 100' }, 'got E: Failed to fetch.'],
      ['that downloads nothing', { 'apt-get': 'exit 0' }, 'got 0 .deb files.'],
      ['whose package is empty', { 'dpkg-deb': 'exit 0' }, 'images-idx3 must be there, plain or as .gz'],
    ])('gives the reason and leaves no file for an apt-get %s', async (_, programs, reason) => {
      await debian(programs);
      await writeFile(join(root, 'lists'), '');
      expect((await refusal(load())).message).toContain(reason);
      expect(await cached()).not.toContain('images-idx3');
    });
  });

  describe('without a source', () => {
    it('gives the reason for each source, and the command to run', async () => {
      const error = await refusal(load(['http://127.0.0.1:1/']));
      expect(error).toMatchObject({ code: 'BACKEND', where: 'Tiny', argument: 'its files' });
      expect(error.message.split('\n')).toEqual([
        'Tiny: its files must be on this machine or on the network; got none. Run: fetch-tiny',
        'Tried:',
        '  $TINY_DIR: not set',
        expect.stringMatching(/^ {2}cache .*no such folder\.$/),
        expect.stringMatching(/^ {2}Debian package dataset-tiny in .*no such folder\.$/),
        expect.stringMatching(/^ {2}download from http:\/\/127\.0\.0\.1:1\/ into .*must send the file; got /),
        expect.stringMatching(/^ {2}Debian package dataset-tiny, unpacked into .*no apt-get/),
      ]);
    });

    it('sends no request when offline, and says so', async () => {
      let requests = 0;
      const address = await mirror(() => {
        requests++;
      });
      const { message } = await refusal(load([address], { offline: true }));
      expect(message).toContain('the network: not used, because of `offline`');
      expect(message).not.toContain(address);
      expect(requests).toBe(0);
    });

    it('names the environment variable of a cache that is not writable', async () => {
      await writeFile(join(root, 'cache'), 'a file where the folder should be');
      expect((await refusal(load([await mirror(serve)]))).message).toContain('Set SOFTMAX_REGRESSION_CACHE');
    });
  });
});
