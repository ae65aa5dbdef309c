// cli: softmax-regression predict.
import { Command, Option } from 'commander';
import type { FeatureArray } from '../../data/batches.js';
import type { RowsOptions } from '../../reading/table.js';
import type { ModelContent } from '../../serialization/model-file.js';
import { type Data, dataOf, nameOf } from '../data/query.js';
import { OutputOption } from '../files.js';
import { withInterrupt } from '../interrupt.js';
import type { LineFormat } from '../prediction-lines.js';
import { quietDisplay } from '../progress.js';
import type { TableChoices } from '../samples.js';
import { note, writeData } from '../terminal.js';
import {
  asWhenTraining,
  columnNames,
  dataArgument,
  integer,
  jsonOption,
  modelArgument,
  sqlOption,
  UsageError,
} from '../usage.js';

interface Options extends TableChoices {
  readonly output?: string;
  readonly format?: 'csv' | 'jsonl';
  readonly probabilities?: boolean;
  readonly top?: number;
  readonly keep?: readonly string[];
  readonly json?: boolean;
  readonly sql?: string;
}

const NOTES = `
Columns are matched by name, in any order; other columns are ignored. The column "line" of the output is the line of the
file on which the row begins, as in error messages and reports. Parquet, Arrow and SQL have no lines: the column is then "row", from 1.
For images it is "row", from 0. Memory does not grow with a file of CSV or JSON lines.

Examples:
  softmax-regression predict pets.safetensors new.csv > labels.csv
  generate-rows | softmax-regression predict pets.safetensors - --format jsonl --probabilities`;

export function predictCommand(): Command {
  const command = new Command('predict')
    .description('predict the label of each row as it arrives')
    .addArgument(modelArgument())
    .addArgument(dataArgument('- for standard input, '))
    .addOption(sqlOption())
    .addOption(new Option('--format <name>', 'output format (default: csv)').choices(['csv', 'jsonl']))
    .addOption(
      new OutputOption(
        '-o, --output <file>',
        'the file to write; it appears once it is complete (default: standard output)',
        { isRows: true },
      ),
    )
    .option('--probabilities', 'add the probability of every class')
    .option('--top <k>', 'the k most probable classes instead of the first only', integer)
    .option(
      '--keep <columns>',
      'copy these columns of a table to the output, separated by commas or as a JSON list; repeatable',
      columnNames,
    );
  return asWhenTraining(command)
    .addOption(jsonOption().conflicts('format'))
    .addHelpText('after', NOTES)
    .action(predict);
}

async function predict(modelFile: string, path: string | undefined, options: Options): Promise<void> {
  const source = dataOf(path, options.sql);
  // No TensorFlow.js and no backend: a prediction is a few sums per row.
  const { loadModelBytes } = await import('../../node/model-bytes.js');
  const { decodeModel } = await import('../../serialization/model-file.js');
  const { lineFormat } = await import('../prediction-lines.js');
  const bytes = await loadModelBytes(modelFile);
  const model = decodeModel(bytes, modelFile);
  const { classes } = model;
  const { json, format = json ? 'jsonl' : 'csv', probabilities = false, top, output, keep, skipBad } = options;
  if (top !== undefined && !(top >= 1 && top <= classes.length)) {
    throw new UsageError(`--top must be an integer in [1, ${classes.length}], the number of classes; got ${top}.`);
  }
  const { kindOf } = await import('../samples.js');
  const { formatOf, unitOf } = await import('../data/tables.js');
  const isTable = kindOf(source) === 'table';
  const number = isTable ? unitOf(source) : 'row';
  if (!isTable && (keep ?? skipBad) !== undefined) {
    throw new UsageError(
      `${keep === undefined ? '--skip-bad' : '--keep'} must be left out: ${nameOf(source)} is not a table.`,
    );
  }
  const written = { format, number, probabilities, top, keep } as const;
  const { header, lines } = lineFormat(model, classes, written);
  const { withBadRows } = await import('../bad-rows.js');
  const { namedBytes } = await import('../bytes.js');
  const { linesByThreads, THREADS, threadsFor } = await import('../predict/threads.js');
  const { onProgress, stop } = quietDisplay();
  // Rows on a terminal show the progress themselves.
  const areShown = (output === undefined || output === '-') && process.stdout.isTTY;
  // Threads have no terminal to escape for, and no file for bad rows.
  const file = typeof source === 'string' && isTable && formatOf(source) === 'csv' ? source : undefined;
  const mayShare = file !== undefined && !areShown && skipBad === undefined;
  const threads = mayShare && file !== undefined ? threadsFor(file, bytes.length) : 1;
  try {
    await withInterrupt(async (signal) => {
      const sink = await openSink(output);
      try {
        await withBadRows(skipBad, source, async (bad) => {
          const name = source === '-' ? 'standard input' : nameOf(source);
          const task = { model, reading: readingOf(options, model), format: written };
          const shared =
            threads > 1 && file !== undefined
              ? linesByThreads(threads, namedBytes(file, signal, THREADS.piece), task, signal)
              : undefined;
          let dropped = 0;
          const onDropped = () => {
            dropped++;
          };
          const alone = () => {
            dropped = 0;
          };
          const reading = { ...options, onBadRow: bad?.of(name), onDropped };
          const batches = batchesOf(source, model, reading, signal);
          let done = 0;
          // Written with the first rows, or at the end if there are none.
          let pending = header;
          for await (const { text, rows, dropped: more = 0 } of linesOf(shared, batches, lines, signal, alone)) {
            dropped += more;
            signal.throwIfAborted();
            if (pending !== '') await sink.write(pending);
            // A terminal takes no control characters of labels.
            await sink.write(areShown ? new TextDecoder().decode(text) : text);
            pending = '';
            done += rows;
            if (!areShown) onProgress({ stage: 'predict', done: 0, note: `${done.toLocaleString('en')} rows` });
          }
          if (pending !== '') await sink.write(pending);
          await sink.commit();
          if (dropped === 0) return;
          const { counted } = await import('../output.js');
          note(`${counted(dropped, 'row')} with missing values left out`);
        });
      } finally {
        await sink.abandon();
      }
    });
  } finally {
    stop();
  }
}

