// node: MPI in the cache: its launcher, its library and our addon. install-mpi.ts puts them there.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { cacheFolder } from '../files.js';
import { MPI_SOURCE } from './compile.js';
import { isOlder, type Machine, machineName, thisMachine } from './machine.js';
import { lastLine, runProgram } from './process.js';
import { damageOf, INSTALLED, readRecord } from './record.js';
import { MPI_WHEELS, MPICH_VERSION, type Wheel } from './wheels.js';

/** MPI that is ready to be used. */
export interface MpiInstallation {
  readonly installed: true;
  /** The version of MPICH. */
  readonly version: string;
  /** The path of our addon. */
  readonly addon: string;
  /** The path of the launcher. */
  readonly mpiexec: string;
}

/** The reason why there is no MPI, and what to do. */
export interface NoMpiInstallation {
  readonly installed: false;
  readonly reason: string;
  /** What to do, in whole sentences. */
  readonly advice: string;
}

/** Whether MPI is installed. */
export type MpiStatus = MpiInstallation | NoMpiInstallation;

const MpiRecord = v.object({ mpich: v.string(), ...INSTALLED });
export type MpiRecord = v.InferOutput<typeof MpiRecord>;

const INSTALL = 'npx softmax-regression native install --mpi';

/** Whether MPI is installed in the cache. Nothing is loaded or run. */
export function mpiStatus(): MpiStatus {
  const machine = thisMachine();
  const folder = mpiFolder(machine);
  const record = readRecord(folder, MpiRecord);
  if (record === undefined) {
    const source = mpiSource(machine);
    return source.ok ? missing('it has not been built yet', `Run: ${INSTALL}`) : missing(source.reason, source.advice);
  }
  if ('damage' in record) return missing(record.damage, record.advice ?? `Run: ${INSTALL} --force`);
  const isOurs = record.mpich === MPICH_VERSION && record.machine === machineName(machine);
  if (!isOurs) return missing(`${folder} holds MPICH ${record.mpich} for ${record.machine}`, `Run: ${INSTALL} --force`);
  const damage = damageOf(folder, record);
  if (damage !== undefined) return missing(damage.damage, damage.advice ?? `Run: ${INSTALL} --force`);
  const { addon, mpiexec } = pathsIn(folder);
  return { installed: true, version: record.mpich, addon, mpiexec };
}

function missing(reason: string, advice: string): NoMpiInstallation {
  return { installed: false, reason, advice };
}

/** The folder of a build. Its name distinguishes versions of MPICH, sources of our addon and platforms. */
export function mpiFolder(machine: Machine): string {
  const source = createHash('sha256').update(readFileSync(MPI_SOURCE)).digest('hex').slice(0, 8);
  return cacheFolder('native', `mpich-${MPICH_VERSION}-addon-${source}-${machineName(machine)}`);
}

/** Paths in the folder of a build. A wheel has its files in a folder of data; uv moves them out of it. */
export function pathsIn(folder: string): Record<'mpi' | 'library' | 'addon' | 'mpiexec', string> {
  const inWheel = join(folder, `mpich-${MPICH_VERSION}.data`, 'data');
  const mpi = existsSync(inWheel) ? inWheel : folder;
  const library = process.platform === 'darwin' ? 'libmpi_abi.1.dylib' : 'libmpi_abi.so.1';
  return {
    mpi,
    library: join(mpi, 'lib', library),
    addon: join(folder, 'addon', 'mpi.node'),
    mpiexec: join(mpi, 'bin', 'mpiexec.hydra'),
  };
}

const GLIBC = [2, 28] as const;

/** The wheel for this machine, or the reason why there is none. */
export function mpiSource(
  machine: Machine,
):
  | { readonly ok: true; readonly wheel: Wheel }
  | { readonly ok: false; readonly reason: string; readonly advice: string } {
  const { platform, arch, libc } = machine;
  const isUnfit = libc?.family === 'musl' || (libc !== undefined && isOlder(libc.version, GLIBC));
  const wheel = isUnfit ? undefined : MPI_WHEELS[`${platform}-${arch}`];
  if (wheel !== undefined) return { ok: true, wheel };
  const system = libc === undefined || !isUnfit ? `${platform}-${arch}` : libcName(libc);
  return {
    ok: false,
    reason: `no wheel holds MPICH for ${system}`,
    advice: 'Use Linux with glibc 2.28 or newer, or macOS on arm64.',
  };
}

function libcName(libc: NonNullable<Machine['libc']>): string {
  return libc.family === 'musl' ? 'musl (Alpine Linux)' : `glibc ${libc.version}`;
}

/** Whether MPI works: a child process, or why not. */
export type MpiProbe =
  | { readonly ok: true; readonly library: string }
  | { readonly ok: false; readonly reason: string };

const TIMEOUT = 120_000;

/**
 * Starts two processes with mpiexec. They sum and gather a few numbers.
 *
 * @throws the signal's reason if aborted; all other errors are part of the result
 */
export async function probeMpi(
  { addon, mpiexec }: Pick<MpiInstallation, 'addon' | 'mpiexec'>,
  signal?: AbortSignal,
): Promise<MpiProbe> {
  const script = `const mpi = require(process.argv[1]);
    const [rank, size, library] = mpi.open(false, -1);
    const values = Float64Array.of(rank + 1, 0.5);
    mpi.allReduce(values, 0).then(() => mpi.allGather(Uint8Array.of(rank))).then((parts) => {
      const gathered = parts.map((part) => part[0]);
      if (rank === 0) console.log(JSON.stringify({ size, library, values: [...values], gathered }));
      mpi.close();
    });`;
  const args = [...launcherArguments(2), process.execPath, '-e', script, addon];
  const env = { NODE_OPTIONS: '', NO_COLOR: '1', ...LOCAL_TRANSPORT };
  const outcome = await runProgram(mpiexec, args, { env, timeout: TIMEOUT, signal });
  const { end, code, stdout, stderr } = outcome;
  if (end !== 'exit' || code !== 0) {
    const why = end === 'timeout' ? 'two processes did not end within two minutes' : lastLine(stderr);
    return { ok: false, reason: `${why} (${end === 'exit' ? `exit code ${code}` : end})` };
  }
  try {
    const { size, library, values, gathered } = JSON.parse(lastLine(stdout));
    const isRight = JSON.stringify([size, values, gathered]) === '[2,[3,1],[0,1]]';
    return isRight ? { ok: true, library } : { ok: false, reason: `it answered ${lastLine(stdout)}` };
  } catch {
    return { ok: false, reason: `it answered ${JSON.stringify(lastLine(stdout))}` };
  }
}

/** Processes on this machine alone, whatever a queue or a file of hosts says. */
export function launcherArguments(workers: number): string[] {
  return [...['-launcher', 'fork', '-rmk', 'user', '-hosts', 'localhost'], '-n', String(workers)];
}

/** UCX must not replace functions that allocate memory: Node, whose threads are in use, then reads memory that is gone. */
export const NO_HOOKS: Readonly<Record<string, string>> = { UCX_MEM_EVENTS: 'n', UCX_MEM_MMAP_HOOK_MODE: 'none' };

/** Shared memory only, for processes of one machine: UCX would listen on every network. */
export const LOCAL_TRANSPORT: Readonly<Record<string, string>> = {
  UCX_TLS: process.env.UCX_TLS ?? 'self,posix',
  ...NO_HOOKS,
};
