// cli: DATA → samples: a table, a folder of IDX files, or a data set by name.
import { FormatError } from '../core/errors.js';
import { type Communicator, ONE_PROCESS } from '../core/ranks/communicator.js';
import { type CsvOptions, MISSING_TOKENS } from '../data/table/csv-options.js';
import type { MissingPolicy } from '../data/table/schema.js';
import { stateNow } from '../node/files.js';
import { readSamplesAgain } from '../reading/again.js';
import { pictureData } from '../reading/idx.js';
import type { Keeping } from '../reading/keeping.js';
import { type ReadSamplesOptions, readSamples } from '../reading/read.js';
import type { AnyDataSet, DataSet, Described, Samples } from '../reading/samples.js';
import {
  type LabelledRows,
  labelledRows,
  type TableModel,
  type TableOptions,
  type TableSource,
} from '../reading/table.js';
import type { BadRowsFile } from './bad-rows.js';
import { changed, stateOf } from './data/binary-file.js';
import type { Data } from './data/query.js';
import { keepingOf, type Room } from './data/row-files.js';
import { withSpooled } from './data/spooled.js';
import { formatOf, isFile, isTableFolder, isTyped, openTable } from './data/tables.js';
import { NAMED, STDIN } from './files.js';
import { flagOf, UsageError } from './usage.js';

/** How `train` reads a CSV file. */
export interface CsvChoices
  extends Pick<
    CsvOptions,
    | 'labelType'
    | 'delimiter'
    | 'decimal'
    | 'thousands'
    | 'comment'
    | 'dateOrder'
    | 'missingLabel'
    | 'unseen'
    | 'header'
    | 'maxCategories'
    | 'minClassCount'
  > {
  readonly label?: string;
  readonly date?: readonly string[];
  /** A policy for all columns, and `column=policy` for single ones. */
  readonly missing?: readonly string[];
  /** The file for rows that do not fit. */
  readonly skipBad?: string;
  readonly strings?: 'error' | 'one-hot';
  /** Columns to encode as categories, whatever they contain. */
  readonly categories?: readonly string[];
  readonly missingToken?: readonly string[];
  /** Whether the default markers of missing values apply. */
  readonly defaultMissing?: boolean;
  readonly ignore?: readonly string[];
  readonly sampleWeight?: string;
  readonly group?: string;
  readonly time?: string;
}

export interface Loading extends Room {
  /** The folder of encoded rows. */
  readonly cache?: string;
  /** The processes that load the same data. */
  readonly communicator?: Communicator;
}

type Kind = (typeof NAMED)[number] | 'folder' | 'table';

export function kindOf(source: Data): Kind {
  if (typeof source !== 'string') return 'table';
  const named = NAMED.find((name) => name === source);
  if (named !== undefined) return named;
  const isFolder = source !== STDIN && stateNow(source)?.isDirectory() === true;
  return isFolder && !isTableFolder(source) ? 'folder' : 'table';
}

/** How commands with a model read a table: the flags that override the schema of the model. */
export interface TableChoices extends Omit<TableOptions, 'onBadRow'> {
  /** The file for rows that do not fit. */
  readonly skipBad?: string;
}

const TABLE_CHOICES = [
  ...([
    'label',
    'header',
    'delimiter',
    'comment',
    'decimal',
    'thousands',
    'missing',
    'missingLabel',
    'unseen',
  ] as const),
  ...(['unknownLabel', 'skipBad'] as const),
] satisfies readonly (keyof TableChoices)[];

/** Loads the data set to train on. */
export async function loadDataSet(
  source: Data,
  choices: CsvChoices,
  loading: Loading,
  bad?: BadRowsFile,
): Promise<AnyDataSet> {
  if (typeof source === 'string' && kindOf(source) !== 'table') {
    // Without --no-header and --no-default-missing, commander says true.
    const { header, defaultMissing, ...flags } = choices;
    return loadOther(
      source,
      {
        ...{ ...flags, memory: loading.memory, cache: loading.cache },
        ...(header ? {} : { header }),
        ...(defaultMissing ? {} : { defaultMissing }),
      },
      loading,
    );
  }
  const { skipBad: _, ...flags } = choices;
  const keeping = keepingOf(loading, 'exclude columns with --ignore');
  const read = (table: TableSource, own: Keeping) =>
    readSamplesAgain(table, { ...optionsOf(flags), onBadRow: bad?.of(table.name) }, own);
  const { cache } = loading;
  if (cache === undefined && !canBeReadAgain(source))
    return withSpooled(source, loading, (table) => read(table, keeping));
  const readFile = async (own: Keeping) => {
    const table = await openTable(source, loading);
    return isTyped(table) ? read(table, own) : whileUnchanged(table.name, () => read(table, own));
  };
  if (cache === undefined) return readFile(keeping);
  const { cachedDataSet } = await import('./data/cache.js');
  return firstOnRank0(loading.communicator, () =>
    cachedDataSet(cache, source, flags, { keeping, room: loading }, readFile),
  );
}

