// node: compiles tfjs-node's addon against TensorFlow's library with a C++ compiler.
import { chmod, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BackendError } from '../../core/errors.js';
import { makeFolder } from '../files.js';
import { systemInstallCommand } from './machine.js';
import { runProgram } from './process.js';

export type Compiler = readonly [string, ...string[]];

/**
 * The first working compiler of `$CXX`, c++, g++ and clang++.
 *
 * @throws BackendError if none works
 */
export async function findCompiler(signal?: AbortSignal): Promise<Compiler> {
  const compiler = await findCompilerIfAny(signal);
  if (compiler !== undefined) return compiler;
  const install = systemInstallCommand('compiler');
  throw new BackendError({
    where: 'native install',
    argument: 'a C++ compiler',
    expected: 'be installed',
    actual: `none of ${candidates()
      .map(([program]) => program)
      .join(', ')}`,
    hint: `${install === undefined ? 'Install one, or set CXX' : `Run: ${install}`}. Until then the wasm backend works.`,
  });
}

export async function findCompilerIfAny(signal?: AbortSignal): Promise<Compiler | undefined> {
  for (const compiler of candidates()) {
    const [program, ...args] = compiler;
    const { end, code } = await runProgram(program, [...args, '--version'], { signal });
    if (end === 'exit' && code === 0) return compiler;
  }
  return undefined;
}

function candidates(): readonly Compiler[] {
  // CXX may contain a wrapper, such as "ccache g++".
  const chosen = process.env.CXX?.trim().split(/\s+/) ?? [];
  const [program, ...args] = chosen;
  const standard: readonly Compiler[] = [['c++'], ['g++'], ['clang++']];
  return program ? [[program, ...args], ...standard] : standard;
}

/** The folder of our own kernels, which are compiled into the addon. */
export const KERNELS = join(__dirname, '..', '..', 'graph', 'kernels');

export interface AddonBuild {
  /** The folder of the package tfjs-node, with the sources. */
  readonly tfjsNode: string;
  /** The folder `tensorflow` of the wheel: libraries, and headers below `include`. */
  readonly tensorflow: string;
  /** The path of the addon, in a folder beside `tensorflow`. */
  readonly addon: string;
}

/** The compiler's arguments. The addon loads the libraries relative to itself, so the folders can be moved together. */
export function compilerArguments(
  build: AddonBuild,
  sources: readonly string[],
  libraries: readonly string[],
  platform: string = process.platform,
): string[] {
  const { include_dir: nodeHeaders } = require('node-api-headers') as { include_dir: string };
  const isMac = platform === 'darwin';
  return [
    ...['-std=c++17', '-O2', '-fPIC', '-DNAPI_VERSION=8', '-w', '-Wfatal-errors'],
    // Node's own functions are resolved when Node loads the addon.
    ...(isMac ? ['-bundle', '-undefined', 'dynamic_lookup'] : ['-shared']),
    ...['-I', nodeHeaders, '-I', join(build.tensorflow, 'include')],
    ...sources,
    ...libraries,
    `-Wl,-rpath,${isMac ? '@loader_path' : '$ORIGIN'}/../tensorflow`,
    ...['-o', build.addon],
  ];
}

/**
 * Builds the addon, which takes about ten seconds.
 *
 * @throws BackendError with the compiler's first error, and the signal's reason if aborted
 */
export async function compileAddon(build: AddonBuild, compiler: Compiler, signal?: AbortSignal): Promise<void> {
  const binding = await filesOf(join(build.tfjsNode, 'binding'), /\.cc$/);
  const sources = [...binding, ...(await filesOf(KERNELS, /\.cc$/))];
  const libraries = await filesOf(build.tensorflow, /^libtensorflow/);
  await makeFolder(dirname(build.addon));
  const [program, ...args] = compiler;
  const outcome = await runProgram(program, [...args, ...compilerArguments(build, sources, libraries)], { signal });
  // The compiler's mode depends on the umask, and others must not write code that is loaded.
  if (outcome.end === 'exit' && outcome.code === 0) return chmod(build.addon, 0o700);
  throw new BackendError({
    where: 'native install',
    argument: `${program}, compiling the addon,`,
    expected: 'succeed',
    actual: firstError(outcome.stderr) ?? outcome.signal ?? `exit code ${outcome.code}`,
    hint: 'A compiler with C++17 is needed: GCC 8, Clang 7 or newer. Set CXX to choose one.',
  });
}

async function filesOf(folder: string, name: RegExp): Promise<string[]> {
  return (await readdir(folder))
    .filter((each) => name.test(each))
    .sort()
    .map((each) => join(folder, each));
}

function firstError(stderr: string): string | undefined {
  return stderr
    .split('\n')
    .find((line) => /error|cannot|undefined/i.test(line))
    ?.trim();
}
