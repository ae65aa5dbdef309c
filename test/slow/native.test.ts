import { execFileSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { sha256OfFile } from '../../src/node/files.js';
import { findCompiler } from '../../src/node/native/compile.js';
import { deniedByDeno, findTfjsNode, loadNative, nativeStatus } from '../../src/node/native/load.js';
import {
  type Machine,
  machineFingerprint,
  machineName,
  nativeSource,
  otherRuntime,
  thisMachine,
} from '../../src/node/native/machine.js';
import { probeAddon } from '../../src/node/native/probe.js';
import { lastLine, runProgram } from '../../src/node/native/process.js';
import { ADDON, nativeFolder, readProof, writeInstallRecord, writeProof } from '../../src/node/native/record.js';
import { CUDA_WHEELS } from '../../src/node/native/wheels.js';

const environment = { ...process.env };
const real = nativeStatus();
const itNative = real.installed && real.origin === 'cache' ? it : it.skip;
/** Tests that change the header of a library expect that of Linux. */
const itElf = process.platform === 'linux' ? itNative : it.skip;
let cache: string;

beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'native-test-'));
  process.env.SOFTMAX_REGRESSION_CACHE = cache;
});

afterEach(() => {
  rmSync(cache, { recursive: true, force: true });
  process.env = { ...environment };
});

const linux: Machine = {
  platform: 'linux',
  arch: 'x64',
  libc: { family: 'glibc', version: '2.36' },
  cpu: 'Some CPU',
  cpuFlags: ['sse', 'avx'],
  node: '22.1.0',
};

describe('nativeSource', () => {
  it('returns the CPU wheel, or TensorFlow with CUDA and its twelve libraries', () => {
    expect(nativeSource(linux, false)).toMatchObject({ ok: true, wheels: [{ name: 'tensorflow-cpu' }] });
    expect(nativeSource(linux, true)).toEqual({ ok: true, wheels: CUDA_WHEELS });
    expect(nativeSource({ ...linux, arch: 'arm64' }, false)).toMatchObject({ ok: true });
    expect(nativeSource({ ...linux, platform: 'darwin', arch: 'arm64', libc: undefined }, false)).toMatchObject({
      ok: true,
    });
  });

  it.each([
    ['musl', { libc: { family: 'musl' } as const }, false, /musl/],
    ['an old glibc', { libc: { family: 'glibc', version: '2.17' } as const }, false, /2\.17.*2\.27/],
    ['a processor without AVX', { cpuFlags: ['sse'] }, false, /AVX/],
    ['Windows', { platform: 'win32', libc: undefined }, false, /win32-x64/],
    ['an Intel Mac', { platform: 'darwin', libc: undefined, cpuFlags: [] }, false, /darwin-x64/],
    ['CUDA on arm64', { arch: 'arm64' }, true, /CUDA/],
  ])('rejects %s with a reason', (_, difference, gpu, reason) => {
    const source = nativeSource({ ...linux, ...difference }, gpu);
    expect(source).toMatchObject({ ok: false, reason: expect.stringMatching(reason), advice: expect.any(String) });
  });

  it('compares glibc versions numerically', () => {
    expect(nativeSource({ ...linux, libc: { family: 'glibc', version: '2.4' } }, false).ok).toBe(false);
    expect(nativeSource({ ...linux, libc: { family: 'glibc', version: '2.100' } }, false).ok).toBe(true);
  });
});

describe('thisMachine', () => {
  it('has a name for compatible builds', () => {
    expect(machineName(linux)).toBe('linux-x64-glibc');
    expect(machineName(thisMachine())).toContain(`${process.platform}-${process.arch}`);
  });

  it('names Bun and Deno, which provide the version of Node whose modules they have', () => {
    expect(otherRuntime({ node: '26.3.0', bun: '1.4.5' })).toBe('Bun 1.4.5');
    expect(otherRuntime({ node: '26.3.0', deno: '2.9.6' })).toBe('Deno 2.9.6');
    expect(otherRuntime(process.versions)).toBeUndefined();
  });

  it('has a fingerprint of processor, instructions and major version of Node, or of another runtime', () => {
    const fingerprints = [
      linux,
      { ...linux, cpu: 'Other CPU' },
      { ...linux, cpuFlags: ['sse'] },
      { ...linux, node: '24.0.0' },
      { ...linux, otherRuntime: 'Bun 1.4.5' },
    ].map(machineFingerprint);
    expect(new Set(fingerprints).size).toBe(5);
    expect(machineFingerprint({ ...linux, node: '22.9.9' })).toBe(fingerprints[0]);
  });
});

