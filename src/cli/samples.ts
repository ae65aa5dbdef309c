// cli: DATA → samples: a CSV file, a folder of IDX files, or a data set by name.
import { statSync } from 'node:fs';
import { DomainError, isSoftmaxRegressionError } from '../core/errors.js';
import type { Label } from '../core/labels.js';
import type { FeatureArray } from '../data/batches.js';
import type { CsvSchema } from '../data/table/schema.js';
import type { CsvOptions } from '../data/table/table.js';
import type { OnProgress } from '../node/files.js';
import { labelledRows, nameOf, STDIN, type TableModel, type TableOptions, wholeOf } from './table.js';
import { flagOf, UsageError } from './usage.js';

export interface Samples {
  readonly features: FeatureArray;
  readonly labels: readonly Label[];
}

/** What is known of samples beside their numbers. */
export interface Described {
  readonly name: string;
  readonly featureNames?: readonly string[];
  readonly schema?: CsvSchema;
  /** If a sample is a picture. */
  readonly image?: { readonly width: number; readonly height: number };
  /** Rows with missing values that were left out. */
  readonly dropped: number;
}

export interface DataSet extends Described {
  readonly samples: Samples;
  /** Samples that the publishers set aside. */
  readonly test?: Samples;
}

/** How `train` reads a CSV file. */
export interface CsvChoices extends Pick<CsvOptions, 'delimiter' | 'decimal' | 'missing' | 'unseen' | 'header'> {
  readonly label?: string;
  readonly strings?: 'error' | 'one-hot';
  /** Columns to encode as categories, whatever is in them. */
  readonly categories?: readonly string[];
  readonly missingToken?: readonly string[];
  readonly ignore?: readonly string[];
}

export interface Loading {
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
}

/** A name is that of a data set, unless it is written as a path. */
const NAMED = ['iris', 'fashion-mnist'] as const;

type Kind = (typeof NAMED)[number] | 'folder' | 'table';

export function kindOf(source: string): Kind {
  const named = NAMED.find((name) => name === source);
  if (named !== undefined) return named;
  return source !== STDIN && statSync(source, { throwIfNoEntry: false })?.isDirectory() === true ? 'folder' : 'table';
}

/** The samples to learn from. */
export async function loadDataSet(source: string, choices: CsvChoices, loading: Loading): Promise<DataSet> {
  const kind = kindOf(source);
  if (kind === 'table') return loadTable(source, choices);
  const stray = Object.entries(choices).find(([name, value]) => value !== undefined && !(name === 'header' && value));
  if (stray !== undefined) {
    const given = kind === 'folder' ? `the folder ${source}` : source;
    throw new UsageError(`${flagOf(stray[0])} must be left out: it says how a CSV file is read; got ${given}.`);
  }
  return kind === 'folder' ? loadFolder(source) : loadNamed(kind, loading);
}

/** Samples to try a model on: of a table as the model reads it, of other data the part for tests where there is one. */
export async function loadSamplesFor(
  source: string,
  model: TableModel,
  options: TableOptions,
  loading: Loading,
): Promise<Described & Samples & { readonly part: string }> {
  const kind = kindOf(source);
  if (kind === 'table') {
    const samples = await labelledRows(source, model, options);
    return { name: nameOf(source), dropped: 0, part: 'rows', ...samples };
  }
  const { samples, test, ...described } = await loadDataSet(source, {}, loading);
  return { ...described, ...(test ?? samples), part: test === undefined ? 'samples' : 'samples set aside for tests' };
}

async function loadTable(source: string, choices: CsvChoices): Promise<DataSet> {
  const { MISSING_TOKENS, parseCsv } = await import('../data/table/table.js');
  const { label, ignore, categories, missingToken, strings, ...options } = choices;
  const column = (text: string) => (options.header === false && /^-?\d+$/.test(text) ? Number(text) : text);
  const name = nameOf(source);
  const bytes = await wholeOf(source);
  if (label === undefined)
    throw new UsageError(
      `--label must ${labelRule(() => parseCsv(bytes, { ...options, name, label: '' }))}; got nothing.`,
    );
  const table = parseCsv(bytes, {
    ...{ ...options, name, label: column(label), ignore: ignore?.map(column), strings: categories ?? strings },
    ...(missingToken === undefined ? {} : { missingTokens: [...MISSING_TOKENS, ...missingToken] }),
  });
  const { features, labels, featureNames, schema, dropped, classes } = table;
  if (classes.length < 2) {
    const actual = `only ${JSON.stringify(classes[0])}`;
    throw new DomainError({
      where: name,
      argument: `the column ${label}`,
      expected: 'have at least two classes',
      actual,
    });
  }
  return { name, samples: { features, labels }, featureNames, schema, dropped };
}

/** Which columns may be the labels, as the table's own error says it when none of that name is there. */
function labelRule(parseWithout: () => unknown): string {
  try {
    parseWithout();
  } catch (error) {
    if (isSoftmaxRegressionError(error) && error.argument === 'label') return error.expected;
    throw error;
  }
  return 'name the column of labels';
}

async function loadFolder(source: string): Promise<DataSet> {
  const { loadIdxFolder } = await import('../node/datasets/idx-folder.js');
  const { train, test, sampleShape } = await loadIdxFolder(source);
  const samplesOf = ({ features, labels }: NonNullable<typeof train>) => ({ features, labels: Array.from(labels) });
  const [first, second] = train === undefined ? [test, undefined] : [train, test];
  const [height, width] = sampleShape;
  return {
    name: source,
    samples: samplesOf(first as NonNullable<typeof train>),
    ...(second === undefined ? {} : { test: samplesOf(second) }),
    ...(sampleShape.length === 2 ? { image: { width, height } } : {}),
    dropped: 0,
  };
}

async function loadNamed(name: (typeof NAMED)[number], loading: Loading): Promise<DataSet> {
  if (name === 'iris') {
    const { asFeatureArray } = await import('../data/batches.js');
    const { loadIris } = await import('../data/iris.js');
    const { numberSchema } = await import('../data/table/schema.js');
    const { features, labels, featureNames, labelName } = loadIris();
    const schema = numberSchema(featureNames, featureNames.length, { name: labelName, type: 'string' });
    const samples = { features: asFeatureArray(features, 'loadIris'), labels };
    return { name: 'Iris', samples, featureNames, schema, dropped: 0 };
  }
  const { loadFashionMnist } = await import('../node/datasets/fashion-mnist.js');
  const { train, test, classNames } = await loadFashionMnist(loading);
  const samplesOf = ({ features, labels }: typeof train) => ({
    features,
    labels: Array.from(labels, (label) => classNames[label]),
  });
  const image = { width: 28, height: 28 };
  return { name: 'Fashion-MNIST', samples: samplesOf(train), test: samplesOf(test), image, dropped: 0 };
}
