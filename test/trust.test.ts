// A cache that another user could have written is refused, by every function that reads or fills it.
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { writeFileAtomic } from '../src/node/atomic-writer.js';
import { loadFashionMnist } from '../src/node/datasets/fashion-mnist.js';
import { cacheFolder, makeFolder, replaceFolderAtomic, sha256OfFile } from '../src/node/files.js';
import { withLock } from '../src/node/lock.js';
import { findTfjsNode, loadNative, nativeStatus } from '../src/node/native/load.js';
import { machineName, thisMachine } from '../src/node/native/machine.js';
import { ADDON, nativeFolder, readProof, writeInstallRecord, writeProof } from '../src/node/native/record.js';
import { assertTrusted, distrustOf } from '../src/node/trust.js';

const environment = { ...process.env };
const { geteuid } = process;
const isRoot = geteuid?.() === 0;
const STRANGER = 4243;
let folder: string;
let cache: string;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'trust-test-')));
  cache = join(folder, 'cache');
  process.env.SOFTMAX_REGRESSION_CACHE = cache;
  mkdirSync(cache, { mode: 0o700 });
});

afterEach(() => {
  jest.restoreAllMocks();
  process.env = { ...environment };
  rmSync(folder, { recursive: true, force: true });
});

/** Makes a path that of another user. Only root can; otherwise this process becomes another user by name. */
function giveAway(path: string): void {
  if (isRoot) chownSync(path, STRANGER, STRANGER);
  else jest.spyOn(process, 'geteuid').mockReturnValue(STRANGER);
}

(geteuid === undefined ? describe.skip : describe)('distrustOf', () => {
  it('accepts folders of this user below a sticky folder, and parts that do not exist', () => {
    expect(statSync(tmpdir()).mode & 0o1000).toBe(0o1000);
    expect(distrustOf(cache)).toBeUndefined();
    expect(distrustOf(cache, [join(cache, 'not', 'there')])).toBeUndefined();
    expect(distrustOf(join(folder, 'not', 'there'))).toBeUndefined();
  });

  it('refuses a folder, a file and a link of another user', () => {
    const user = isRoot ? 'root, who runs this' : `user ${STRANGER}, who runs this, or to root`;
    writeFileSync(join(cache, 'file'), '');
    symlinkSync('file', join(cache, 'link'));
    giveAway(join(cache, 'file'));
    expect(distrustOf(cache, [join(cache, 'file')])).toMatchObject({ expected: `belong to ${user}` });
    expect(distrustOf(cache, [join(cache, 'link')])).toMatchObject({ expected: `belong to ${user}` });
    giveAway(cache);
    expect(distrustOf(cache)).toMatchObject({ argument: 'this folder', expected: `belong to ${user}` });
  });

  it.each(['0770', '0775'])('refuses the cache with mode %s, and the command that it names helps', (mode) => {
    chmodSync(cache, Number.parseInt(mode, 8));
    const distrust = distrustOf(cache);
    expect(distrust).toEqual({
      path: cache,
      argument: 'this folder',
      expected: 'be writable by its owner only',
      actual: `mode ${mode}`,
      hint: `Run: chmod -R g-w ${cache}`,
    });
    execFileSync('sh', ['-c', distrust?.hint.slice('Run: '.length) as string]);
    expect(distrustOf(cache)).toBeUndefined();
  });

  it.each(['0777', '0757', '1777', '1775'])(
    'names another folder for a cache with mode %s, which others filled',
    (mode) => {
      chmodSync(cache, Number.parseInt(mode, 8));
      const { actual, hint } = distrustOf(cache) ?? {};
      expect(actual).toBe(`mode ${mode}`);
      expect(hint).toMatch(/SOFTMAX_REGRESSION_CACHE/);
    },
  );

  it.each(['/tmp', '/dev/null'])('never advises to change the mode of %s', (path) => {
    expect(distrustOf(path)?.hint).not.toMatch(/chmod/);
  });

  it('refuses a folder above the cache that all may write to', () => {
    chmodSync(folder, 0o775);
    expect(distrustOf(cache)).toMatchObject({ path: folder, hint: `Run: chmod g-w ${folder}` });
    chmodSync(folder, 0o777);
    expect(distrustOf(cache)).toMatchObject({ path: folder, hint: expect.stringMatching(/SOFTMAX_REGRESSION_CACHE/) });
    chmodSync(folder, 0o1777);
    expect(distrustOf(cache)).toBeUndefined();
  });

  it('refuses a file in the cache that others may write to', () => {
    mkdirSync(join(cache, 'deep'), { mode: 0o700 });
    writeFileSync(join(cache, 'deep', 'file'), '');
    chmodSync(join(cache, 'deep', 'file'), 0o664);
    expect(distrustOf(cache, [join(cache, 'deep', 'file')])).toMatchObject({
      argument: 'this file',
      actual: 'mode 0664',
    });
  });

  it('refuses the target of a link, and the folders around it, but no link to itself', () => {
    const elsewhere = join(folder, 'elsewhere', 'deep');
    mkdirSync(elsewhere, { recursive: true });
    symlinkSync(elsewhere, join(cache, 'link'));
    symlinkSync('self', join(cache, 'self'));
    expect(distrustOf(cache, [join(cache, 'link', 'file'), join(cache, 'self')])).toBeUndefined();
    chmodSync(dirname(elsewhere), 0o777);
    expect(distrustOf(cache, [join(cache, 'link', 'file')])).toMatchObject({ path: dirname(elsewhere) });
    // The target of a link in the cache is a part of the cache, so it must not be sticky.
    chmodSync(dirname(elsewhere), 0o755);
    chmodSync(elsewhere, 0o1777);
    expect(distrustOf(cache, [join(cache, 'link')])).toMatchObject({ path: elsewhere });
    symlinkSync(elsewhere, join(folder, 'linked-cache'));
    expect(distrustOf(join(folder, 'linked-cache'))).toMatchObject({ path: elsewhere });
  });

  it('names a command that works for the cache of another user, such as root with the HOME of another user', () => {
    giveAway(cache);
    const { hint } = distrustOf(cache) ?? {};
    const own = join(userInfo().homedir, '.cache', 'softmax-regression');
    expect([
      `Run: export SOFTMAX_REGRESSION_CACHE=${own}`,
      'Set SOFTMAX_REGRESSION_CACHE to a folder that only you may write to.',
    ]).toContain(hint);
    if (hint?.startsWith('Run: ')) expect(distrustOf(own)).toBeUndefined();
    expect(hint).not.toContain(tmpdir());
  });

  it('checks nothing without user ids, as on Windows', () => {
    chmodSync(cache, 0o775);
    Object.assign(process, { geteuid: undefined });
    try {
      expect(distrustOf(cache)).toBeUndefined();
    } finally {
      Object.assign(process, { geteuid });
    }
  });

  it('is an error of one line, with path, owner, rule and way out', () => {
    chmodSync(cache, 0o775);
    expect(() => assertTrusted(cache)).toThrow(
      `${cache}: this folder must be writable by its owner only; got mode 0775. Run: chmod -R g-w ${cache}`,
    );
  });
});