describe('runProgram', () => {
  const node = (script: string, options = {}) => runProgram(process.execPath, ['-e', script], options);

  it('returns the exit code and output of a program', async () => {
    expect(await node('console.log("out"); console.error("err"); process.exit(3)')).toMatchObject({
      ...{ end: 'exit', code: 3, stdout: 'out\n', stderr: 'err\n' },
    });
    expect(await runProgram('no-such-program-here', [])).toMatchObject({ end: 'missing' });
  });

  it('kills a program after its timeout', async () => {
    expect(await node('setInterval(() => {}, 1000)', { timeout: 200 })).toMatchObject({ end: 'timeout' });
  });

  it('kills the program if aborted, and throws the reason', async () => {
    const controller = new AbortController();
    const running = node('setInterval(() => {}, 1000)', { signal: controller.signal });
    controller.abort(new Error('planted'));
    await expect(running).rejects.toThrow('planted');
    await expect(node('', { signal: controller.signal })).rejects.toThrow('planted');
  });

  it('does not wait for a grandchild that holds the pipes open', async () => {
    const script = `require('node:child_process').spawn(process.execPath, ['-e', 'setTimeout(() => {}, 5000)'],
      { stdio: 'inherit' }); setInterval(() => {}, 1000)`;
    expect(await node(script, { timeout: 500 })).toMatchObject({ end: 'timeout' });
  });

  it('finds the last non-empty line', () => {
    expect(lastLine('a\n  b  \n\n')).toBe('b');
    expect(lastLine('')).toBe('no message');
  });
});

describe('deniedByDeno', () => {
  afterEach(() => Reflect.deleteProperty(globalThis, 'Deno'));

  it('names the permissions that Deno did not grant, and none in Node', () => {
    expect(deniedByDeno()).toEqual([]);
    const querySync = ({ name }: { name: string }) => ({ state: name === 'ffi' ? 'granted' : 'prompt' });
    Object.assign(globalThis, { Deno: { permissions: { querySync } } });
    expect(deniedByDeno()).toEqual(['--allow-run']);
  });
});

describe('probeAddon', () => {
  /** A package that loads like tfjs-node, and then runs `script` instead of TensorFlow. */
  function fakeTfjsNode(script: string, tfjs = ''): string {
    const folder = join(cache, 'tfjs-node');
    const files = {
      'package.json': '{ "name": "@tensorflow/tfjs-node", "main": "index.js" }',
      'index.js': script,
      'node_modules/@mapbox/node-pre-gyp/lib/pre-binding.js': 'exports.find = () => "own addon";',
      'node_modules/@tensorflow/tfjs/index.js': tfjs,
    };
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), content);
    }
    return folder;
  }

  it.each([
    ['SIGILL', /AVX/],
    ['SIGSEGV', /SIGSEGV.*damaged/],
    ['SIGBUS', /truncated/],
    ['SIGKILL', /memory/],
    ['SIGTERM', /ended by SIGTERM/],
  ])('survives a child killed by %s, and reports the reason', async (signal, reason) => {
    const folder = fakeTfjsNode(`process.kill(process.pid, '${signal}'); setInterval(() => {}, 1000); for (;;) {}`);
    expect(await probeAddon(folder, '/addon')).toEqual({ ok: false, reason: expect.stringMatching(reason) });
  });

  it('returns the message of an error in the child', async () => {
    const folder = fakeTfjsNode('throw new Error("libtensorflow_cc.so.2: cannot open shared object file")');
    const reason = 'libtensorflow_cc.so.2: cannot open shared object file';
    expect(await probeAddon(folder, '/addon')).toEqual({ ok: false, reason });
  });

  it('rejects kernels with wrong results', async () => {
    const tfjs = `module.exports = { tensor2d: (x) => x, findBackend: () => ({ binding: { TF_Version: '1' } }),
      valueAndGrad: () => () => ({ value: { dataSync: () => [1] }, grad: { dataSync: () => [0, 0, 0, 0, 0, 0] } }) };`;
    const result = await probeAddon(fakeTfjsNode('', tfjs), '/addon');
    expect(result).toEqual({ ok: false, reason: expect.stringMatching(/^it gives wrong results/) });
  });

  /** Numbers that pass for a loss and its gradient. */
  const tfjsOfZeros = `module.exports = { tensor2d: (x) => x, findBackend: () => ({ binding: { TF_Version: '1' } }),
    valueAndGrad: () => () => ({ value: { dataSync: () => [0] }, grad: { dataSync: () => [0, 0, 0, 0, 0, 0] } }) };`;

  it('rejects float64 kernels with other results than WebAssembly', async () => {
    const names = ['evaluate', 'gram', 'factorize', 'substitute', 'addAndDot', 'predictRows'];
    const kernels = `{ ${[...names, 'sparseResiduals', 'sparseGradient'].map((name) => `${name}() {}`).join()} }`;
    const script = `require('module')._extensions['.node'] = (module) => { module.exports = ${kernels}; };`;
    writeFileSync(join(cache, 'float64.node'), '');
    const result = await probeAddon(fakeTfjsNode(script, tfjsOfZeros), join(cache, 'addon.node'));
    expect(result).toEqual({ ok: false, reason: 'its float64 kernels give other results than WebAssembly' });
  });

  it('rejects float64 kernels that do not load', async () => {
    writeFileSync(join(cache, 'float64.node'), 'not a library');
    const result = await probeAddon(fakeTfjsNode('', tfjsOfZeros), join(cache, 'addon.node'));
    expect(result).toEqual({ ok: false, reason: expect.stringMatching(/float64\.node/) });
  });

  it('gives tfjs-node the given addon, and every other package its own', async () => {
    const folder = fakeTfjsNode(`const { find } = require('@mapbox/node-pre-gyp/lib/pre-binding.js');
      throw new Error([find(require.resolve('./package.json')), find('/other/package.json')].join(' and '));`);
    expect(await probeAddon(folder, '/addon')).toEqual({ ok: false, reason: '/addon and own addon' });
  });

  it('stops if aborted', async () => {
    const folder = fakeTfjsNode('for (;;) {}');
    await expect(probeAddon(folder, '/addon', AbortSignal.abort(new Error('planted')))).rejects.toThrow('planted');
  });
});

