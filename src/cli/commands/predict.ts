// cli: softmax-regression predict.
import { Command, Option } from 'commander';
import type { FeatureArray } from '../../data/batches.js';
import type { RowsOptions } from '../../reading/table.js';
import type { ModelContent } from '../../serialization/model-file.js';
import { OutputOption } from '../files.js';
import { withInterrupt } from '../interrupt.js';
import { quietDisplay } from '../progress.js';
import type { TableChoices } from '../samples.js';
import { note, writeData } from '../terminal.js';
import { asWhenTraining, columnNames, dataArgument, integer, jsonOption, modelArgument, UsageError } from '../usage.js';

interface Options extends TableChoices {
  readonly output?: string;
  readonly format?: 'csv' | 'jsonl';
  readonly probabilities?: boolean;
  readonly top?: number;
  readonly keep?: readonly string[];
  readonly json?: boolean;
}

const NOTES = `
Columns are matched by name, in any order; other columns are ignored. The column "line" of the output is the line of the
file on which the row begins, as in error messages and reports. For images it is "row", from 0. Memory does not grow with
the file.

Examples:
  softmax-regression predict pets.safetensors new.csv > labels.csv
  generate-rows | softmax-regression predict pets.safetensors - --format jsonl --probabilities`;

export function predictCommand(): Command {
  const command = new Command('predict')
    .description('predict the label of each row as it arrives')
    .addArgument(modelArgument())
    .addArgument(dataArgument('- for standard input, '))
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

async function predict(modelFile: string, source: string, options: Options): Promise<void> {
  // No TensorFlow.js and no backend: a prediction is a few sums per row.
  const { loadModelBytes } = await import('../../node/model-bytes.js');
  const { decodeModel } = await import('../../serialization/model-file.js');
  const { lineFormat } = await import('../prediction-lines.js');
  const model = decodeModel(await loadModelBytes(modelFile), modelFile);
  const { classes } = model;
  const { json, format = json ? 'jsonl' : 'csv', probabilities = false, top, output, keep, skipBad } = options;
  if (top !== undefined && !(top >= 1 && top <= classes.length)) {
    throw new UsageError(`--top must be an integer in [1, ${classes.length}], the number of classes; got ${top}.`);
  }
  const { kindOf } = await import('../samples.js');
  const number = kindOf(source) === 'file' ? 'line' : 'row';
  if (number === 'row' && (keep ?? skipBad) !== undefined) {
    throw new UsageError(`${keep === undefined ? '--skip-bad' : '--keep'} must be left out: ${source} is not a table.`);
  }
  const { header, lines } = lineFormat(model, classes, { format, number, probabilities, top, keep });
  const { withBadRows } = await import('../bad-rows.js');
  const { name } = (await import('../bytes.js')).namedBytes(source);
  const { onProgress, stop } = quietDisplay();
  try {
    await withInterrupt(async (signal) => {
      const sink = await openSink(output);
      try {
        await withBadRows(skipBad, async (bad) => {
          let done = 0;
          let dropped = 0;
          // Written with the first batch, or at the end if there are no rows.
          let pending = header;
          const onDropped = () => {
            dropped++;
          };
          const reading = { ...options, onBadRow: bad?.of(name), onDropped };
          for await (const { features, numbers, kept } of batchesOf(source, model, reading, signal)) {
            signal.throwIfAborted();
            for (const text of lines(features, numbers, kept)) {
              await sink.write(pending + text);
              pending = '';
            }
            done += numbers.length;
            // Rows on a terminal show the progress themselves.
            if ((output !== undefined && output !== '-') || !process.stdout.isTTY)
              onProgress({ stage: 'predict', done: 0, note: `${done.toLocaleString('en')} rows` });
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

export interface RowBatch {
  readonly features: FeatureArray;
  /** The line or the row of each. */
  readonly numbers: ArrayLike<number>;
  readonly kept?: readonly (readonly string[])[];
}

/** Images per batch. */
const PICTURES = 512;

export async function* batchesOf(
  source: string,
  model: ModelContent,
  options: TableChoices & Pick<RowsOptions, 'onBadRow' | 'onDropped'>,
  signal: AbortSignal,
): AsyncGenerator<RowBatch, void, undefined> {
  const { kindOf, loadOtherFor } = await import('../samples.js');
  if (kindOf(source) === 'file') {
    const { namedBytes } = await import('../bytes.js');
    const { rowsOf } = await import('../../reading/table.js');
    const { keep } = options;
    const column = (name: string | number) =>
      (options.header ?? model.schema?.header) === false && /^-?\d+$/.test(String(name)) ? Number(name) : name;
    const reading = { ...options, keep: keep?.map(column), labels: 'skip', signal } as const;
    const batches = rowsOf(namedBytes(source, signal), model, reading);
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

interface Sink {
  write(text: string): Promise<void>;
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
