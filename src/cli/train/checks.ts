// cli: what `train` checks before the training, once the samples are read.
import { BackendError } from '../../core/errors.js';
import { classIndices, type Label, sortedClasses } from '../../core/labels.js';
import { foldedData } from '../../model/cross-validate.js';
import { fileCheckpoint, readCheckpoint } from '../../node/checkpoint-files.js';
import type { AnyDataSet } from '../../reading/samples.js';
import { openCheckpoints } from '../../training/checkpoint/checkpoints.js';
import { decodeCheckpoint } from '../../training/checkpoint/file.js';
import { fitPlan, reads } from '../../training/options.js';
import { DEFAULT_SOLVER } from '../../training/solvers.js';
import { holdBack } from '../../training/validation.js';
import { sampleWeightsOf } from '../../training/weights.js';
import { type FlagValues, fitOptionsFrom } from '../fit-options.js';
import { candidatesOf, withoutCandidates } from './l2.js';
import type { Parts } from './parts.js';

/** The flags that are checked against the samples. */
interface Checked extends FlagValues {
  readonly folds?: number;
  readonly seed: number;
  readonly checkpoint?: string;
  readonly resume?: string;
}

/**
 * The checks of the options against the samples that a training begins with, for a dry run: folds, weights of classes,
 * samples for validation, and the options of a checkpoint to resume from.
 */
export async function assertTrainable(data: AnyDataSet, { training }: Parts, options: Checked): Promise<void> {
  const { features, labels, sampleWeights, groups, times } = training;
  const { folds, seed } = options;
  const isSearch = candidatesOf(options) !== undefined;
  if (folds !== undefined || isSearch) {
    const where = isSearch ? 'lambdaPath' : 'crossValidate';
    await foldedData<Label>(features, labels, { folds, seed, sampleWeights, groups, times }, where);
  }
  const { resume } = await checkpointsOf(options);
  const fit = { standardize: data.schema !== undefined, ...fitOptionsFrom(withoutCandidates(options)) };
  const own = reads(fit.solver ?? DEFAULT_SOLVER, 'seed') ? seed : undefined;
  const plan = fitPlan({ ...fit, seed: own, resume }, 'fit');
  await openCheckpoints(plan, 'fit');
  const classes = sortedClasses(data.samples.labels);
  const indices = classIndices(labels, classes, 'fit');
  const { classWeights, validation } = plan;
  sampleWeightsOf(indices, classes, { sampleWeights, classWeights }, 'fit');
  if (typeof validation === 'number') holdBack(indices, classes, validation, own ?? 0, { groups, times }, 'fit');
}

/** What changes in a command with a search for l2 to resume from its checkpoint: the search is over. */
export async function chosenFlags(path: string, { l2Rule }: { readonly l2Rule?: string }): Promise<string> {
  const bytes = await readCheckpoint(path);
  if (bytes === undefined) return '';
  const { options } = await decodeCheckpoint(bytes, path);
  return `, with --l2 ${options.l2} in place of the search${l2Rule === undefined ? '' : ', and without --l2-rule'}`;
}

/** The checkpoint to write and the one to resume from. */
export async function checkpointsOf({ resume: from, checkpoint: to = from }: Pick<Checked, 'checkpoint' | 'resume'>) {
  const resume = from === undefined ? undefined : await readCheckpoint(from);
  if (from !== undefined && resume === undefined) {
    const hint = 'To start a new one, pass --checkpoint without --resume.';
    throw new BackendError({
      where: from,
      argument: 'this path',
      expected: 'be a checkpoint',
      actual: 'no such file',
      hint,
    });
  }
  return {
    ...(to === undefined ? {} : { checkpoint: fileCheckpoint(to) }),
    ...(resume === undefined ? {} : { resume }),
  };
}
