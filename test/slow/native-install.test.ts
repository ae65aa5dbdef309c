import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { compileAddons, compilerArguments, findCompiler } from '../../src/node/native/compile.js';
import { installNative } from '../../src/node/native/install.js';
import { installMpi } from '../../src/node/native/install-mpi.js';
import { findTfjsNode } from '../../src/node/native/load.js';
import { nativeSource, thisMachine } from '../../src/node/native/machine.js';
import { mpiSource } from '../../src/node/native/mpi.js';
import { nativeFolder } from '../../src/node/native/record.js';
import { isNeeded, unpack } from '../../src/node/native/unpack.js';
import { downloadArguments, fetchWheel, findWheelClients, keptWheel } from '../../src/node/native/wheel.js';
import { CPU_WHEELS, CUDA_WHEELS, type Wheel } from '../../src/node/native/wheels.js';
import { thisProcess } from '../../src/node/processes.js';
import { zipOf } from '../helpers/zip.js';

const environment = { ...process.env };
let folder: string;
let cache: string;
let programs: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'install-test-'));
  cache = join(folder, 'cache');
  programs = join(folder, 'bin');
  mkdirSync(programs);
  // The path has only the fake programs of each test.
  process.env.PATH = programs;
  process.env.SOFTMAX_REGRESSION_CACHE = cache;
  delete process.env.CXX;
});

afterEach(() => {
  process.env = { ...environment };
  rmSync(folder, { recursive: true, force: true });
});

/** A shell script that can use the usual tools. */
function fakeProgram(name: string, script: string): void {
  writeFileSync(join(programs, name), `#!/bin/sh\nPATH="${environment.PATH}"\n${script}\n`);
  chmodSync(join(programs, name), 0o755);
}

/** A fake pip that always delivers `content` and counts its calls. */
function fakePip(content: string | Buffer, name = 'pip'): void {
  writeFileSync(join(folder, 'delivery'), content);
  fakeProgram(
    name,
    `case "$*" in *--version) exit 0 ;; esac
    echo call >> "${join(folder, 'calls')}"
    while [ "$1" != --dest ]; do shift; done
    mkdir -p "$2" && cp "${join(folder, 'delivery')}" "$2/some.whl"`,
  );
}

const calls = () =>
  existsSync(join(folder, 'calls')) ? readFileSync(join(folder, 'calls'), 'utf8').split('\n').length - 1 : 0;

function wheelOf(content: string | Buffer): Wheel {
  const sha256 = createHash('sha256').update(content).digest('hex');
  return { name: 'some', version: '1', platform: 'manylinux_2_27_x86_64', sha256, bytes: content.length };
}

function zip(files: Readonly<Record<string, string>>, mode?: number): Buffer {
  return zipOf(Object.entries(files).map(([name, content]) => ({ name, content, mode })));
}

describe('the table of wheels', () => {
  it('pins each wheel by version, platform and sha256', () => {
    for (const wheel of [...Object.values(CPU_WHEELS), ...CUDA_WHEELS]) {
      expect(wheel.sha256).toMatch(/^[0-9a-f]{64}$/);
      expect(wheel.version).toMatch(/^\d+(\.\d+)+$/);
      expect(wheel.platform).toMatch(/^(manylinux|macosx)/);
    }
    expect(new Set(CUDA_WHEELS.map(({ name }) => name)).size).toBe(13);
  });
});

