// cli: the work of `learning-curve`.
import type { BackendName } from '../../backend/names.js';
import type { Label } from '../../core/labels.js';
import { learningCurve } from '../../model/learning-curve.js';
import '../../node.js';
import type { AnyDataSet } from '../../reading/samples.js';
import { type FlagValues, fitOptionsFrom } from '../fit-options.js';
import { withInterrupt } from '../interrupt.js';
import { count, score, tableLines, unconvergedLines } from '../output.js';
import type { ProgressDisplay } from '../progress.js';
import type { CsvChoices } from '../samples.js';
import { print, printJson } from '../terminal.js';
import { fitOptionsOf, selectedBackend } from './training.js';

/** The options of `learning-curve`. */
export interface LearningCurveFlags extends CsvChoices, FlagValues {
  readonly sizes?: readonly number[];
  readonly folds: number;
  readonly seed: number;
  readonly backend?: BackendName;
  readonly json?: boolean;
  /** The most bytes that the rows of DATA may take in memory. */
  readonly memory?: number;
}

export async function printLearningCurve(
  data: AnyDataSet,
  { sizes, folds, seed, json, ...options }: LearningCurveFlags,
  { onProgress, stop }: ProgressDisplay,
): Promise<void> {
  await selectedBackend(options.backend, stop);
  const { name, dropped, samples } = data;
  const { features, labels } = samples;
  const { table } = await withInterrupt((signal) =>
    learningCurve<Label>(features, labels, {
      ...{ ...fitOptionsOf(data, samples, options, signal), sizes, folds, seed },
      onProgress: ({ fit, fits, samples }) =>
        onProgress({ stage: 'train', done: fit - 1, total: fits, note: `${count(samples)} samples` }),
    }),
  );
  stop();
  if (json) return printJson({ data: { name, samples: labels.length, dropped }, folds, table });
  const rows = table.map(({ samples, trainingLogLoss, logLoss, standardError, accuracy }) => [
    count(samples),
    ...[trainingLogLoss, logLoss, standardError, accuracy].map(score),
  ]);
  print([
    `learning curve: ${name}, ${count(labels.length)} samples, ${folds} folds; means over the folds`,
    ...tableLines(['samples', 'log loss in training', 'held back', 'standard error', 'accuracy'], rows),
    ...unconvergedLines(
      table.map(({ samples, converged }) => [count(samples), converged] as const),
      fitOptionsFrom(options).solver,
    ),
  ]);
}
