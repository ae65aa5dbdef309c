// node: describes this machine, and tells whether TensorFlow's library exists for it.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { CPU_WHEELS, CUDA_WHEELS, type Wheel } from './wheels.js';

export interface Machine {
  readonly platform: string;
  readonly arch: string;
  /** The C library, on Linux. */
  readonly libc?: { readonly family: 'glibc'; readonly version: string } | { readonly family: 'musl' };
  readonly cpu: string;
  /** The processor flags that the system reports; empty if it reports none. */
  readonly cpuFlags: readonly string[];
  readonly node: string;
  /** Such as `'Bun 1.4.5'`, if the process is not Node.js itself. `node` is then the version whose modules it provides. */
  readonly otherRuntime?: string;
}

export function thisMachine(): Machine {
  return {
    platform: process.platform,
    arch: process.arch,
    libc: process.platform === 'linux' ? libc() : undefined,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cpuFlags: process.platform === 'linux' ? cpuFlags() : [],
    node: process.versions.node,
    otherRuntime: otherRuntime(process.versions),
  };
}

/** Bun or Deno with its version, or undefined in Node.js. */
export function otherRuntime({ bun, deno }: Readonly<Record<string, string | undefined>>): string | undefined {
  return bun !== undefined ? `Bun ${bun}` : deno !== undefined ? `Deno ${deno}` : undefined;
}

function libc(): NonNullable<Machine['libc']> {
  const { report } = process as { report: NodeJS.ProcessReport & { excludeNetwork?: boolean } };
  // Otherwise the report resolves host names, which can take seconds.
  report.excludeNetwork = true;
  const { header } = report.getReport() as { header: { glibcVersionRuntime?: string } };
  return header.glibcVersionRuntime === undefined
    ? { family: 'musl' }
    : { family: 'glibc', version: header.glibcVersionRuntime };
}

function cpuFlags(): string[] {
  try {
    const line = /^(?:flags|Features)\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'latin1'));
    return line === null ? [] : line[1].trim().split(/\s+/);
  } catch {
    return [];
  }
}

/** Such as `'linux-x64-glibc'`. Machines with the same name can share a build. */
export function machineName({ platform, arch, libc }: Machine): string {
  return libc === undefined ? `${platform}-${arch}` : `${platform}-${arch}-${libc.family}`;
}

/**
 * The processor and the major version of Node, or the other runtime, for which a proof is valid.
 *
 * Machines can share a home folder, and one of them may lack an instruction set that the library uses.
 */
export function machineFingerprint(machine: Machine): string {
  const { cpu, cpuFlags, node, otherRuntime } = machine;
  const facts = [machineName(machine), cpu, cpuFlags, otherRuntime ?? node.split('.')[0]];
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 16);
}

export type Source =
  | { readonly ok: true; readonly wheels: readonly Wheel[] }
  | { readonly ok: false; readonly reason: string; readonly advice: string };

const WASM_MEANWHILE = 'Until then the wasm backend works.';
const OWN_INSTALLER = `Use the installer of tfjs-node itself: npm rebuild @tensorflow/tfjs-node --ignore-scripts=false. ${WASM_MEANWHILE}`;
const GLIBC = [2, 27] as const;

/** The wheels for this machine, or the reason why there are none. */
export function nativeSource(machine: Machine, gpu: boolean): Source {
  const { platform, arch, libc, cpuFlags } = machine;
  const refuse = (reason: string, advice: string): Source => ({ ok: false, reason, advice });
  if (libc?.family === 'musl') {
    return refuse(
      'TensorFlow has no library for musl (Alpine Linux)',
      `Use an image with glibc, such as node:22-slim. ${WASM_MEANWHILE}`,
    );
  }
  if (libc !== undefined && isOlder(libc.version, GLIBC)) {
    return refuse(
      `glibc is ${libc.version}, and TensorFlow needs ${GLIBC.join('.')} or newer`,
      `Use a newer Linux. ${WASM_MEANWHILE}`,
    );
  }
  if (arch === 'x64' && cpuFlags.length > 0 && !cpuFlags.includes('avx')) {
    return refuse('this processor has no AVX, which TensorFlow needs', `Use another machine. ${WASM_MEANWHILE}`);
  }
  const cpuWheel = CPU_WHEELS[`${platform}-${arch}`];
  if (cpuWheel === undefined)
    return refuse(`no wheel holds TensorFlow's library for ${platform}-${arch}`, OWN_INSTALLER);
  if (!gpu) return { ok: true, wheels: [cpuWheel] };
  if (`${platform}-${arch}` !== 'linux-x64') {
    return refuse(
      `TensorFlow with CUDA exists for linux-x64 only, and this is ${platform}-${arch}`,
      'Omit --gpu to install the kernels for the CPU.',
    );
  }
  return { ok: true, wheels: CUDA_WHEELS };
}

export function isOlder(version: string, [major, minor]: readonly [number, number]): boolean {
  const [actualMajor, actualMinor] = version.split('.').map(Number);
  return actualMajor < major || (actualMajor === major && actualMinor < minor);
}

/** The command that installs a compiler or pip on this system, or undefined if it is unknown. */
export function systemInstallCommand(need: 'compiler' | 'pip', machine: Machine = thisMachine()): string | undefined {
  if (machine.platform === 'darwin') return need === 'compiler' ? 'xcode-select --install' : 'brew install uv';
  if (machine.platform !== 'linux') return undefined;
  const families = osFamilies();
  const sudo = process.getuid?.() === 0 ? '' : 'sudo ';
  for (const { family, install, compiler, pip } of PACKAGE_MANAGERS) {
    if (families.includes(family)) return `${sudo}${install} ${need === 'compiler' ? compiler : pip}`;
  }
  return undefined;
}

const PACKAGE_MANAGERS = [
  { family: 'debian', install: 'apt-get install', compiler: 'g++', pip: 'python3-pip' },
  { family: 'fedora', install: 'dnf install', compiler: 'gcc-c++', pip: 'python3-pip' },
  { family: 'rhel', install: 'dnf install', compiler: 'gcc-c++', pip: 'python3-pip' },
  { family: 'suse', install: 'zypper install', compiler: 'gcc-c++', pip: 'python3-pip' },
  { family: 'arch', install: 'pacman -S', compiler: 'gcc', pip: 'python-pip' },
];

function osFamilies(): string[] {
  try {
    const release = readFileSync('/etc/os-release', 'utf8');
    return [...release.matchAll(/^ID(?:_LIKE)?="?([^"\n]*)"?$/gm)].flatMap((match) => match[1].split(' '));
  } catch {
    return [];
  }
}