describe('downloadArguments', () => {
  it('request one pinned wheel from pip, without dependencies and builds', () => {
    const words = downloadArguments('pip', CPU_WHEELS['linux-x64'], '/r.txt', '/into').join(' ');
    expect(words).toBe(
      'download --no-deps --only-binary=:all: --require-hashes --no-cache-dir --progress-bar=off ' +
        '--python-version 3.12 --implementation cp --abi cp312 --platform manylinux_2_27_x86_64 ' +
        '--requirement /r.txt --dest /into',
    );
  });

  it.each([
    ['linux-x64', 'x86_64-manylinux_2_28'],
    ['linux-arm64', 'aarch64-manylinux_2_28'],
    ['darwin-arm64', 'aarch64-apple-darwin'],
  ])('request the same from uv on %s', (platform, name) => {
    const words = downloadArguments('uv', CPU_WHEELS[platform], '/r.txt', '/into').join(' ');
    expect(words).toBe(
      'pip install --no-deps --only-binary=:all: --require-hashes --no-cache --no-progress ' +
        `--python-version 3.12 --python-platform ${name} --requirement /r.txt --target /into`,
    );
  });

  it('request the CUDA libraries by their own platform tags', () => {
    const tags = CUDA_WHEELS.map((wheel) => downloadArguments('pip', wheel, '/r', '/i')).map(
      (words) => words[words.indexOf('--platform') + 1],
    );
    expect(tags).toEqual(CUDA_WHEELS.map(({ platform }) => platform));
  });
});

describe('findWheelClients', () => {
  it('finds nothing if nothing is installed', async () => {
    expect(await findWheelClients()).toEqual([]);
  });

  it('finds the first working pip, and then uv', async () => {
    fakeProgram('python3', 'echo "No module named pip" >&2; exit 1');
    fakeProgram('pip', 'exit 0');
    fakeProgram('uv', 'exit 0');
    expect(await findWheelClients()).toEqual([
      { kind: 'pip', command: ['pip'] },
      { kind: 'uv', command: ['uv'] },
    ]);
  });
});

describe('fetchWheel', () => {
  const fetch = async (wheel: Wheel) => fetchWheel(wheel, cache, await findWheelClients());

  it('caches the wheel, so that a second call does not download it', async () => {
    const wheel = wheelOf('content');
    fakePip('content');
    const kept = { kind: 'wheel', path: keptWheel(wheel, cache) };
    expect([await fetch(wheel), await fetch(wheel)]).toEqual([kept, kept]);
    expect(calls()).toBe(1);
    expect(readdirSync(cache)).toEqual([`some-1-${wheel.sha256.slice(0, 16)}.whl`]);
  });

  it('rejects and removes a wheel with a wrong checksum', async () => {
    fakePip('tampered');
    await expect(fetch(wheelOf('content'))).rejects.toMatchObject({
      code: 'BACKEND',
      expected: 'be downloaded with the pinned sha256',
      actual: 'pip: some.whl has another sha256',
    });
    expect(readdirSync(cache)).toEqual([]);
  });

  it('replaces a cached wheel with a wrong checksum', async () => {
    const wheel = wheelOf('content');
    mkdirSync(cache, { mode: 0o700 });
    writeFileSync(keptWheel(wheel, cache), 'tampered');
    fakePip('content');
    const { path } = await fetch(wheel);
    expect(readFileSync(path, 'utf8')).toBe('content');
  });

  it('falls back to uv if pip fails, and reports both reasons if both fail', async () => {
    fakeProgram('pip', 'case "$*" in *--version) exit 0 ;; esac; echo "ERROR: no route to host" >&2; exit 1');
    fakeProgram(
      'uv',
      'case "$*" in *--version) exit 0 ;; esac; while [ "$1" != --target ]; do shift; done; mkdir "$2"',
    );
    expect(await fetch(wheelOf('content'))).toMatchObject({ kind: 'folder' });
    fakeProgram('uv', 'case "$*" in *--version) exit 0 ;; esac; echo "error: no network" >&2; exit 2');
    const actual = 'pip: ERROR: no route to host; uv: error: no network';
    await expect(fetch(wheelOf('content'))).rejects.toMatchObject({ code: 'BACKEND', actual });
  });

  it('reports the progress of the download', async () => {
    fakePip('content');
    const onProgress = jest.fn();
    await fetchWheel(wheelOf('content'), cache, await findWheelClients(), onProgress);
    expect(onProgress).toHaveBeenCalledWith({ stage: 'download some 1', done: 0, total: 7, unit: 'bytes' });
    expect(onProgress).toHaveBeenLastCalledWith({ stage: 'check some 1', done: 7, total: 7, unit: 'bytes' });
  });
});