(geteuid === undefined ? describe.skip : describe)('a cache that others may write to', () => {
  beforeEach(() => chmodSync(cache, 0o775));

  const refusal = { code: 'BACKEND', expected: 'be writable by its owner only' };

  it('is not filled', async () => {
    const work = jest.fn();
    await expect(makeFolder(cacheFolder('x'))).rejects.toMatchObject(refusal);
    await expect(writeFileAtomic(cacheFolder('x'), '')).rejects.toMatchObject(refusal);
    await expect(replaceFolderAtomic(cacheFolder('x'), work)).rejects.toMatchObject(refusal);
    await expect(withLock(cacheFolder('x'), work)).rejects.toMatchObject(refusal);
    expect(work).not.toHaveBeenCalled();
    expect(existsSync(cacheFolder('x'))).toBe(false);
  });

  it('gives no data set, and one reason', async () => {
    process.env.FASHION_MNIST_MIRRORS = 'http://127.0.0.1:1/';
    process.env.PATH = '';
    const loading = loadFashionMnist();
    await expect(loading.catch((error) => error.message.split('\n').length)).resolves.toBe(1);
    await expect(loading).rejects.toMatchObject({ ...refusal, where: cache });
  });

  it('is named by the command line in one line', () => {
    const env = { ...process.env, NODE_OPTIONS: '' };
    const args = ['--import', 'tsx', join(__dirname, '..', 'src', 'cli', 'main.ts'), 'native', 'install', '--force'];
    const { stderr, status } = spawnSync(process.execPath, args, { env, encoding: 'utf8' });
    const wrong = `${cache}: this folder must be writable by its owner only; got mode 0775. Run: chmod -R g-w ${cache}`;
    // On machines without a library for them, the kernels are refused before the cache.
    if (findTfjsNode() !== undefined && process.platform === 'linux' && stderr.includes(cache)) {
      expect(stderr.trim()).toMatch(new RegExp(`^(error: )?${wrong.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`));
    }
    expect(status).not.toBe(0);
  });
});