describe('proofs', () => {
  it('hold for the same files on the same machine only', async () => {
    const file = join(cache, 'file');
    writeFileSync(file, 'one');
    expect(readProof([file], linux)).toBeUndefined();
    await writeProof([file], linux, { tensorflowVersion: '2', device: 'CPU' });
    expect(readProof([file], linux)).toMatchObject({ tensorflowVersion: '2', device: 'CPU', cpu: 'Some CPU' });
    expect(readProof([file], { ...linux, cpuFlags: [] })).toBeUndefined();
    writeFileSync(file, 'another size');
    expect(readProof([file], linux)).toBeUndefined();
  });

  it('are skipped if the cache cannot be written', async () => {
    const file = join(cache, 'file');
    writeFileSync(file, '');
    process.env.SOFTMAX_REGRESSION_CACHE = join(file, 'below-a-file');
    await writeProof([file], linux, { tensorflowVersion: '2', device: 'CPU' });
    expect(readProof([file], linux)).toBeUndefined();
  });
});

describe('nativeStatus and loadNative', () => {
  const tfjsNodeVersion = findTfjsNode()?.version ?? '';

  /** An installation with a valid record of these files, which include the addon. */
  async function install(write: (folder: string) => void, files: readonly string[]): Promise<string> {
    const folder = nativeFolder(tfjsNodeVersion, thisMachine(), false);
    mkdirSync(join(folder, 'addon'), { recursive: true, mode: 0o700 });
    mkdirSync(join(folder, 'tensorflow'), { recursive: true, mode: 0o700 });
    write(folder);
    await writeInstallRecord(folder, {
      tfjsNodeVersion,
      tensorflowVersion: '2.21.0',
      machine: machineName(thisMachine()),
      gpu: false,
      cpu: thisMachine().cpu,
      installed: new Date(0).toISOString(),
      addons: { [ADDON]: await sha256OfFile(join(folder, ADDON)) },
      files: Object.fromEntries(files.map((name) => [name, readFileSync(join(folder, name)).length])),
    });
    return folder;
  }

  function firstBytes(path: string, count: number): Buffer {
    const file = openSync(path, 'r');
    const bytes = Buffer.alloc(count);
    readSync(file, bytes);
    closeSync(file);
    return bytes;
  }

  const LIBRARY = join('tensorflow', 'libtensorflow_cc.so.2');
  const installText = () =>
    install(
      (folder) => {
        writeFileSync(join(folder, ADDON), 'not a library');
        writeFileSync(join(folder, LIBRARY), 'nor this');
      },
      [ADDON, LIBRARY],
    );

  it('suggest the install command if nothing is installed', async () => {
    const command = 'npx softmax-regression native install';
    expect(nativeStatus()).toMatchObject({ installed: false, command });
    await expect(loadNative()).rejects.toMatchObject({ code: 'BACKEND', hint: `Run: ${command}` });
  });

  it('find an installation by its record, without loading it', async () => {
    const folder = await installText();
    expect(nativeStatus()).toMatchObject({ installed: true, origin: 'cache', gpu: false, proof: undefined });
    expect(nativeStatus()).toMatchObject({
      addon: join(folder, ADDON),
      files: [ADDON, LIBRARY].map((name) => join(folder, name)),
    });
  });

  it('reject a library that cannot be loaded, without a crash', async () => {
    await installText();
    await expect(loadNative()).rejects.toMatchObject({
      code: 'BACKEND',
      actual: expect.stringContaining('tfjs_binding.node'),
      hint: 'Run: npx softmax-regression native install --force',
    });
    expect(existsSync(join(cache, 'native', 'proofs'))).toBe(false);
  });

  it.each([
    ['a truncated library', (folder: string) => truncateSync(join(folder, LIBRARY), 3), /3 bytes instead of 8/],
    ['a removed library', (folder: string) => rmSync(join(folder, LIBRARY)), /missing/],
    ['a replaced addon', (folder: string) => writeFileSync(join(folder, ADDON), 'still no lib.'), /not the file/],
    ['a record that is not JSON', (folder: string) => writeFileSync(join(folder, 'record.json'), '{'), /not a record/],
    ['a record without fields', (folder: string) => writeFileSync(join(folder, 'record.json'), '{}'), /not a record/],
  ])('detect %s', async (_, damage, reason) => {
    damage(await installText());
    const expected = {
      reason: expect.stringMatching(reason),
      command: 'npx softmax-regression native install --force',
    };
    expect(nativeStatus()).toMatchObject({ installed: false, ...expected });
  });

  it.each([
    ['another version of TensorFlow', { tensorflowVersion: '2.9.1' }, /TensorFlow 2\.9\.1 instead of 2\.21\.0/],
    ['another machine', { machine: 'linux-arm64-musl' }, /on linux-arm64-musl/],
    ['another version of tfjs-node', { tfjsNodeVersion: '4.0.0' }, /for tfjs-node 4\.0\.0/],
  ])('reject a folder copied from %s', async (_, difference, reason) => {
    const path = join(await installText(), 'record.json');
    writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), ...difference }));
    expect(nativeStatus()).toMatchObject({ installed: false, reason: expect.stringMatching(reason) });
    await expect(loadNative()).rejects.toMatchObject({ code: 'BACKEND', actual: expect.stringMatching(reason) });
  });

  const framework = join('tensorflow', 'libtensorflow_framework.so.2');
  /** The installed addon beside another library. */
  const installBeside = (writeLibrary: (path: string, source: string) => void, change = (_: Buffer) => {}) => {
    const source = dirname(dirname((real as { addon: string }).addon));
    return install(
      (folder) => {
        const addon = readFileSync(join(source, ADDON));
        change(addon);
        writeFileSync(join(folder, ADDON), addon);
        symlinkSync(join(source, framework), join(folder, framework));
        writeLibrary(join(folder, LIBRARY), join(source, LIBRARY));
      },
      [ADDON, LIBRARY],
    );
  };

  itNative('reject a library shorter than its headers state, without a crash', async () => {
    await installBeside((path, source) => writeFileSync(path, firstBytes(source, 1 << 20)));
    expect(nativeStatus()).toMatchObject({ installed: true });
    await expect(loadNative()).rejects.toMatchObject({ code: 'BACKEND' });
  });

  itElf('reject an addon for another processor, without a crash', async () => {
    // e_machine: 183 is AArch64, 62 is x86-64.
    const toOther = (addon: Buffer) => addon.writeUInt16LE(process.arch === 'x64' ? 183 : 62, 18);
    await installBeside((path, source) => symlinkSync(source, path), toOther);
    await expect(loadNative()).rejects.toMatchObject({
      code: 'BACKEND',
      actual: expect.stringContaining('tfjs_binding.node'),
      hint: 'Run: npx softmax-regression native install --force',
    });
  });

  itElf('reject a library without the functions that the addon calls, without a crash', async () => {
    const [command] = await findCompiler();
    const source = join(cache, 'other.cc');
    writeFileSync(source, 'extern "C" int TF_SomethingElse() { return 1; }');
    await installBeside((path) => execFileSync(command, ['-shared', '-fPIC', source, '-o', path]));
    await expect(loadNative()).rejects.toMatchObject({
      code: 'BACKEND',
      actual: expect.stringMatching(/symbol|TF_|crashed/),
    });
  });
});