/** The result of `work`, which rank 0 ends before the others begin: it writes, and says what it finds. */
async function firstOnRank0<T>(communicator = ONE_PROCESS, work: () => Promise<T>): Promise<T> {
  const { rank } = communicator;
  if (rank > 0) await communicator.barrier();
  const result = await work();
  if (rank === 0) await communicator.barrier();
  return result;
}

/** Whether passes over a table find the same rows. What is no text is held in memory where it cannot be read again. */
function canBeReadAgain(source: Data): boolean {
  if (typeof source !== 'string' || source === STDIN) return false;
  return isFile(source) || isTableFolder(source) || ['parquet', 'arrow'].includes(formatOf(source));
}

/** The result of `read`, which may read a file twice. @throws FormatError if the file changes meanwhile */
async function whileUnchanged<T>(path: string, read: () => Promise<T>): Promise<T> {
  const signNow = () => {
    const state = stateNow(path);
    return state && stateOf(state);
  };
  const before = signNow();
  const result = await read();
  const after = signNow();
  // A file that was removed was open before.
  if (after === before || after === undefined) return result;
  throw changed(path);
}

/** Loads a data set that is not a table, and refuses the flags of tables. */
async function loadOther(source: string, choices: object, loading: Loading): Promise<DataSet> {
  const kind = kindOf(source);
  const stray = Object.entries(choices).find(([, value]) => value !== undefined);
  if (stray !== undefined) {
    const [name, value] = stray;
    const flag = value === false ? `--no-${flagOf(name).slice(2)}` : flagOf(name);
    const given = kind === 'folder' ? `the folder ${source}` : source;
    throw new UsageError(`${flag} must be left out: it applies only to tables; got ${given}.`);
  }
  if (kind === 'iris') return readSamples(kind);
  return kind === 'folder' ? loadFolder(source) : loadFashion(loading);
}

/** Samples to evaluate a model on: a table read by the model's schema, or other data, preferably its test set. */
export async function loadSamplesFor(
  source: Data,
  model: TableModel,
  choices: TableChoices,
  loading: Loading,
  bad?: BadRowsFile,
): Promise<Described & LabelledRows & { readonly part: string }> {
  if (typeof source !== 'string' || kindOf(source) === 'table') {
    const table = await openTable(source, loading);
    const options = { ...choices, onBadRow: bad?.of(table.name), ...keepingOf(loading) };
    const samples = await labelledRows(table, model, options, loading.signal);
    return { name: table.name, part: 'rows', ...samples };
  }
  return loadOtherFor(source, model, choices, loading);
}

/** Samples for a model that are not a table. */
export async function loadOtherFor(
  source: string,
  model: TableModel,
  choices: TableChoices,
  loading: Loading,
): Promise<Described & Samples & { readonly part: string }> {
  const flags = Object.fromEntries(TABLE_CHOICES.map((name) => [name, choices[name]]));
  const { samples, test, ...described } = await loadOther(source, { ...flags, memory: loading.memory }, loading);
  const [, d] = (test ?? samples).features.shape;
  if (d !== model.numFeatures) {
    const expected = `have the ${model.numFeatures} features that the model reads`;
    throw new FormatError({ where: described.name, argument: 'the samples', expected, actual: String(d) });
  }
  return { ...described, ...(test ?? samples), part: test === undefined ? 'samples' : 'test samples' };
}

/** The flags as options of `readSamples`. */
function optionsOf({
  label,
  sampleWeight,
  group,
  time,
  ignore,
  categories,
  date,
  missing = [],
  missingToken = [],
  defaultMissing,
  strings,
  header,
  ...options
}: CsvChoices) {
  const column = (text: string) => (header === false && /^-?\d+$/.test(text) ? Number(text) : text);
  const ifNamed = (text: string | undefined) => (text === undefined ? undefined : column(text));
  return {
    ...options,
    ...(header === false ? { header } : {}),
    ...{ label: ifNamed(label), sampleWeight: ifNamed(sampleWeight), group: ifNamed(group), time: ifNamed(time) },
    ignore: ignore?.map(column),
    strings,
    categories: categories?.map(column),
    dates: date?.map(column),
    missing: missing.filter((text) => !text.includes('=')).at(-1) as MissingPolicy | undefined,
    missingByColumn: Object.fromEntries(
      missing
        .filter((text) => text.includes('='))
        .map((text) => [text.slice(0, text.lastIndexOf('=')), policyOf(text)]),
    ),
    missingTokens: [...(defaultMissing === false ? [''] : MISSING_TOKENS), ...missingToken],
  } satisfies ReadSamplesOptions;
}

function policyOf(text: string): MissingPolicy {
  return text.slice(text.lastIndexOf('=') + 1) as MissingPolicy;
}

async function loadFolder(source: string): Promise<DataSet> {
  const { loadIdxFolder } = await import('../node/datasets/idx-folder.js');
  return pictureData(source, await loadIdxFolder(source));
}

async function loadFashion({ onProgress, signal }: Loading): Promise<DataSet> {
  const { loadFashionMnist } = await import('../node/datasets/fashion-mnist.js');
  const { train, test, classNames } = await loadFashionMnist({ onProgress, signal });
  return pictureData('Fashion-MNIST', { train, test, sampleShape: [28, 28] }, classNames);
}