(geteuid === undefined ? describe.skip : describe)(
  'native kernels that another user planted, with a record of their own',
  () => {
    const version = findTfjsNode()?.version;
    const itInstalled = version === undefined ? it.skip : it;

    async function plant(): Promise<string> {
      const planted = nativeFolder(version as string, thisMachine(), false);
      mkdirSync(join(planted, 'addon'), { recursive: true, mode: 0o700 });
      writeFileSync(join(planted, ADDON), 'evil', { mode: 0o600 });
      await writeInstallRecord(planted, {
        tfjsNodeVersion: version as string,
        tensorflowVersion: '2.21.0',
        machine: machineName(thisMachine()),
        gpu: false,
        cpu: thisMachine().cpu,
        installed: new Date(0).toISOString(),
        addons: { [ADDON]: await sha256OfFile(join(planted, ADDON)) },
        files: { [ADDON]: 4 },
      });
      await writeProof([join(planted, ADDON)], thisMachine(), { tensorflowVersion: '2.21.0', device: 'CPU' });
      return planted;
    }

    itInstalled('are installed while nobody else may write to them', async () => {
      const planted = await plant();
      expect(nativeStatus()).toMatchObject({ installed: true, addon: join(planted, ADDON), proof: { device: 'CPU' } });
    });

    itInstalled.each([
      ['the addon', (planted: string) => join(planted, ADDON)],
      ['its folder', (planted: string) => join(planted, 'addon')],
      ['the record', (planted: string) => join(planted, 'record.json')],
      ['the folder of the build', (planted: string) => planted],
      ['the folder of all builds', (planted: string) => dirname(planted)],
      ['the cache', () => cache],
    ])('are neither loaded nor tested if others own or may write %s', async (_, pathIn) => {
      const path = pathIn(await plant());
      const { mode } = statSync(path);
      chmodSync(path, mode | 0o020);
      const refused = nativeStatus();
      if (refused.installed && refused.origin === 'tfjs-node') return;
      expect(refused).toEqual({
        installed: false,
        reason: expect.stringMatching(`^${path}: this (file|folder) must be writable by its owner only; got mode`),
        advice: `Run: chmod -R g-w ${cache}`,
        command: `chmod -R g-w ${cache}`,
      });
      await expect(loadNative()).rejects.toMatchObject({ code: 'BACKEND', hint: `Run: chmod -R g-w ${cache}` });
      chmodSync(path, mode);
      giveAway(path);
      expect(nativeStatus()).toMatchObject({ installed: false, reason: expect.stringContaining('who runs this') });
    });

    itInstalled('are tested again if others may write the proofs', async () => {
      const addon = join(await plant(), ADDON);
      expect(readProof([addon], thisMachine())).toBeDefined();
      chmodSync(cacheFolder('native', 'proofs'), 0o775);
      expect(readProof([addon], thisMachine())).toBeUndefined();
    });
  },
);

(geteuid === undefined ? describe.skip : describe)('new folders of the cache', () => {
  it.each(['0000', '0002', '0022', '0277'])(
    'are of mode 0700 with umask %s, and files are of this user alone',
    (umask) => {
      const script = `process.umask(0o${umask}); const source = (name) => require(${JSON.stringify(join(__dirname, '..', 'src', 'node'))} + name);
      const files = { ...source('/files.ts'), ...source('/atomic-writer.ts') };
      (async () => {
        await files.writeFileAtomic(files.cacheFolder('deep', 'file'), 'x');
        await files.replaceFolderAtomic(files.cacheFolder('built'), async () => {});
      })();`;
      process.env.SOFTMAX_REGRESSION_CACHE = join(cache, 'new');
      execFileSync(process.execPath, ['--import', 'tsx', '-e', script], { env: { ...process.env, NODE_OPTIONS: '' } });
      for (const path of ['', 'deep', 'built']) {
        expect([path, (statSync(cacheFolder(path)).mode & 0o777).toString(8)]).toEqual([path, '700']);
      }
      expect(statSync(cacheFolder('deep', 'file')).mode & 0o077).toBe(0);
    },
  );

  it('are ordinary elsewhere', async () => {
    await makeFolder(join(folder, 'cached'));
    const ordinary = join(folder, 'ordinary');
    mkdirSync(ordinary);
    expect(statSync(join(folder, 'cached')).mode).toBe(statSync(ordinary).mode);
  });
});

describe('the documents', () => {
  it.each(['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'docs/native.md', 'docs/cli.md', 'docs/reliability.md'])(
    'lead nobody to a cache below /tmp: %s',
    (name) => {
      const text = readFileSync(join(__dirname, '..', name), 'utf8');
      expect(text).not.toMatch(/SOFTMAX_REGRESSION_CACHE\S*\/tmp|XDG_CACHE_HOME\S*\/tmp/);
    },
  );
});
