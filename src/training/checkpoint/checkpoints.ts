// training: decides when checkpoints are written and whether a fit can resume from one.
import { DomainError, FormatError } from '../../core/errors.js';
import { assertKnownOptions, assertPositiveInteger, describe } from '../../core/shape.js';
import { type Fail, type Json, sortedJson } from '../../predict/json.js';
import {
  type CheckpointEvery,
  type CheckpointOptions,
  type OpenPlan,
  storedOptions,
  type TrainingOptions,
} from '../options.js';
import { isFirstOrder } from '../solvers.js';
import { currentEnvironment, differenceBetween } from './environment.js';
import { decodeCheckpoint, encodeCheckpoint, type Snapshot } from './file.js';
import { type FitData, fingerprintOf } from './fingerprint.js';

/** The position of a fit. */
export interface Mark {
  readonly epoch: number;
  /** Total steps, or iterations for lbfgs. */
  readonly iterations: number;
}

/** A snapshot to resume from. */
export interface Resumed extends Snapshot {
  /** Creates the error for a snapshot that the solver cannot use. */
  readonly fail: Fail;
}

/** The checkpoints of one fit. */
export interface Checkpoints {
  readonly resumed: Resumed | undefined;
  /** Notes for the user about the resumed checkpoint. */
  readonly notes: readonly string[];
  /**
   * Records the position of the resumed checkpoint and checks it against the limit. A partial epoch counts as one.
   *
   * @throws DomainError if it exceeds the limit
   */
  resumedAt(mark: Mark, limit: { readonly epochs: number } | { readonly maxIterations: number }): void;
  /** Writes a checkpoint if one is due; `isEpoch` is true at the end of an epoch. */
  reach(mark: Mark, isEpoch: boolean, snapshot: TakeSnapshot): Promise<void>;
  /** Writes the last checkpoint, unless it is already written. */
  finish(mark: Mark, snapshot: TakeSnapshot): Promise<void>;
}

type TakeSnapshot = () => Snapshot | Promise<Snapshot>;

/** A checkpoint before the samples are read. */
export interface OpenedCheckpoints {
  /** λ of the resumed fit. */
  readonly l2: number | undefined;
  /**
   * @param options with the λ of this fit
   * @throws DomainError if the samples are not those of the checkpoint
   */
  withData(data: FitData, options: TrainingOptions): Promise<Checkpoints | undefined>;
}

/**
 * Validates the checkpoint options of `fit`.
 *
 * @throws FormatError or ShapeError if `resume` is not a checkpoint
 * @throws DomainError if an option is out of range, or differs from that of the checkpoint
 */
export async function openCheckpoints(plan: OpenPlan, where: string): Promise<OpenedCheckpoints> {
  const { checkpoint, resume, signal } = plan;
  if (checkpoint !== undefined) assertCheckpointOptions(checkpoint, where);
  const from = `${where}: resume`;
  const content = resume === undefined ? undefined : await decodeCheckpoint(resume, from);
  if (content !== undefined) assertSameOptions(content.options, jsonOf(storedOptions(plan)), where);
  return {
    l2: content?.options.l2 as number | undefined,
    async withData(data, options) {
      if (checkpoint === undefined && content === undefined) return undefined;
      const fingerprint = await fingerprintOf(data, signal);
      if (content !== undefined) assertSameData(content.data, fingerprint, where);
      const environment = currentEnvironment();
      const note = content && differenceBetween(content.environment, environment);
      const { write, every = defaultFor(options) } = checkpoint ?? {};
      const fail: Fail = (fields) => new FormatError({ where: from, ...fields });
      const seal = async (snapshot: Snapshot) =>
        write?.(await encodeCheckpoint({ ...snapshot, options: jsonOf(options), data: fingerprint, environment }));
      return {
        resumed: content && { state: content.state, tensors: content.tensors, fail },
        notes: note === undefined ? [] : [note],
        ...writing(write && seal, every, where),
      };
    },
  };
}

function writing(
  seal: ((snapshot: Snapshot) => Promise<void>) | undefined,
  every: CheckpointEvery,
  where: string,
): Pick<Checkpoints, 'resumedAt' | 'reach' | 'finish'> {
  /** Iterations at the last call of `reach`, and at the last write. */
  let asked = 0;
  let written = 0;
  const write = async ({ iterations }: Mark, snapshot: TakeSnapshot) => {
    await seal?.(await snapshot());
    written = iterations;
  };
  return {
    resumedAt({ epoch, iterations }, limit) {
      asked = written = iterations;
      const [[argument, most]] = Object.entries(limit);
      if (epoch <= most) return;
      const expected = `be at least ${epoch}: the checkpoint has already begun that many`;
      throw new DomainError({ where, argument, expected, actual: String(most) });
    },
    async reach(mark, isEpoch, snapshot) {
      const before = asked;
      asked = mark.iterations;
      const isDue =
        'epochs' in every
          ? isEpoch && mark.epoch % every.epochs === 0
          : Math.floor(mark.iterations / every.iterations) > Math.floor(before / every.iterations);
      if (isDue) await write(mark, snapshot);
    },
    async finish(mark, snapshot) {
      if (mark.iterations !== written) await write(mark, snapshot);
    },
  };
}

