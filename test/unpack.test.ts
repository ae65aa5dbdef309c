// Hostile wheels: nothing is written outside the folder, and nothing ambiguous is unpacked.
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
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { unpack } from '../src/node/native/unpack.js';
import { unicodePath, type ZipEntry, zipOf } from './helpers/zip.js';

let folder: string;
let into: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'unpack-test-'));
  into = join(folder, 'deep', 'into');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function unzip(entries: readonly ZipEntry[]): Promise<void> {
  const path = join(folder, 'x.whl');
  writeFileSync(path, zipOf(entries));
  return unpack({ kind: 'wheel', path }, into);
}

const LIBRARY = 'tensorflow/libtensorflow_cc.so.2';
const good = { name: LIBRARY, content: 'library' };
const zeros = (bytes: number) => ({ content: deflateRawSync(Buffer.alloc(bytes)), method: 8, claimed: bytes });
const links = (target: string) => ({ content: target, mode: 0o120777 });

/** Everything below the folder of the test, except the wheel. */
const written = () => readdirSync(folder, { recursive: true }).filter((name) => name !== 'x.whl');

describe('a wheel', () => {
  it('is unpacked with the paths of its entries', async () => {
    await unzip([good, { name: 'nvidia/a/lib/x.so', ...zeros(100) }]);
    expect(readFileSync(join(into, LIBRARY), 'utf8')).toBe('library');
    expect(readFileSync(join(into, 'nvidia/a/lib/x.so'))).toEqual(Buffer.alloc(100));
  });

  it.each<[string, ZipEntry[], RegExp]>([
    ['dots', [{ name: 'nvidia/../../../evil', content: 'evil' }], /relative path/],
    ['dots at the start', [{ name: '../nvidia/evil', content: 'evil' }], /relative path/],
    ['dots in a file that is not needed', [{ name: '../evil', content: 'evil' }], /relative path/],
    ['an absolute path', [{ name: '/nvidia/evil', content: 'evil' }], /absolute path/],
    ['a drive', [{ name: 'C:/nvidia/evil', content: 'evil' }], /absolute path/],
    ['backslashes', [{ name: 'nvidia\\evil', content: 'evil' }], /invalid characters/],
    ['backslashes and dots', [{ name: 'nvidia/..\\..\\evil', content: 'evil' }], /invalid characters/],
    ['NUL', [{ name: 'nvidia/a\0b', content: 'evil' }], /null bytes/],
    ['a link', [{ name: 'nvidia/link', ...links('/etc/passwd') }], /regular file/],
    [
      'a link, and a file behind it',
      [
        { name: 'nvidia/link', ...links('../../..') },
        { name: 'nvidia/link/evil', content: 'evil' },
      ],
      /regular file/,
    ],
    ['a library that is a link', [{ name: LIBRARY, ...links('/tmp/evil.so') }], /regular file/],
    ['a device', [{ name: 'nvidia/device', mode: 0o020666 }], /regular file/],
    ['a name twice', [good, { ...good, content: 'evil' }], /twice/],
    ['a name twice where case does not count', [{ name: 'nvidia/A' }, { name: 'nvidia/a' }], /twice/],
    ['a file that is also a folder', [{ name: 'nvidia/a' }, { name: 'nvidia/a/b' }], /twice/],
    ['a folder that is also a file', [{ name: 'nvidia/a/b' }, { name: 'nvidia/a' }], /twice/],
    ['a name twice by empty parts', [{ name: 'nvidia/a/b' }, { name: 'nvidia//a' }], /plain path/],
    ['a name twice by dots', [{ name: 'nvidia/a' }, { name: 'nvidia/./a' }], /plain path/],
    ['another name in its local header', [{ ...good, localName: 'tensorflow/libtensorflow_cc.so.X' }], /local header/],
    [
      'another name in an extra field',
      [{ ...good, name: 'tensorflow/README', extra: unicodePath('tensorflow/README', LIBRARY) }],
      /local header/,
    ],
    ['an encrypted file', [{ ...good, flags: 1 }], /size mismatch|encrypted/],
    ['an unknown compression', [{ ...good, method: 99 }], /compression method/],
    ['a file of 4 GiB', [{ name: 'nvidia/bomb', content: 'x', claimed: 0xfffffffe, method: 8 }], /unpack/],
    ['a bomb', [{ name: 'nvidia/bomb', ...zeros(10_000_000) }], /unpack/],
    [
      'files that share their content',
      [
        { name: 'nvidia/0', content: 'x'.repeat(10_000) },
        ...Array.from({ length: 50 }, (_, i) => ({
          name: `nvidia/${i + 1}`,
          content: 'x'.repeat(10_000),
          localName: 'nvidia/0',
          over: 0,
        })),
      ],
      /unpack|local header/,
    ],
    ['more bytes than it claims', [{ ...good, ...zeros(1000), claimed: 10 }], /too many bytes/],
    ['fewer bytes than it claims', [{ ...good, ...zeros(10), claimed: 100 }], /not enough bytes/],
  ])('with %s is refused, and nothing is written outside', async (_, entries, reason) => {
    await expect(unzip(entries)).rejects.toMatchObject({
      code: 'FORMAT',
      expected: 'be a valid zip archive',
      actual: expect.stringMatching(reason),
    });
    expect(existsSync(join(folder, 'evil')) || existsSync(join(folder, 'deep', 'evil'))).toBe(false);
    for (const name of written()) expect(lstatSync(join(folder, String(name))).isSymbolicLink()).toBe(false);
  });
});

describe('a folder that uv unpacked', () => {
  const content = () => join(folder, 'content');
  function put(name: string): string {
    mkdirSync(dirname(join(content(), name)), { recursive: true });
    return join(content(), name);
  }
  const move = () => unpack({ kind: 'folder', path: folder, content: content() }, into);

  it('is moved, with the modes of a wheel', async () => {
    writeFileSync(put(LIBRARY), 'library', { mode: 0o666 });
    await move();
    expect(readFileSync(join(into, LIBRARY), 'utf8')).toBe('library');
    expect(lstatSync(join(into, LIBRARY)).mode & 0o777).toBe(0o644);
  });

  it('is refused with a link in the place of a file', async () => {
    writeFileSync(join(folder, 'precious'), 'years');
    symlinkSync(join(folder, 'precious'), put(LIBRARY));
    await expect(move()).rejects.toMatchObject({ code: 'FORMAT', actual: expect.stringContaining('regular file') });
    expect(existsSync(join(into, LIBRARY))).toBe(false);
  });

  it('does not enter linked folders', async () => {
    mkdirSync(join(folder, 'elsewhere'));
    writeFileSync(join(folder, 'elsewhere', 'precious'), 'years');
    symlinkSync(join(folder, 'elsewhere'), put('nvidia/linked'));
    await expect(move()).rejects.toMatchObject({ code: 'FORMAT' });
    expect(readFileSync(join(folder, 'elsewhere', 'precious'), 'utf8')).toBe('years');
  });
});
