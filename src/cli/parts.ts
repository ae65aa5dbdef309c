// cli: the samples on which `train` trains, calibrates and tests.
import { DomainError } from '../core/errors.js';
import { featureNamesOf } from '../data/table/schema.js';
import { type DataSet, divided, type Samples, singleClass } from '../reading/samples.js';
import { labelledRows } from '../reading/table.js';
import { namedBytes } from './bytes.js';
import { count } from './output.js';
import type { CsvChoices } from './samples.js';
import { UsageError } from './usage.js';

export interface PartChoices extends Pick<CsvChoices, 'delimiter'> {
  /** A CSV file to test on. */
  readonly test?: string;
  readonly testFraction?: number;
  readonly calibrate?: boolean;
  readonly seed: number;
}

export interface Parts {
  readonly training: Samples;
  /** Held back for calibration. */
  readonly held?: Samples;
  readonly tested: Samples;
  /** A description of the test samples. */
  readonly split: string;
  /** Whether the model is tested on its training samples. */
  readonly isSelf: boolean;
}

/** Divides the samples into those for training, for calibration and for testing. */
export async function partsOf(data: DataSet, options: PartChoices): Promise<Parts> {
  const { samples, test } = data;
  const { testFraction = 0.2, test: testFile, seed, calibrate } = options;
  const n = samples.labels.length;
  const tested = testFile === undefined ? test : await testTable(testFile, data, options);
  const isWhole = tested !== undefined || testFraction === 0;
  const [kept, held] = isWhole ? [samples, undefined] : holdBack(samples, testFraction, seed, data.name);
  const [training, calibrating] = calibrate ? holdBack(kept, 0.2, seed, data.name) : [kept, undefined];
  const set = tested ?? held ?? training;
  const split =
    testFile !== undefined
      ? `the ${count(set.labels.length)} rows of ${testFile}`
      : tested !== undefined
        ? `the ${count(set.labels.length)} samples of the test set`
        : held === undefined
          ? 'the training samples'
          : `${count(set.labels.length)} of ${count(n)} samples held back`;
  return { training, held: calibrating, tested: set, split, isSelf: tested === undefined && held === undefined };
}

/** The training samples, and those held back. */
function holdBack(samples: Samples, testFraction: number, seed: number, where: string): [Samples, Samples] {
  const single = singleClass(samples.labels);
  if (single !== undefined) {
    const argument = `the class ${JSON.stringify(single)}`;
    const expected = 'have at least 2 samples, one to train on and one to hold back';
    const hint = 'Pass --test-fraction 0 to train on all samples, pass --test FILE, or remove the class.';
    throw new DomainError({ where, argument, expected, actual: '1', hint });
  }
  const { train, test } = divided(samples, { testFraction, seed });
  return [train, test];
}

async function testTable(path: string, { schema, classes }: DataSet, { delimiter }: PartChoices): Promise<Samples> {
  if (schema === undefined) throw new UsageError('--test requires a table to train on.');
  const featureNames = featureNamesOf(schema);
  return labelledRows(
    namedBytes(path),
    // A label that the model cannot predict is an error before the training.
    { classes, featureNames, numFeatures: featureNames.length, schema },
    { delimiter },
  );
}
