// node: records in the cache: which kernels are installed, and on which machines they passed the probe.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as v from 'valibot';
import { writeFileAtomic } from '../atomic-writer.js';
import { cacheFolder } from '../files.js';
import { distrustOf } from '../trust.js';
import { KERNELS } from './compile.js';
import { type Machine, machineFingerprint, machineName } from './machine.js';
import { TENSORFLOW_VERSION } from './wheels.js';

const bytes = v.pipe(v.number(), v.integer(), v.minValue(1));
const sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));

/** What the record of every installation has. */
export const INSTALLED = {
  machine: v.string(),
  installed: v.pipe(v.string(), v.isoTimestamp()),
  /** The checksum of each file that is run or loaded first, by its path in the folder. */
  addons: v.record(v.string(), sha256),
  /** The size of every file that is loaded, by its path in the folder. */
  files: v.record(v.string(), bytes),
};

const InstallRecord = v.object({
  tfjsNodeVersion: v.string(),
  tensorflowVersion: v.string(),
  gpu: v.boolean(),
  cpu: v.string(),
  ...INSTALLED,
});
export type InstallRecord = v.InferOutput<typeof InstallRecord>;

const Proof = v.object({
  tensorflowVersion: v.string(),
  device: v.picklist(['CPU', 'GPU']),
  cpu: v.string(),
  proven: v.pipe(v.string(), v.isoTimestamp()),
});
export type Proof = v.InferOutput<typeof Proof>;

/** The folder of a build. Its name distinguishes builds, without Node's version, because the addon uses Node-API. */
export function nativeFolder(tfjsNodeVersion: string, machine: Machine, gpu: boolean): string {
  const name = `tfjs-node-${tfjsNodeVersion}-tensorflow-${TENSORFLOW_VERSION}-kernels-${kernelsVersion()}-${machineName(machine)}`;
  return cacheFolder('native', gpu ? `${name}-gpu` : name);
}

/** A hash of the sources of our kernels. */
function kernelsVersion(): string {
  const hash = createHash('sha256');
  for (const name of readdirSync(KERNELS).sort()) hash.update(name).update(readFileSync(join(KERNELS, name)));
  return hash.digest('hex').slice(0, 8);
}

/** The path of tfjs-node's addon in that folder. The libraries have the same paths as in the wheel. */
export const ADDON = join('addon', 'tfjs_binding.node');

/** The path of our float64 kernels, beside tfjs-node's addon, which its own installer builds without them. */
export function float64Addon(addon: string): string {
  return join(dirname(addon), 'float64.node');
}

const RECORD = 'record.json';

export async function writeInstallRecord(folder: string, record: object): Promise<void> {
  await writeFileAtomic(join(folder, RECORD), `${JSON.stringify(record, null, 2)}\n`);
}

/** The reason why an installation is not used, and what to do if building it again does not help. */
export interface Damage {
  readonly damage: string;
  readonly advice?: string;
}

/**
 * The record of a folder whose files match it, or the damage; undefined if nothing is installed.
 *
 * The record repeats the parts of the folder's name, so a renamed or copied folder is detected. The libraries (850 MB)
 * are compared by size, the addons by checksum. Whoever writes the files can write the record too, so it proves nothing
 * if others may write: owners and modes of the folders, the record and all files are checked.
 */
export function readInstallRecord(folder: string, machine: Machine): InstallRecord | Damage | undefined {
  const record = readRecord(folder, InstallRecord);
  if (record === undefined || 'damage' in record) return record;
  if (nativeFolder(record.tfjsNodeVersion, machine, record.gpu) !== folder || record.machine !== machineName(machine)) {
    return { damage: `${folder} holds a build for tfjs-node ${record.tfjsNodeVersion} on ${record.machine}` };
  }
  if (record.tensorflowVersion !== TENSORFLOW_VERSION) {
    return { damage: `${folder} holds TensorFlow ${record.tensorflowVersion} instead of ${TENSORFLOW_VERSION}` };
  }
  return damageOf(folder, { ...record, addons: { [ADDON]: '', ...record.addons } }) ?? record;
}

/** The record of a folder, or the reason why it is not read; undefined if there is none. */
export function readRecord<T extends v.GenericSchema>(
  folder: string,
  schema: T,
): v.InferOutput<T> | Damage | undefined {
  const untrusted = distrusted([join(folder, RECORD)]);
  if (untrusted !== undefined) return untrusted;
  const text = readIfAny(join(folder, RECORD));
  if (text === undefined) return undefined;
  return (
    parseAs(schema, text.toString('utf8')) ?? { damage: `${join(folder, RECORD)} is not a record of this package` }
  );
}

/** What is wrong with the files of a record; undefined if nothing is. */
export function damageOf(
  folder: string,
  { addons, files }: Pick<InstallRecord, 'addons' | 'files'>,
): Damage | undefined {
  const names = [...Object.keys(addons), ...Object.keys(files)];
  const planted = distrusted(names.map((name) => join(folder, name)));
  if (planted !== undefined) return planted;
  for (const [name, size] of Object.entries(files)) {
    const actual = statSync(join(folder, name), { throwIfNoEntry: false })?.size;
    if (actual === undefined) return { damage: `${join(folder, name)} is missing` };
    if (actual !== size) return { damage: `${join(folder, name)} has ${actual} bytes instead of ${size}` };
  }
  for (const [name, checksum] of Object.entries(addons)) {
    const addon = readIfAny(join(folder, name));
    if (addon === undefined || createHash('sha256').update(addon).digest('hex') !== checksum) {
      return { damage: `${join(folder, name)} is not the file that was built` };
    }
  }
  return undefined;
}

function distrusted(paths: readonly string[]): Damage | undefined {
  const found = distrustOf(cacheFolder(), paths);
  return (
    found && {
      damage: `${found.path}: ${found.argument} must ${found.expected}; got ${found.actual}`,
      advice: found.hint,
    }
  );
}

/**
 * Records that `files` ran on this machine. Ignores errors: with a read-only cache, the next process tests them again.
 */
export async function writeProof(
  files: readonly string[],
  machine: Machine,
  { tensorflowVersion, device }: Pick<Proof, 'tensorflowVersion' | 'device'>,
): Promise<void> {
  const proof: Proof = { tensorflowVersion, device, cpu: machine.cpu, proven: new Date().toISOString() };
  await writeFileAtomic(proofPath(files, machine), `${JSON.stringify(proof, null, 2)}\n`).catch(() => {});
}

/** The proof that exactly these files ran on this machine. It is void if a file or the processor changes. */
export function readProof(files: readonly string[], machine: Machine): Proof | undefined {
  const path = proofPath(files, machine);
  if (distrustOf(cacheFolder(), [path]) !== undefined) return undefined;
  const text = readIfAny(path);
  return text === undefined ? undefined : parseAs(Proof, text.toString('utf8'));
}

function proofPath(files: readonly string[], machine: Machine): string {
  const hash = createHash('sha256').update(machineFingerprint(machine));
  for (const file of files) {
    const state = statSync(file, { throwIfNoEntry: false });
    hash.update(JSON.stringify([file, state?.size, state?.mtimeMs]));
  }
  return cacheFolder('native', 'proofs', `${hash.digest('hex').slice(0, 32)}.json`);
}

function readIfAny(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

function parseAs<T extends v.GenericSchema>(schema: T, text: string): v.InferOutput<T> | undefined {
  try {
    const result = v.safeParse(schema, JSON.parse(text));
    return result.success ? result.output : undefined;
  } catch {
    return undefined;
  }
}