/** Lines of predictions, and the number of rows that they begin. */
interface Lines {
  readonly text: Uint8Array;
  readonly rows: number;
  /** The number of rows that a thread left out. */
  readonly dropped?: number;
}

/**
 * The lines of all rows. If the threads that share the rows fail, one goes on after the rows whose lines were taken.
 *
 * @param alone called before that one reads the table from its beginning
 */
async function* linesOf(
  shared: AsyncIterable<Lines> | undefined,
  batches: AsyncIterable<RowBatch>,
  lines: LineFormat['lines'],
  signal: AbortSignal,
  alone: () => void,
): AsyncGenerator<Lines, void, undefined> {
  let taken = 0;
  try {
    if (shared !== undefined) {
      for await (const part of shared) {
        yield part;
        taken += part.rows;
      }
      return;
    }
  } catch {
    signal.throwIfAborted();
  }
  alone();
  for await (const { features, numbers, kept } of batches) {
    const start = Math.min(taken, numbers.length);
    taken -= start;
    let rows = numbers.length - start;
    for (const text of lines(features, numbers, kept, start)) {
      // A stream may keep it for later.
      yield { text: text.slice(), rows };
      rows = 0;
    }
  }
}

export interface RowBatch {
  readonly features: FeatureArray;
  /** The line or the row of each. */
  readonly numbers: ArrayLike<number>;
  readonly kept?: readonly (readonly string[])[];
}

/** Images per batch. */
const PICTURES = 512;

export async function* batchesOf(
  source: Data,
  model: ModelContent,
  options: TableChoices & Pick<RowsOptions, 'onBadRow' | 'onDropped'>,
  signal: AbortSignal,
): AsyncGenerator<RowBatch, void, undefined> {
  const { kindOf, loadOtherFor } = await import('../samples.js');
  if (typeof source !== 'string' || kindOf(source) === 'table') {
    const { openTable } = await import('../data/tables.js');
    const { rowsOf } = await import('../../reading/table.js');
    const table = await openTable(source, { signal });
    const batches = rowsOf(table, model, { ...readingOf(options, model), signal });
    for await (const { features, lines, kept } of batches) yield { features, numbers: lines, kept };
    return;
  }
  const { checkFeatureCount } = await import('../../core/shape.js');
  const { features } = await loadOtherFor(source, model, options, { signal });
  const [n, d] = features.shape;
  checkFeatureCount(features, model.numFeatures, source);
  for (let start = 0; start < n; start += PICTURES) {
    const end = Math.min(start + PICTURES, n);
    const part: FeatureArray = {
      ...features,
      values: features.values.subarray(start * d, end * d),
      shape: [end - start, d],
    };
    yield { features: part, numbers: Array.from({ length: end - start }, (_, i) => start + i) };
    // Lets Ctrl-C be handled.
    await new Promise(setImmediate);
  }
}

/** How the rows of a table are read. */
function readingOf<T extends TableChoices>(options: T, { schema }: ModelContent) {
  const hasHeader = (options.header ?? schema?.header) !== false;
  const column = (name: string | number) => (!hasHeader && /^-?\d+$/.test(String(name)) ? Number(name) : name);
  return { ...options, keep: options.keep?.map(column), labels: 'skip' as const };
}

interface Sink {
  write(text: string | Uint8Array): Promise<void>;
  commit(): Promise<void>;
  abandon(): Promise<void>;
}

async function openSink(output: string | undefined): Promise<Sink> {
  if (output !== undefined && output !== '-') {
    return (await import('../../node/atomic-writer.js')).openAtomicWriter(output);
  }
  const nothing = async () => {};
  return { write: writeData, commit: nothing, abandon: nothing };
}