describe('unpack', () => {
  const into = () => join(folder, 'into');
  const unzip = (content: Buffer | string) => {
    writeFileSync(join(folder, 'x.whl'), content);
    return unpack({ kind: 'wheel', path: join(folder, 'x.whl') }, into());
  };

  it('extracts only libraries and needed headers, with their paths in the wheel', async () => {
    await unzip(
      zip({ 'tensorflow/libtensorflow_cc.so.2': 'library', 'tensorflow/python/x.py': 'no', 'x/README': 'no' }),
    );
    expect(readdirSync(into(), { recursive: true })).toEqual(['tensorflow', 'tensorflow/libtensorflow_cc.so.2']);
    expect(readFileSync(join(into(), 'tensorflow/libtensorflow_cc.so.2'), 'utf8')).toBe('library');
  });

  it('extracts the same from a folder unpacked by uv', async () => {
    const content = join(folder, 'content');
    for (const name of ['tensorflow/libtensorflow_cc.so.2', 'tensorflow/python/x.py']) {
      mkdirSync(dirname(join(content, name)), { recursive: true });
      writeFileSync(join(content, name), name);
    }
    await unpack({ kind: 'folder', path: folder, content }, into());
    expect(readdirSync(into(), { recursive: true })).toEqual(['tensorflow', 'tensorflow/libtensorflow_cc.so.2']);
  });

  it('preserves the executable flag', async () => {
    await unzip(zip({ 'nvidia/cuda_nvcc/bin/ptxas': '' }, 0o100755));
    const { mode } = statSync(join(into(), 'nvidia/cuda_nvcc/bin/ptxas'));
    expect(mode & 0o111).not.toBe(0);
  });

  it.each([
    ['a text file', 'no zip at all'],
    ['a truncated archive', zip({ 'tensorflow/libtensorflow_cc.so.2': 'library' }).subarray(0, 60)],
    ['a path outside the folder', zip({ 'tensorflow/include/tensorflow/c/../../../../../evil.h': 'evil' })],
    ['an absolute path', zip({ '/tmp/evil.h': 'evil' })],
  ])('rejects %s', async (_, content) => {
    await expect(unzip(content)).rejects.toMatchObject({ code: 'FORMAT', expected: 'be a valid zip archive' });
    expect(existsSync(into())).toBe(false);
  });

  it.each([
    ['tensorflow/libtensorflow_framework.2.dylib', true],
    ['tensorflow/include/xla/tsl/c/tsl_status.h', true],
    ['tensorflow/include/tensorflow/c/kernels.h', true],
    ['tensorflow/include/tsl/platform/platform.h', true],
    ['tensorflow/include/tensorflow/core/common_runtime/next_pluggable_device/c/tf_rendezvous_c_api.h', true],
    ['tensorflow/include/tensorflow/core/platform/platform.h', false],
    ['nvidia/cublas/lib/libcublas.so.12', true],
    ['nvidia/cuda_nvcc/nvvm/libdevice/libdevice.10.bc', true],
    ['nvidia/cublas/include/cublas.h', false],
    ['nvidia/cublas/lib/libx.a', false],
    ['nvidia/cublas/lib/', false],
    ['nvidia/__init__.py', false],
    ['tensorflow/include/Eigen/Core', false],
    ['other/tensorflow/libtensorflow_cc.so.2', false],
  ])('%s is needed: %p', (name, needed) => {
    expect(isNeeded(name)).toBe(needed);
  });
});

