// node: checks everything that the native kernels depend on, and MPI, and names the next step.

import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { maxOf } from '../../core/lists.js';
import { assertKnownOptions, assertList, assertObject, assertSignal } from '../../core/shape.js';
import { installCommand, PACKAGES } from '../../formats/packages.js';
import { findCompilerIfAny } from './compile.js';
import { type NativeStatus, nativeStatus, noTfjsNode, prove, rebuildCommand } from './load.js';
import { type Machine, nativeSource, systemInstallCommand, thisMachine } from './machine.js';
import { mpiStatus, probeMpi } from './mpi.js';
import type { ProbeResult } from './probe.js';
import { findWheelClients } from './wheel.js';

/** The result of one check. */
export interface Finding {
  readonly subject: string;
  /** `'note'`: information only. */
  readonly state: 'ok' | 'note' | 'problem';
  readonly found: string;
  /** The fix of a problem: a command, or a sentence if there is no command. */
  readonly help?: string;
}

/** The report of `doctor`. */
export interface DoctorReport {
  readonly findings: readonly Finding[];
  /** The result of the kernels in a child process, or the reason why there are none. */
  readonly native: ProbeResult;
  /** The next step: the help of the first problem. */
  readonly next?: string;
}

/**
 * Examines this machine and this project. The native kernels are searched for and run in a child process.
 *
 * A missing component is a finding, not an error.
 *
 * @throws the signal's reason if aborted
 */
export async function doctor(options: { readonly signal?: AbortSignal } = {}): Promise<DoctorReport> {
  assertKnownOptions(options, ['signal'], 'doctor');
  const { signal } = options;
  assertSignal(signal, 'doctor');
  const machine = thisMachine();
  const status = nativeStatus();
  // The kernels are tested again, whatever the record says.
  const native: ProbeResult = status.installed
    ? await prove({ ...status, proof: undefined }, signal)
    : { ok: false, reason: status.reason };
  const findings = [
    nodeVersion(machine),
    system(machine, native),
    ...packages(),
    copiesOfCore(),
    ...tableFormats(),
    await compiler(machine, native, signal),
    await wheelClient(machine, native, signal),
    kernels(status, native),
    await mpi(signal),
  ];
  return { findings, native, next: findings.find(({ state }) => state === 'problem')?.help };
}

/** The report as text: one line for each finding, then the verdict and the next step. */
export function formatDoctor(report: DoctorReport): string {
  assertObject(report, 'formatDoctor', 'report', 'be a result of doctor');
  const { findings, native, next } = report;
  assertList(findings, 'formatDoctor', 'report.findings');
  assertObject(native, 'formatDoctor', 'report.native');
  const width = maxOf(findings.map(({ subject }) => subject.length));
  const lines = findings.map(({ state, subject, found }) => `${state.padEnd(7)}  ${subject.padEnd(width)}  ${found}`);
  const verdict = native.ok
    ? `The native kernels work: TensorFlow ${native.tensorflowVersion} on the ${native.device}.`
    : 'The native kernels do not work; the wasm backend is used instead.';
  return [...lines, '', verdict, ...(next === undefined ? [] : [`Next: ${next}`])].join('\n');
}

function nodeVersion({ node, otherRuntime }: Machine): Finding {
  const found = otherRuntime === undefined ? node : `${node}, provided by ${otherRuntime}`;
  return Number.parseInt(node, 10) >= 20
    ? { subject: 'Node.js', state: 'ok', found }
    : { subject: 'Node.js', state: 'problem', found, help: 'Install Node.js 20 or newer.' };
}

function system(machine: Machine, native: ProbeResult): Finding {
  const { platform, arch, libc, cpu, cpuFlags } = machine;
  const facts = [`${platform} ${arch}`];
  if (libc !== undefined) facts.push(libc.family === 'glibc' ? `glibc ${libc.version}` : 'musl');
  if (arch === 'x64' && cpuFlags.length > 0) facts.push(cpuFlags.includes('avx') ? 'AVX' : 'no AVX');
  const found = [...facts, cpu].join(', ');
  const source = nativeSource(machine, false);
  if (source.ok || native.ok) return { subject: 'machine', state: 'ok', found };
  return { subject: 'machine', state: 'problem', found: `${found}: ${source.reason}`, help: source.advice };
}

const TFJS_VERSION = '4.22.0';

function packages(): Finding[] {
  const tfjsNode = noTfjsNode();
  return [
    npmPackage('@tensorflow/tfjs', `npm install @tensorflow/tfjs@${TFJS_VERSION}`),
    npmPackage('@tensorflow/tfjs-node', tfjsNode.command),
    npmPackage('@tensorflow/tfjs-backend-wasm', `npm install @tensorflow/tfjs-backend-wasm@${TFJS_VERSION}`),
  ];
}

function npmPackage(subject: string, help: string): Finding {
  const manifest = resolveFrom(__filename, [`${subject}/package.json`]);
  if (manifest === undefined) return { subject, state: 'problem', found: 'not installed', help };
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
  return version.startsWith('4.22.')
    ? { subject, state: 'ok', found: version }
    : { subject, state: 'problem', found: `${version}, but this package needs 4.22`, help };
}

