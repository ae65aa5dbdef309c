// node: compiles the addons with a C++ compiler: tfjs-node's, against TensorFlow's library, our own, and that for MPI.
import { chmod, readdir } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { BackendError } from '../../core/errors.js';
import { makeFolder } from '../files.js';
import { systemInstallCommand } from './machine.js';
import { runProgram } from './process.js';

export type Compiler = readonly [string, ...string[]];

/**
 * The first working compiler of `$CXX`, c++, g++ and clang++.
 *
 * @param meanwhile what works without one, in a sentence
 * @throws BackendError if none works
 */
export async function findCompiler(
  signal?: AbortSignal,
  meanwhile = 'Until then the wasm backend works.',
): Promise<Compiler> {
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
    hint: `${install === undefined ? 'Install one, or set CXX' : `Run: ${install}`}. ${meanwhile}`,
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

/** The folder of the sources of our own kernels. */
export const KERNELS = join(__dirname, '..', '..', 'kernels');

export interface AddonBuild {
  /** The folder of the package tfjs-node, with the sources. */
  readonly tfjsNode: string;
  /** The folder `tensorflow` of the wheel: libraries, and headers below `include`. */
  readonly tensorflow: string;
  /** The path of tfjs-node's addon, in a folder beside `tensorflow`. */
  readonly addon: string;
  /** The path of the addon with our own float64 kernels. */
  readonly float64: string;
}

/**
 * The compiler's arguments for tfjs-node's addon, which also holds our kernel for TensorFlow. It loads the libraries
 * relative to itself, so the folders can be moved together.
 */
export function compilerArguments(
  build: AddonBuild,
  sources: readonly string[],
  libraries: readonly string[],
  platform: string = process.platform,
): string[] {
  const origin = platform === 'darwin' ? '@loader_path' : '$ORIGIN';
  return [
    ...addonArguments(platform),
    ...['-O2', '-I', join(build.tensorflow, 'include')],
    ...sources,
    ...libraries,
    `-Wl,-rpath,${origin}/../tensorflow`,
    ...['-o', build.addon],
  ];
}

/** The compiler's arguments for our float64 kernels. Products are not fused with sums, which would change their bits. */
function float64Arguments({ float64 }: AddonBuild): string[] {
  const source = join(KERNELS, 'float64.cc');
  return [...addonArguments(process.platform), ...['-O3', '-ffp-contract=off', '-pthread', source, '-o', float64]];
}

function addonArguments(platform: string): string[] {
  const { include_dir: nodeHeaders } = require('node-api-headers') as { include_dir: string };
  return [
    ...['-std=c++17', '-fPIC', '-DNAPI_VERSION=8', '-w', '-Wfatal-errors', '-I', nodeHeaders],
    // Node's own functions are resolved when Node loads the addon. It stays loaded when the last worker thread that uses it
    // ends: its threads run on, and TensorFlow takes an operation once.
    ...(platform === 'darwin' ? ['-bundle', '-undefined', 'dynamic_lookup'] : ['-shared', '-Wl,-z,nodelete']),
  ];
}

/** The sources of our operations of TensorFlow. */
const TENSORFLOW_KERNELS = ['narrow-matmul.cc', 'softmax-gradient.cc', 'rank-sum.cc'];

/**
 * Builds both addons, which takes about fifteen seconds.
 *
 * @throws BackendError with the compiler's first error, and the signal's reason if aborted
 */
export async function compileAddons(build: AddonBuild, compiler: Compiler, signal?: AbortSignal): Promise<void> {
  const binding = await filesOf(join(build.tfjsNode, 'binding'), /\.cc$/);
  const sources = [...binding, ...TENSORFLOW_KERNELS.map((name) => join(KERNELS, name))];
  const libraries = await filesOf(build.tensorflow, /^libtensorflow/);
  await makeFolder(dirname(build.addon));
  await compile(compiler, compilerArguments(build, sources, libraries), build.addon, signal);
  await compile(compiler, float64Arguments(build), build.float64, signal);
}

/** The source of the addon for MPI. It is not among the kernels, whose changes build TensorFlow's addon again. */
export const MPI_SOURCE = join(__dirname, '..', '..', 'mpi', 'addon.cc');

export interface MpiBuild {
  /** The folder of the wheel with `include` and `lib`. */
  readonly mpi: string;
  /** The path of MPI's library. */
  readonly library: string;
  /** The path of the addon. */
  readonly addon: string;
}

/**
 * Builds the addon for MPI.
 *
 * @throws BackendError with the compiler's first error, and the signal's reason if aborted
 */
export async function compileMpi(
  { mpi, library, addon }: MpiBuild,
  compiler: Compiler,
  signal?: AbortSignal,
): Promise<void> {
  const origin = process.platform === 'darwin' ? '@loader_path' : '$ORIGIN';
  const path = relative(dirname(addon), dirname(library)).split(sep).join('/');
  const args = [
    ...addonArguments(process.platform),
    ...[
      '-O2',
      '-pthread',
      '-I',
      join(mpi, 'include'),
      MPI_SOURCE,
      library,
      `-Wl,-rpath,${origin}/${path}`,
      '-o',
      addon,
    ],
  ];
  await makeFolder(dirname(addon));
  await compile(compiler, args, addon, signal);
}

async function compile(
  [program, ...first]: Compiler,
  args: readonly string[],
  addon: string,
  signal?: AbortSignal,
): Promise<void> {
  const outcome = await runProgram(program, [...first, ...args], { signal });
  // The compiler's mode depends on the umask, and others must not write code that is loaded.
  if (outcome.end === 'exit' && outcome.code === 0) return chmod(addon, 0o700);
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
