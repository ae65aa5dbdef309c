// cli: the samples on which `train` trains, calibrates and tests.
import { DomainError } from '../../core/errors.js';
import { featureNamesOf } from '../../data/table/schema.js';
import { type AnyDataSet, type AnySamples, divided, type Samples, singleClass } from '../../reading/samples.js';
import { type LabelledRows, labelledRows, type TableOptions } from '../../reading/table.js';
import { scalingOf, storedColumns } from '../../training/standardization.js';
import type { BadRowsFile } from '../bad-rows.js';
import { keepingOf, type Room } from '../data/row-files.js';
import { openTable } from '../data/tables.js';
import { count, counted, droppedText } from '../output.js';
import type { CsvChoices } from '../samples.js';
import { UsageError } from '../usage.js';

export interface PartChoices extends Pick<CsvChoices, 'delimiter'>, Pick<TableOptions, 'unknownLabel'> {
  /** A CSV file to test on. */
  readonly test?: string;
  readonly testFraction?: number;
  readonly calibrate?: boolean;
  readonly standardize?: boolean;
  readonly seed: number;
}

export interface Parts {
  readonly training: AnySamples;
  /** Held back for calibration. */
  readonly held?: AnySamples;
  readonly tested: LabelledRows;
  /** A description of the test samples. */
  readonly split: string;
  /** Whether the model is tested on its training samples. */
  readonly isSelf: boolean;
}

/**
 * Divides the samples into those for training, for calibration and for testing.
 *
 * @param bad takes the rows of the test table that do not fit
 * @param room how much of the test table is kept in memory
 */
export async function partsOf(
  data: AnyDataSet,
  options: PartChoices,
  bad?: BadRowsFile,
  room: Room = {},
): Promise<Parts> {
  const { samples, test } = data;
  const { testFraction = 0.2, test: testFile, seed, calibrate } = options;
  const n = samples.labels.length;
  const isWhole = testFile !== undefined || test !== undefined || testFraction === 0;
  const [kept, held] = isWhole ? [samples, undefined] : holdBack(samples, { testFraction, seed }, data, 'test');
  const [training, calibrating] = calibrate
    ? holdBack(kept, { testFraction: 0.2, seed }, data, 'calibrate')
    : [kept, undefined];
  const tested = testFile === undefined ? test : await testTable(testFile, data, training, options, { bad, room });
  const set: LabelledRows = tested ?? held ?? training;
  const split =
    testFile !== undefined
      ? `the ${counted(set.labels.length, 'row')} of ${testFile}${droppedText(set.dropped)}`
      : tested !== undefined
        ? `the ${count(set.labels.length)} samples of the test set`
        : held === undefined
          ? 'the training samples'
          : heldText(set, n);
  const weighed = { 'the training part': training, 'the part for calibration': calibrating, 'the test part': set };
  assertWeights(weighed, data.name);
  return { training, held: calibrating, tested: set, split, isSelf: tested === undefined && held === undefined };
}

/** Refuses parts without a positive weight, before the training. */
function assertWeights(
  parts: Readonly<Record<string, Pick<Samples, 'sampleWeights'> | undefined>>,
  where: string,
): void {
  for (const [argument, part] of Object.entries(parts)) {
    if (part?.sampleWeights?.every((weight) => weight === 0) !== true) continue;
    const expected = 'have a row with a weight > 0';
    throw new DomainError({ where, argument, expected, actual: 'only 0', hint: 'Choose another --seed.' });
  }
}

/** A description of the samples held back. */
function heldText({ labels: { length }, groups, times }: Omit<Samples, 'features'>, n: number): string {
  if (times !== undefined) return `the latest ${count(length)} of ${count(n)} samples`;
  const whole = groups === undefined ? '' : `, ${counted(new Set(groups).size, 'whole group')}`;
  return `${count(length)} of ${count(n)} samples held back${whole}`;
}

/** The training samples, and those held back. */
function holdBack(
  samples: AnySamples,
  choices: { readonly testFraction: number; readonly seed: number },
  { name: where, schema }: AnyDataSet,
  purpose: 'test' | 'calibrate',
): [AnySamples, AnySamples] {
  const single = (samples.groups ?? samples.times) ? undefined : singleClass(samples.labels);
  const others = new Set(samples.labels).size - 1;
  const without =
    schema === undefined || others < 2 ? 'add a row of the class' : 'leave the class out with --min-class-count 2';
  const hint =
    purpose === 'calibrate'
      ? 'Leave out --calibrate.'
      : `Pass --test-fraction 0 to train on all samples, pass --test FILE, or ${without}.`;
  if (single !== undefined) {
    const argument = `the class ${JSON.stringify(single)}`;
    const expected = 'have at least 2 samples, one to train on and one to hold back';
    throw new DomainError({ where, argument, expected, actual: '1', hint });
  }
  try {
    // From here on, only the parts are read.
    const { train, test } = divided(samples, { ...choices, inPlace: true });
    return [train, test];
  } catch (cause) {
    if (!(cause instanceof DomainError) || !['groups', 'times'].includes(cause.argument)) throw cause;
    const { argument, expected, actual } = cause;
    const others = purpose === 'calibrate' ? hint : 'Pass --test-fraction 0 to train on all samples, or --test FILE.';
    throw new DomainError({ where, argument, expected, actual, hint: others, cause });
  }
}

async function testTable(
  path: string,
  { schema, classes }: AnyDataSet,
  { features }: AnySamples,
  { delimiter, unknownLabel, standardize = true }: PartChoices,
  { bad, room }: { readonly bad?: BadRowsFile; readonly room: Room },
): Promise<LabelledRows> {
  if (schema === undefined) throw new UsageError('--test requires a table to train on.');
  const featureNames = featureNamesOf(schema);
  const { signal } = room;
  const table = await openTable(path, room);
  // The training decides whether the model standardises columns, and so which numbers it takes.
  const columns = standardize ? storedColumns(await scalingOf(features)) : undefined;
  return labelledRows(
    table,
    // A label that the model cannot predict is an error before the training.
    { classes, featureNames, numFeatures: featureNames.length, schema, columns },
    { delimiter, unknownLabel, onBadRow: bad?.of(table.name), ...keepingOf(room) },
    signal,
  );
}