describe('the compiler', () => {
  const build = { tfjsNode: '', tensorflow: '', addon: '' };

  it('is $CXX with its arguments, or else the first of the usual ones', async () => {
    fakeProgram('g++', 'exit 0');
    expect(await findCompiler()).toEqual(['g++']);
    fakeProgram('ccache', 'exit 0');
    process.env.CXX = 'ccache g++';
    expect(await findCompiler()).toEqual(['ccache', 'g++']);
    fakeProgram('ccache', 'exit 1');
    expect(await findCompiler()).toEqual(['g++']);
  });

  it('is reported as missing if none is installed', async () => {
    await expect(findCompiler()).rejects.toMatchObject({
      ...{ code: 'BACKEND', argument: 'a C++ compiler', actual: 'none of c++, g++, clang++' },
    });
  });

  it('links the addon to find its libraries by relative path', () => {
    const paths = { ...build, tensorflow: '/t/tensorflow', addon: '/t/addon/x.node', float64: '/t/addon/y.node' };
    const linux = compilerArguments(paths, ['a.cc'], ['/t/tensorflow/lib.so.2'], 'linux');
    expect(linux).toEqual(
      expect.arrayContaining(['-shared', '-fPIC', '-Wl,-z,nodelete', '-Wl,-rpath,$ORIGIN/../tensorflow']),
    );
    const mac = compilerArguments(paths, ['a.cc'], ['/t/tensorflow/lib.2.dylib'], 'darwin');
    expect(mac).toEqual(expect.arrayContaining(['-bundle', 'dynamic_lookup', '-Wl,-rpath,@loader_path/../tensorflow']));
  });

  it('is reported with its first error if it fails', async () => {
    mkdirSync(join(folder, 'tfjs-node', 'binding'), { recursive: true });
    mkdirSync(join(folder, 'tensorflow'));
    fakeProgram('g++', 'echo "x.cc:1: error: planted" >&2; echo "compilation terminated." >&2; exit 1');
    const paths = {
      tfjsNode: join(folder, 'tfjs-node'),
      tensorflow: join(folder, 'tensorflow'),
      addon: join(cache, 'x.node'),
      float64: join(cache, 'y.node'),
    };
    const expected = { code: 'BACKEND', actual: 'x.cc:1: error: planted' };
    await expect(compileAddons(paths, ['g++'])).rejects.toMatchObject(expected);
  });
});

const source = nativeSource(thisMachine(), false);

(source.ok ? describe : describe.skip)('installNative', () => {
  const [wheel] = source.ok ? source.wheels : [];
  const target = () => nativeFolder(findTfjsNode()?.version ?? '', thisMachine(), false);
  const downloads = () => join(cache, 'native', 'downloads');
  const leftovers = () => readdirSync(cache, { recursive: true }).sort();
  const untouched = ['native', 'native/downloads'];

  it('rejects unknown options', async () => {
    await expect(installNative({ gpus: true } as object)).rejects.toMatchObject({ code: 'DOMAIN', actual: "'gpus'" });
  });

  it('requires a compiler before it downloads anything', async () => {
    fakePip('never asked for');
    await expect(installNative()).rejects.toMatchObject({ code: 'BACKEND', argument: 'a C++ compiler' });
    expect(calls()).toBe(0);
    expect(leftovers()).toEqual(untouched);
  });

  it("requires pip or uv, and suggests tfjs-node's installer and wasm as alternatives", async () => {
    fakeProgram('c++', 'exit 0');
    const installing = installNative();
    await expect(installing).rejects.toMatchObject({ code: 'BACKEND', argument: 'pip or uv', actual: 'neither' });
    await expect(installing).rejects.toMatchObject({
      hint: expect.stringMatching(/npm rebuild @tensorflow\/tfjs-node.*wasm/),
    });
    expect(leftovers()).toEqual(untouched);
  });

  it('rejects a wheel with a wrong checksum, without leftovers', async () => {
    fakeProgram('c++', 'exit 0');
    fakePip(zip({ 'tensorflow/libtensorflow_cc.so.2': 'evil' }));
    await expect(installNative()).rejects.toMatchObject({
      code: 'BACKEND',
      actual: 'pip: some.whl has another sha256',
    });
    expect(leftovers()).toEqual(untouched);
  });

  it('reports a folder that cannot be written', async () => {
    fakeProgram('c++', 'exit 0');
    fakePip('');
    writeFileSync(cache, 'a file where the folder should be');
    await expect(installNative()).rejects.toMatchObject({
      code: 'BACKEND',
      expected: 'be writable',
      hint: 'Set SOFTMAX_REGRESSION_CACHE to a folder you may write to.',
    });
    expect(readFileSync(cache, 'utf8')).toBe('a file where the folder should be');
  });

  it('stops if aborted before it starts', async () => {
    await expect(installNative({ signal: AbortSignal.abort(new Error('planted')) })).rejects.toThrow('planted');
    expect(existsSync(cache)).toBe(false);
  });

  it('stops if aborted during a download, without leftovers', async () => {
    fakeProgram('c++', 'exit 0');
    fakeProgram('pip', 'case "$*" in *--version) exit 0 ;; esac; exec sleep 60');
    const controller = new AbortController();
    const onProgress = () => controller.abort(new Error('planted'));
    await expect(installNative({ onProgress, signal: controller.signal })).rejects.toThrow('planted');
    expect(leftovers()).toEqual(untouched);
  });

  it('waits for another installing process, and reports it', async () => {
    mkdirSync(join(cache, 'native'), { recursive: true, mode: 0o700 });
    writeFileSync(
      join(cache, 'native', 'install.lock'),
      JSON.stringify({ ...thisProcess(), pid: process.ppid, start: '', id: 'x' }),
    );
    const controller = new AbortController();
    const stages: string[] = [];
    const onProgress = ({ stage }: { stage: string }) => {
      stages.push(stage);
      controller.abort(new Error('waited enough'));
    };
    await expect(installNative({ onProgress, signal: controller.signal })).rejects.toThrow('waited enough');
    const lock = join(cache, 'native', 'install.lock');
    expect(stages).toEqual([`wait for process ${process.ppid}, which holds ${lock}`]);
  });

  it('removes leftovers of a killed download', async () => {
    mkdirSync(join(downloads(), 'fetch-dead'), { recursive: true, mode: 0o700 });
    fakeProgram('c++', 'exit 0');
    await expect(installNative()).rejects.toMatchObject({ argument: 'pip or uv' });
    expect(leftovers()).toEqual(untouched);
  });

  it('removes a cached wheel with a wrong checksum', async () => {
    mkdirSync(downloads(), { recursive: true, mode: 0o700 });
    writeFileSync(keptWheel(wheel, downloads()), 'tampered');
    fakeProgram('c++', 'exit 0');
    await expect(installNative()).rejects.toMatchObject({ argument: 'pip or uv' });
    expect(leftovers()).toEqual(untouched);
    expect(existsSync(target())).toBe(false);
  });
});

