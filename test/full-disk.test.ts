// Writes to a full or read-only disk: the old file stays, and the error gives the reason.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { loadIris, SoftmaxRegression } from 'softmax-regression';
import { fileCheckpoint, installNative, loadModel, readCheckpoint, saveModel } from 'softmax-regression/node';
import { ModelOutput } from '../src/cli/train/model-output.js';
import { openAtomicWriter } from '../src/node/atomic-writer.js';
import { loadPinnedData, type PinnedData } from '../src/node/datasets/pinned-data.js';
import { useBackend } from './helpers/backends.js';

const isRoot = process.platform === 'linux' && process.getuid?.() === 0;

/** A disk of 256 kB. */
function mounted(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'full-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', folder], { stdio: 'ignore' });
    return folder;
  } catch {
    rmSync(folder, { recursive: true });
    return undefined; // root without the right to mount
  }
}

const disk = isRoot ? mounted() : undefined;
const environment = { ...process.env };
const iris = loadIris();
const at = (name: string) => join(disk as string, name);

const states: [string, () => void, object][] = [
  [
    'full',
    () => expect(() => writeFileSync(at('fill'), Buffer.alloc(2 ** 20))).toThrow('ENOSPC'),
    { code: 'BACKEND', expected: 'be on a disk with free space', hint: 'Free some space, or choose another disk.' },
  ],
  [
    'read-only',
    () => execFileSync('mount', ['-o', 'remount,ro', disk as string]),
    {
      code: 'BACKEND',
      expected: 'be writable',
      hint: expect.stringMatching(/to a folder you may write to|Choose a folder/),
    },
  ],
];

// Only root may mount a disk to fill.
(disk === undefined ? describe.skip : describe).each(states)('on a %s disk', (_, become, refusal) => {
  let old: SoftmaxRegression<string>;
  const contents = () =>
    Object.fromEntries(['model', 'checkpoint', 'report'].map((name) => [name, readFileSync(at(name), 'hex')]));
  let names: string[];
  let before: ReturnType<typeof contents>;
  const options = { solver: 'momentum', epochs: 2, seed: 1 } as const;

  beforeAll(async () => {
    await useBackend('cpu');
    const checkpoint = fileCheckpoint(at('checkpoint'));
    ({ model: old } = await SoftmaxRegression.fit(iris.features, iris.labels, { ...options, checkpoint }));
    await saveModel(at('model'), old);
    writeFileSync(at('report'), 'old');
    mkdirSync(at('cache/native'), { recursive: true });
    become();
    before = contents();
    names = readdirSync(disk as string, { recursive: true }) as string[];
  });

  beforeEach(() => {
    process.env.SOFTMAX_REGRESSION_CACHE = at('cache');
    // No programs to fall back on.
    process.env.PATH = '';
  });

  afterEach(() => {
    process.env = { ...environment };
    expect(contents()).toEqual(before);
    expect(readdirSync(disk as string, { recursive: true })).toEqual(names);
  });

  it('saveModel leaves the old model unchanged', async () => {
    await expect(saveModel(at('model'), old)).rejects.toMatchObject({ ...refusal, where: at('model') });
    expect((await loadModel(at('model'))).weight).toEqual(old.weight);
  });

  it('a trained model of the command line is saved in the temporary folder, which the error names', async () => {
    const error = await new ModelOutput(at('model')).finish(old).catch((reason) => reason);
    expect(error).toMatchObject({ ...refusal, where: at('model'), hint: expect.any(String) });
    const [, file] = /^The model is saved in (\S+) instead\.$/.exec(error.hint) ?? [];
    expect((await loadModel(file)).weight).toEqual(old.weight);
    rmSync(dirname(file), { recursive: true });
  });

  it('fileCheckpoint leaves the old checkpoint unchanged, and fit resumes from it', async () => {
    const checkpoint = fileCheckpoint(at('checkpoint'));
    const resume = await readCheckpoint(at('checkpoint'));
    const longer = { ...options, epochs: 4, resume };
    const resumed = (more: object) => SoftmaxRegression.fit(iris.features, iris.labels, { ...longer, ...more });
    await expect(resumed({ checkpoint })).rejects.toMatchObject({ ...refusal, where: at('checkpoint') });
    expect((await resumed({})).result.iterations).toBeGreaterThan(0);
  });

  it('the atomic writer leaves an old report unchanged', async () => {
    const written = async () => {
      const writer = await openAtomicWriter(at('report'));
      try {
        await writer.write('new'.repeat(100_000));
        await writer.commit();
      } finally {
        await writer.abandon();
      }
    };
    await expect(written()).rejects.toMatchObject({ ...refusal, where: at('report') });
  });

  it('installNative fails and leaves no lock', async () => {
    await expect(installNative({ force: true })).rejects.toMatchObject({ ...refusal, where: expect.any(String) });
  });

  it('loadPinnedData fails and leaves no lock', async () => {
    const data: PinnedData<'x'> = {
      name: 'Tiny',
      files: { x: { name: 'x', shape: [1], sha256: '', gzip: { bytes: 1, sha256: '' } } },
      ...{ folderVariable: 'TINY_DIR', mirrorsVariable: 'TINY_MIRRORS', cacheName: 'tiny', debianPackage: 'tiny' },
      ...{ systemFolder: '/nonexistent', mirrors: ['http://127.0.0.1:1/'], command: 'none' },
    };
    const { expected } = refusal as { readonly expected: string };
    const message = expect.stringContaining(`tiny.lock: this path must ${expected}`);
    await expect(loadPinnedData(data, {})).rejects.toMatchObject({ code: 'BACKEND', message });
  });

  afterAll(() => {
    execFileSync('mount', ['-o', 'remount,rw', disk as string]);
    for (const name of readdirSync(disk as string)) rmSync(at(name), { recursive: true });
  });
});

afterAll(() => {
  if (disk === undefined) return;
  execFileSync('umount', [disk]);
  rmSync(disk, { recursive: true });
});
