import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { assertReplaceable, openAtomicWriter, writeFileAtomic } from '../src/node/atomic-writer.js';
import {
  cacheFolder,
  makeFolder,
  type Progress,
  replaceFolderAtomic,
  sha256OfFile,
  stateNow,
} from '../src/node/files.js';
import { thisProcess } from '../src/node/processes.js';
import { temporaryBeside } from '../src/node/temporary.js';

const TSX = pathToFileURL(require.resolve('tsx')).href;

let folder: string;
const environment = { ...process.env };

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'files-test-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
  process.env = { ...environment };
});

describe('cacheFolder', () => {
  it('is $SOFTMAX_REGRESSION_CACHE itself', () => {
    process.env.SOFTMAX_REGRESSION_CACHE = folder;
    expect(cacheFolder('native', 'x')).toBe(join(folder, 'native', 'x'));
  });

  it('lies below $XDG_CACHE_HOME', () => {
    delete process.env.SOFTMAX_REGRESSION_CACHE;
    process.env.XDG_CACHE_HOME = folder;
    expect(cacheFolder()).toBe(join(folder, 'softmax-regression'));
  });

  it('ignores a relative $XDG_CACHE_HOME, as the specification says', () => {
    delete process.env.SOFTMAX_REGRESSION_CACHE;
    process.env.XDG_CACHE_HOME = 'somewhere';
    expect(cacheFolder().startsWith(homedir())).toBe(true);
  });
});

describe('writeFileAtomic', () => {
  it('replaces an older file, and creates missing folders', async () => {
    const path = join(folder, 'deep', 'file');
    await writeFileAtomic(path, 'old');
    await writeFileAtomic(path, new Uint8Array([110, 101, 119]));
    expect(readFileSync(path, 'utf8')).toBe('new');
    expect(readdirSync(join(folder, 'deep'))).toEqual(['file']);
  });

  it('removes the temporary files that killed processes left for the same path, and nothing else', async () => {
    const path = join(folder, 'file');
    const left = (pid: number, start: string, name = 'file') =>
      temporaryBeside(join(folder, name)).replace(/-\d+-\d*-/, `-${pid}-${start}-`);
    const child = spawn(process.execPath, ['-e', '']);
    await new Promise((resolve) => child.once('exit', resolve));
    const dead = child.pid as number;
    const living = left(process.pid, thisProcess().start);
    const elsewhere = left(dead, '7').replace(/\.[0-9a-f]{8}-/, '.00000000-');
    const kept = [living, elsewhere, left(dead, '7', 'file.more'), join(folder, '.file.mine.partial')];
    // The second has the id of this process, which started later.
    const removed = [left(dead, '7'), ...(process.platform === 'linux' ? [left(process.pid, '7')] : [])];
    for (const name of [...kept, ...removed]) writeFileSync(name, '');
    await writeFileAtomic(path, 'new');
    expect(readdirSync(folder).sort()).toEqual([...kept.map((name) => basename(name)), 'file'].sort());
    const writer = await openAtomicWriter(path);
    writeFileSync(removed[0], '');
    await writer.abandon();
    await assertReplaceable(path);
    expect(existsSync(removed[0])).toBe(false);
    expect(existsSync(living)).toBe(true);
  });

  it('leaves target and folder unchanged if it cannot write', async () => {
    const path = join(folder, 'target');
    mkdirSync(join(path, 'child'), { recursive: true });
    await expect(writeFileAtomic(path, 'x')).rejects.toMatchObject({ code: 'BACKEND', where: path });
    expect(readdirSync(folder)).toEqual(['target']);
    expect(readdirSync(path)).toEqual(['child']);
  });

  it('names the path and gives a hint if the cache is not writable', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    process.env.SOFTMAX_REGRESSION_CACHE = join(file, 'cache');
    await expect(writeFileAtomic(cacheFolder('x'), 'x')).rejects.toMatchObject({
      code: 'BACKEND',
      expected: 'be writable',
      hint: 'Set SOFTMAX_REGRESSION_CACHE to a folder you may write to.',
    });
  });
});

describe('makeFolder', () => {
  it('creates a folder with its parents, and accepts an existing one', async () => {
    await makeFolder(join(folder, 'a', 'b'));
    await makeFolder(join(folder, 'a', 'b'));
    expect(readdirSync(join(folder, 'a'))).toEqual(['b']);
  });

  it('rejects a folder that the system does not allow, as in /proc', async () => {
    const path = '/proc/softmax-regression/cache';
    await expect(makeFolder(path)).rejects.toMatchObject({ code: 'BACKEND', where: path });
  });
});

