// What a write replaces: modes and links stay, and only files are replaced.
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { assertReplaceable, openAtomicWriter, writeFileAtomic } from '../src/node/atomic-writer.js';

let folder: string;
const at = (name: string) => join(folder, name);
const isRoot = process.platform === 'linux' && process.getuid?.() === 0;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'replacing-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const modeOf = (name: string) => statSync(at(name)).mode & 0o777;

/** Both ways to write. */
const ways: [string, (path: string, text: string) => Promise<void>][] = [
  ['writeFileAtomic', writeFileAtomic],
  [
    'openAtomicWriter',
    async (path, text) => {
      const writer = await openAtomicWriter(path);
      try {
        for (const letter of text) await writer.write(letter);
        await writer.commit();
      } finally {
        await writer.abandon();
      }
    },
  ],
];

describe.each(ways)('%s', (_, write) => {
  it.each([0o600, 0o640, 0o444, 0o777])('keeps the mode %o of the file that it replaces', async (mode) => {
    writeFileSync(at('file'), 'old');
    chmodSync(at('file'), mode);
    await write(at('file'), 'new');
    expect(readFileSync(at('file'), 'utf8')).toBe('new');
    expect(modeOf('file')).toBe(mode);
  });

  it('gives a new file the mode of every new file', async () => {
    await write(at('file'), 'new');
    writeFileSync(at('other'), '');
    expect(modeOf('file')).toBe(modeOf('other'));
  });

  (isRoot ? it : it.skip)('keeps the owner of the file that it replaces', async () => {
    writeFileSync(at('file'), 'old');
    execFileSync('chown', ['12345:54321', at('file')]);
    await write(at('file'), 'new');
    expect(statSync(at('file'))).toMatchObject({ uid: 12345, gid: 54321 });
  });

  it('replaces the file that a symbolic link names, and keeps the link', async () => {
    mkdirSync(at('deep'));
    writeFileSync(at('deep/file'), 'old');
    chmodSync(at('deep/file'), 0o640);
    symlinkSync('deep/file', at('link'));
    symlinkSync(at('link'), at('chain'));
    await write(at('chain'), 'new');
    expect(readFileSync(at('deep/file'), 'utf8')).toBe('new');
    expect(modeOf('deep/file')).toBe(0o640);
    expect([readlinkSync(at('link')), readlinkSync(at('chain'))]).toEqual(['deep/file', at('link')]);
    expect([readdirSync(folder).sort(), readdirSync(at('deep'))]).toEqual([['chain', 'deep', 'link'], ['file']]);
  });

  it('creates the file that a dangling link names, from the folder of the link', async () => {
    mkdirSync(at('deep'));
    symlinkSync('../new/file', at('deep/link'));
    // The folder of the link is reached through a link itself, so `..` is another folder than the text says.
    mkdirSync(at('a/b'), { recursive: true });
    symlinkSync(at('deep'), at('a/b/also'));
    await write(at('a/b/also/link'), 'new');
    expect(readFileSync(at('new/file'), 'utf8')).toBe('new');
    expect(readlinkSync(at('deep/link'))).toBe('../new/file');
  });

  it.each([
    ['a link to itself', 'circle', /ELOOP/, () => symlinkSync('circle', at('circle'))],
    ['a folder', 'place', /^a folder$/, () => mkdirSync(at('place'))],
    ['a link to a folder', 'link', /^a folder$/, () => symlinkSync('.', at('link'))],
    ['the name of a folder', 'none/', /^the name of a folder$/, () => {}],
    ['a pipe', 'pipe', /^a pipe$/, () => execFileSync('mkfifo', [at('pipe')])],
    [
      'a link to a pipe',
      'link',
      /^a pipe$/,
      () => execFileSync('sh', ['-c', 'mkfifo p; ln -s p link'], { cwd: folder }),
    ],
  ])('refuses %s, and leaves it', async (_, name, actual, make) => {
    make();
    const before = readdirSync(folder);
    const refusal = { code: 'BACKEND', where: join(folder, '/') + name, actual: expect.stringMatching(actual) };
    await expect(write(join(folder, '/') + name, 'new')).rejects.toMatchObject(refusal);
    await expect(assertReplaceable(join(folder, '/') + name)).rejects.toMatchObject(refusal);
    expect(readdirSync(folder)).toEqual(before);
  });

  it('refuses a socket', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(at('socket'), resolve));
    await expect(write(at('socket'), 'new')).rejects.toMatchObject({ actual: 'a socket' });
    expect(lstatSync(at('socket')).isSocket()).toBe(true);
    await new Promise((resolve) => server.close(resolve));
  });

  // A device of its own, never /dev/null: as root, a fault here would replace that for the whole machine.
  (isRoot ? it : it.skip)('refuses a device, also through a link, and leaves it', async () => {
    execFileSync('mknod', [at('device'), 'c', '1', '3']);
    symlinkSync('device', at('link'));
    for (const name of ['device', 'link']) {
      await expect(write(at(name), 'new')).rejects.toMatchObject({ code: 'BACKEND', actual: 'a device' });
    }
    expect(statSync(at('device')).isCharacterDevice()).toBe(true);
    expect(readlinkSync(at('link'))).toBe('device');
  });
});

// Root may write everywhere, so another user tries.
(isRoot ? it : it.skip)('refuses a writable file in a read-only folder, rather than write it in place', () => {
  writeFileSync(at('file'), 'old');
  chmodSync(at('file'), 0o666);
  chmodSync(folder, 0o555);
  const loader = pathToFileURL(join(__dirname, '../node_modules/tsx/dist/loader.mjs')).href;
  const program = `
    const { assertReplaceable, writeFileAtomic } = require('./src/node/atomic-writer.ts');
    (async () => {
      for (const work of [assertReplaceable, writeFileAtomic])
        await work(process.argv[1], 'new').catch(({ message }) => console.log(message));
    })();`;
  const { stdout } = spawnSync(process.execPath, ['--import', loader, '--eval', program, at('file')], {
    ...{ cwd: join(__dirname, '..'), encoding: 'utf8', uid: 65534, gid: 65534 },
    env: { ...process.env, HOME: folder },
  });
  const lines = stdout.trim().split('\n');
  expect(lines).toHaveLength(2);
  for (const line of lines)
    expect(line).toMatch(/this path must be writable; got EACCES: .* Choose a folder you may write to\.$/);
  expect(readFileSync(at('file'), 'utf8')).toBe('old');
  expect(readdirSync(folder)).toEqual(['file']);
});