/** The optional packages that read tables. A missing one is named where a table needs it. */
function tableFormats(): Finding[] {
  return [PACKAGES.parquet, PACKAGES.arrow, PACKAGES.sql].map((packages): Finding => {
    const versions = packages.map(({ name }) => installedVersion(name));
    const subject = packages[0].reads;
    if (versions.includes(undefined)) {
      return { subject, state: 'note', found: `not installed; to read it: ${installCommand(packages)}` };
    }
    return { subject, state: 'ok', found: packages.map(({ name }, i) => `${name} ${versions[i]}`).join(', ') };
  });
}

/** The version of a package that may not export its manifest; undefined if it is not installed. */
function installedVersion(name: string): string | undefined {
  for (let path = resolveFrom(__filename, [name]); path !== undefined && dirname(path) !== path; path = dirname(path)) {
    const manifest = join(path, 'package.json');
    const found = existsSync(manifest) ? JSON.parse(readFileSync(manifest, 'utf8')) : undefined;
    if (found?.name === name) return found.version;
  }
  return undefined;
}

/** Two copies in one process register every kernel twice, and it is undefined which of the two runs. */
function copiesOfCore(): Finding {
  const subject = '@tensorflow/tfjs-core';
  const project = join(process.cwd(), 'package.json');
  const copies = new Set(
    [
      resolveFrom(project, ['@tensorflow/tfjs', subject]),
      resolveFrom(__filename, ['@tensorflow/tfjs', subject]),
      resolveFrom(__filename, ['@tensorflow/tfjs-node/package.json', '@tensorflow/tfjs', subject]),
      resolveFrom(__filename, ['@tensorflow/tfjs-backend-wasm/package.json', subject]),
    ].filter((path) => path !== undefined),
  );
  if (copies.size <= 1) return { subject, state: 'ok', found: copies.size === 1 ? 'one copy' : 'not installed' };
  return { subject, state: 'problem', found: `${copies.size} copies: ${[...copies].join(', ')}`, help: 'npm dedupe' };
}

/** Resolves a chain of packages, each from the one before; undefined if one is missing. */
function resolveFrom(start: string, chain: readonly string[]): string | undefined {
  try {
    return chain.reduce((from, name) => realpathSync(createRequire(from).resolve(name)), start);
  } catch {
    return undefined;
  }
}

async function compiler(machine: Machine, native: ProbeResult, signal?: AbortSignal): Promise<Finding> {
  const subject = 'C++ compiler';
  const command = await findCompilerIfAny(signal);
  if (command !== undefined) return { subject, state: 'ok', found: command.join(' ') };
  const help = systemInstallCommand('compiler', machine) ?? 'Install a C++ compiler, or set CXX.';
  return { subject, found: 'none', ...needed(machine, native, help) };
}

async function wheelClient(machine: Machine, native: ProbeResult, signal?: AbortSignal): Promise<Finding> {
  const subject = 'pip or uv';
  const clients = await findWheelClients(signal);
  const found = clients.map(({ command }) => command.join(' ')).join(', ');
  if (clients.length > 0) return { subject, state: 'ok', found };
  const help = systemInstallCommand('pip', machine) ?? 'Install pip or uv.';
  return { subject, found: 'neither', ...needed(machine, native, help) };
}

/** A missing build tool is only a note if the kernels work, or if they cannot be built here. */
function needed(machine: Machine, native: ProbeResult, help: string): Pick<Finding, 'state' | 'help'> {
  return native.ok || !nativeSource(machine, false).ok ? { state: 'note' } : { state: 'problem', help };
}

/** MPI is optional: a missing one is named where several processes are asked for. */
async function mpi(signal?: AbortSignal): Promise<Finding> {
  const subject = 'MPI';
  const status = mpiStatus();
  if (!status.installed) {
    return { subject, state: 'note', found: `${status.reason}. ${status.advice}` };
  }
  const probe = await probeMpi(status, signal);
  return probe.ok
    ? { subject, state: 'ok', found: `MPICH ${status.version}, from the user cache` }
    : { subject, state: 'problem', found: probe.reason, help: 'npx softmax-regression native install --mpi --force' };
}

function kernels(status: NativeStatus, native: ProbeResult): Finding {
  const subject = 'native kernels';
  if (!status.installed)
    return { subject, state: 'problem', found: status.reason, help: status.command ?? status.advice };
  if (!native.ok) return { subject, state: 'problem', found: native.reason, help: rebuildCommand(status) };
  const found = `TensorFlow ${native.tensorflowVersion} on the ${native.device}, ${
    status.origin === 'cache' ? 'from the user cache' : 'built by tfjs-node itself'
  }`;
  return status.gpu && native.device === 'CPU'
    ? { subject, state: 'note', found: `${found}: built for CUDA, but no GPU was found` }
    : { subject, state: 'ok', found };
}