describe('replaceFolderAtomic', () => {
  it('replaces the old folder by the new one', async () => {
    const target = join(folder, 'target');
    mkdirSync(target);
    writeFileSync(join(target, 'old'), '');
    await replaceFolderAtomic(target, async (fresh) => writeFileSync(join(fresh, 'new'), ''));
    expect(readdirSync(target)).toEqual(['new']);
    expect(readdirSync(folder)).toEqual(['target']);
  });

  it('keeps the old folder when the build fails, and removes the half-built one', async () => {
    const target = join(folder, 'target');
    mkdirSync(target);
    const build = async (fresh: string) => {
      writeFileSync(join(fresh, 'half'), '');
      throw new Error('planted');
    };
    await expect(replaceFolderAtomic(target, build)).rejects.toThrow('planted');
    expect(readdirSync(folder)).toEqual(['target']);
    expect(readdirSync(target)).toEqual([]);
  });

  it('removes the files that a killed build left', async () => {
    mkdirSync(join(folder, '.target.0000.partial', 'deep'), { recursive: true });
    await replaceFolderAtomic(join(folder, 'target'), async () => {});
    expect(readdirSync(folder)).toEqual(['target']);
  });

  it('restores the folder that a killed build moved aside if the next build fails', async () => {
    mkdirSync(join(folder, '.target.0000.retired', 'old'), { recursive: true });
    const build = () => Promise.reject(new Error('planted'));
    await expect(replaceFolderAtomic(join(folder, 'target'), build)).rejects.toThrow('planted');
    expect(readdirSync(folder)).toEqual(['target']);
    expect(readdirSync(join(folder, 'target'))).toEqual(['old']);
  });
});

describe('stateNow', () => {
  const onUnix = process.platform === 'win32' ? it.skip : it;
  onUnix('of a pipe does not keep Node from following the link of a package', () => {
    mkdirSync(join(folder, 'real'));
    writeFileSync(join(folder, 'real/index.js'), '');
    symlinkSync('real', join(folder, 'link'));
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    const files = join(__dirname, '../src/node/files.ts');
    const script = `const require = process.getBuiltinModule('node:module').createRequire(${JSON.stringify(join(folder, 'x'))});
      const { stateNow } = require(${JSON.stringify(files)});
      require('./real/index.js');
      const isPipe = stateNow('pipe').isFIFO();
      console.log(isPipe, require.resolve('./link/index.js'));`;
    const given = ['--import', TSX, '--input-type=commonjs', '-e', script];
    const said = execFileSync(process.execPath, given, { cwd: folder, encoding: 'utf8' });
    expect(said).toBe(`true ${join(realpathSync(folder), 'real/index.js')}\n`);
  });

  it('has no state where there is no file', () => {
    expect([stateNow(join(folder, 'none')), stateNow(99_999)]).toEqual([undefined, undefined]);
    symlinkSync('loop', join(folder, 'loop'));
    expect(stateNow(join(folder, 'loop'))).toBeUndefined();
    expect(stateNow(folder)?.isDirectory()).toBe(true);
  });

  it('is how command line and MPI ask for the state of what may be a pipe', () => {
    const source = join(__dirname, '..', 'src');
    const asking = ['cli', 'mpi'].flatMap((room) =>
      (readdirSync(join(source, room), { recursive: true }) as string[])
        .filter((name) => name.endsWith('.ts'))
        .flatMap((name) => readFileSync(join(source, room, name), 'utf8').split('\n'))
        .filter((line) => /\b[lf]?statSync\(/.test(line) && !line.includes('bigint: true')),
    );
    expect(asking).toEqual([]);
  });
});

describe('sha256OfFile', () => {
  it('matches the hash of the whole content, and reports progress', async () => {
    const content = Buffer.alloc(3_000_000, 'abc');
    const path = join(folder, 'file');
    writeFileSync(path, content);
    const seen: Progress[] = [];
    const digest = await sha256OfFile(path, (progress) => seen.push(progress));
    expect(digest).toBe(createHash('sha256').update(content).digest('hex'));
    expect(seen.at(-1)).toEqual({ stage: 'check file', done: 3_000_000, total: 3_000_000, unit: 'bytes' });
  });

  it('stops when aborted', async () => {
    const path = join(folder, 'file');
    writeFileSync(path, 'x');
    const reason = new Error('enough');
    await expect(sha256OfFile(path, undefined, AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});
