// cli: which samples `train` learns from, calibrates on and tests on.
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
  /** Held back to calibrate. */
  readonly held?: Samples;
  readonly tested: Samples;
  /** What is tested on, in words. */
  readonly split: string;
  /** Whether that is what was learnt from. */
  readonly isSelf: boolean;
}

/** Which samples are learnt from, which are held back to calibrate, and which are tested on. */
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
        ? `${count(set.labels.length)} samples set aside by the publishers`
        : held === undefined
          ? 'the samples themselves'
          : `${count(set.labels.length)} of ${count(n)} samples held back`;
  return { training, held: calibrating, tested: set, split, isSelf: tested === undefined && held === undefined };
}

/** To learn from, and held back. */
function holdBack(samples: Samples, testFraction: number, seed: number, where: string): [Samples, Samples] {
  const single = singleClass(samples.labels);
  if (single !== undefined) {
    const argument = `the class ${JSON.stringify(single)}`;
    const expected = 'have at least 2 samples, to be learnt from and held back';
    const hint = 'Pass --test-fraction 0 to learn from all, or --test FILE; or leave the class out.';
    throw new DomainError({ where, argument, expected, actual: '1', hint });
  }
  const { train, test } = divided(samples, { testFraction, seed });
  return [train, test];
}

async function testTable(path: string, { schema }: DataSet, { delimiter }: PartChoices): Promise<Samples> {
  if (schema === undefined) throw new UsageError('--test must come with a table to learn from.');
  const featureNames = featureNamesOf(schema);
  return labelledRows(
    namedBytes(path),
    { classes: [], featureNames, numFeatures: featureNames.length, schema },
    { delimiter },
  );
}
