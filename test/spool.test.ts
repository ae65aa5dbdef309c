// Bytes that can be read once are kept, in memory and in a file, and are the same when they are read again.
import { promises, readdirSync } from 'node:fs';
import { Random } from 'softmax-regression';
import { spooled } from '../src/node/spool.js';
import { openUnnamed } from '../src/node/unnamed-file.js';

const random = new Random(3);
const CHUNKS = Array.from({ length: 40 }, (_, i) =>
  Uint8Array.from({ length: i % 7 === 0 ? 1 : 50_000 + random.below(60_000) }, () => random.below(256)),
);
const whole = Buffer.concat(CHUNKS);

/** A source that can be read once, and what happened to it. */
function once(chunks: readonly Uint8Array[] = CHUNKS) {
  const state = { read: 0, opened: 0, closed: 0 };
  async function* stream() {
    state.opened++;
    try {
      for (const chunk of chunks) {
        state.read++;
        yield chunk;
      }
    } finally {
      state.closed++;
    }
  }
  return { state, name: 'a pipe', stream };
}

async function all(stream: ReturnType<ReturnType<typeof once>['stream']>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk.slice());
  return Buffer.concat(chunks);
}

afterEach(() => jest.restoreAllMocks());

describe('spooled', () => {
  it.each([
    ['in memory', 1e9],
    ['in a file', 0],
    ['in both', 1_300_000],
  ])('has the same bytes each time: %s', async (_, inMemory) => {
    const source = once();
    const again = spooled(source, inMemory);
    for (let pass = 0; pass < 3; pass++) expect((await all(again.stream() as never)).equals(whole)).toBe(true);
    expect(source.state).toEqual({ read: CHUNKS.length, opened: 1, closed: 1 });
    expect(again.name).toBe('a pipe');
    await again.close();
  });

  it('reads no further than it is asked, and goes on there', async () => {
    const source = once();
    const again = spooled(source, 100_000);
    for await (const _ of again.stream() as AsyncIterable<Uint8Array>) if (source.state.read === 5) break;
    expect(source.state).toEqual({ read: 5, opened: 1, closed: 0 });
    expect((await all(again.stream() as never)).equals(whole)).toBe(true);
    await again.close();
  });

  it('closes its source, also before its end or its beginning', async () => {
    const source = once();
    const again = spooled(source, 1e9);
    await again.close();
    for await (const _ of again.stream() as AsyncIterable<Uint8Array>) break;
    await again.close();
    expect(source.state).toEqual({ read: 1, opened: 1, closed: 1 });
  });

  it('passes errors of the source on, and says that the folder for temporary files is full', async () => {
    const failing = {
      name: 'a pipe',
      stream: () => ({ [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error('cut')) }) }),
    };
    await expect(all(spooled(failing as never, 10).stream() as never)).rejects.toThrow('cut');
    const { open } = promises;
    jest.spyOn(promises, 'open').mockImplementation(async (...args) => {
      const file = await open(...args);
      jest.spyOn(file, 'write').mockRejectedValue(new Error('ENOSPC'));
      return file;
    });
    const full = spooled(once(), 10);
    await expect(all(full.stream() as never)).rejects.toThrow(
      'the folder for temporary files must be writable; got ENOSPC. Name another one in the variable TMPDIR.',
    );
    await full.close();
  });

  it.each([
    ['1 GB of a large disk', 2 ** 30, 'keep 1.0 GB free'],
    ['a twentieth of a small one', 1000, 'keep 204.8 kB free'],
  ])('ends an endless source before the disk is full: it leaves %s', async (_, blocks, rule) => {
    const statfs = jest.spyOn(promises, 'statfs');
    statfs.mockResolvedValue({ blocks, bavail: 40, bsize: 4096 } as never);
    const chunk = new Uint8Array(2 ** 24);
    const endless = once(new Array(8).fill(chunk));
    const again = spooled(endless, 10);
    await expect(all(again.stream() as never)).rejects.toThrow(
      `the folder for temporary files must ${rule}; got 163.8 kB after 67.1 MB were written. Name another one in the variable TMPDIR.`,
    );
    expect([statfs.mock.calls.length, endless.state.read]).toEqual([1, 5]);
    await again.close();
  });

  it('leaves no name in the folder', async () => {
    const { tmpdir } = await import('node:os');
    const names = () => readdirSync(tmpdir()).filter((name) => name.includes('softmax-regression-input'));
    const before = names();
    const file = await openUnnamed('softmax-regression-input');
    expect(names()).toEqual(before);
    await file.close();
  });
});