(mpiSource(thisMachine()).ok ? describe : describe.skip)('installMpi', () => {
  const leftovers = () => readdirSync(cache, { recursive: true }).sort();
  const untouched = ['native', 'native/downloads'];

  it('requires a compiler before it downloads anything', async () => {
    fakePip('never asked for');
    await expect(installMpi()).rejects.toMatchObject({
      ...{ code: 'BACKEND', argument: 'a C++ compiler' },
      hint: expect.stringMatching(/one process computes alone\.$/),
    });
    expect(calls()).toBe(0);
  });

  it('requires pip or uv, and says what works without', async () => {
    fakeProgram('c++', 'exit 0');
    await expect(installMpi()).rejects.toMatchObject({
      ...{ code: 'BACKEND', argument: 'pip or uv', actual: 'neither' },
      hint: expect.stringMatching(/^(?!.*tfjs).*one process computes alone\.$/),
    });
  });

  it('rejects a wheel with a wrong checksum, without leftovers', async () => {
    fakeProgram('c++', 'exit 0');
    fakePip(zip({ 'mpich-5.0.2.data/data/lib/libmpi_abi.so.1': 'evil' }));
    const expected = { code: 'BACKEND', argument: 'mpich 5.0.2', actual: 'pip: some.whl has another sha256' };
    await expect(installMpi()).rejects.toMatchObject(expected);
    expect(leftovers()).toEqual(untouched);
  });

  it('rejects unknown options, and stops if aborted before it starts', async () => {
    await expect(installMpi({ gpu: true } as object)).rejects.toMatchObject({ code: 'DOMAIN', actual: "'gpu'" });
    await expect(installMpi({ signal: AbortSignal.abort(new Error('planted')) })).rejects.toThrow('planted');
    expect(existsSync(cache)).toBe(false);
  });
});