function jsonOf(options: object): Readonly<Record<string, Json>> {
  return options as Readonly<Record<string, Json>>;
}

function defaultFor({ solver }: TrainingOptions): CheckpointEvery {
  return { epochs: isFirstOrder(solver) ? 1 : 10 };
}

function assertCheckpointOptions(checkpoint: CheckpointOptions, where: string): void {
  assertKnownOptions(checkpoint, ['write', 'every'], `${where}: checkpoint`);
  const { write, every } = checkpoint;
  if (typeof write !== 'function') {
    const expected = 'be a function of the bytes of a checkpoint';
    throw new DomainError({ where, argument: 'checkpoint.write', expected, actual: describe(write) });
  }
  if (every === undefined) return;
  assertKnownOptions(every, ['epochs', 'iterations'], `${where}: checkpoint.every`);
  const [name, ...more] = Object.keys(every);
  if (name === undefined || more.length > 0) {
    const actual = name === undefined ? 'nothing' : 'both';
    const expected = 'be { epochs: n } or { iterations: n }';
    throw new DomainError({ where, argument: 'checkpoint.every', expected, actual });
  }
  assertPositiveInteger((every as Record<string, unknown>)[name], where, `checkpoint.every.${name}`);
}

/** Options that only limit the length of a fit. */
const MAY_DIFFER = ['epochs', 'maxIterations'];

function assertSameOptions(
  before: Readonly<Record<string, Json>>,
  now: Readonly<Record<string, Json>>,
  where: string,
): void {
  const isFixed = (name: string) =>
    MAY_DIFFER.includes(name) ? dependsOnEpochs(now.learningRate) : name !== 'l2' || now.l2 !== undefined;
  const name = firstDifference(before, now, isFixed);
  if (name === undefined) return;
  // In backticks, so that the command line writes flags.
  const show = (value: Json | undefined) => (value === undefined ? 'nothing' : `\`${name}: ${sortedJson(value)}\``);
  const expected = `be as when the checkpoint was written, ${show(before[name])}`;
  const hint = 'Give the same options, or leave out `resume` to start anew.';
  throw new DomainError({ where, argument: name, expected, actual: show(now[name]), hint });
}

/** A cosine schedule without `epochs` ends at the end of the training. */
function dependsOnEpochs(learningRate: Json | undefined): boolean {
  const schedule = learningRate as { readonly schedule?: string; readonly epochs?: number } | number | undefined;
  return typeof schedule === 'object' && schedule.schedule === 'cosine' && schedule.epochs === undefined;
}

function assertSameData(
  before: Readonly<Record<string, Json>>,
  now: Readonly<Record<string, Json>>,
  where: string,
): void {
  const name = firstDifference(before, now, (each) => each !== 'featureNames');
  if (name === undefined) {
    assertSameNames(before.featureNames, now.featureNames, where);
    return;
  }
  const [was, is] = [typeOf(before[name]), typeOf(now[name])];
  throw new DomainError({
    where,
    argument: name,
    expected: `be ${was}, as when the checkpoint was written`,
    actual: was === is ? 'others' : is,
    hint: OTHER_SAMPLES,
    kind: 'other-samples',
  });
}

const OTHER_SAMPLES = 'Give the same samples, or leave out `resume` to start anew.';

/** Refuses other names of features, where both are known: checkpoints before 0.2 have none. */
function assertSameNames(before: Json | undefined, now: Json | undefined, where: string): void {
  if (before === undefined || now === undefined || sortedJson(before) === sortedJson(now)) return;
  const areLists = Array.isArray(before) && Array.isArray(now);
  const i = areLists ? now.findIndex((name, k) => name !== before[k]) : -1;
  const [argument, was, is] =
    areLists && i >= 0
      ? [`featureNames[${i}]`, describe(before[i]), describe(now[i])]
      : ['featureNames', typeOf(before), 'others'];
  const expected = `be ${was}, as when the checkpoint was written`;
  throw new DomainError({ where, argument, expected, actual: is, hint: OTHER_SAMPLES, kind: 'other-names' });
}

/** The description of a fingerprint, without its checksum. */
function typeOf(entry: Json | undefined): string {
  if (entry === undefined) return 'nothing';
  if (Array.isArray(entry)) return entry.length > 10 ? `${entry.length} classes` : sortedJson(entry);
  if (typeof entry === 'object' && entry !== null) return String((entry as { readonly type?: Json }).type);
  return 'the same';
}

function firstDifference(
  before: Readonly<Record<string, Json>>,
  now: Readonly<Record<string, Json>>,
  looksAt: (name: string) => boolean,
): string | undefined {
  const text = (value: Json | undefined) => (value === undefined ? undefined : sortedJson(value));
  // The solver comes first, because the other options depend on it.
  const names = [...new Set(['solver', ...Object.keys(before), ...Object.keys(now)])].filter(looksAt);
  return names.find((name) => text(before[name]) !== text(now[name]));
}
