// cli: softmax-regression explain.
import { Command, Option } from 'commander';
import type { BadRow } from '../../data/table/bad-rows.js';
import { dataOf, nameOf } from '../data/query.js';
import { withInterrupt } from '../interrupt.js';
import { quietDisplay } from '../progress.js';
import type { Wanted } from '../reasons.js';
import type { TableChoices } from '../samples.js';
import { asWhenTraining, dataArgument, integer, jsonOption, modelArgument, sqlOption } from '../usage.js';
import { batchesOf } from './predict.js';

interface Options extends TableChoices {
  readonly row: number;
  readonly baseline: Wanted['baseline'];
  readonly top: number;
  readonly json?: boolean;
  readonly sql?: string;
}

const NOTES = `
--row counts as the column "line" of predict does: 7 is the row that begins on line 7 of the file, and the header is line 1.
Of a Parquet file and of images it is the column "row".

The model is linear, so the log odds of the predicted class against the next most probable one are exactly the sum of a
baseline and one contribution of each column. By default the baseline is the mean of all rows of DATA: a contribution then
says what this value does that the mean of the column does not.

Example:
  softmax-regression explain pets.safetensors new.csv --row 7`;

export function explainCommand(): Command {
  const command = new Command('explain')
    .description('explain the prediction for one row: what each column contributes')
    .addArgument(modelArgument())
    .addArgument(dataArgument('- for standard input, '))
    .addOption(sqlOption())
    .requiredOption(
      '--row <n>',
      'the line of the file on which the row begins; the row of a Parquet file, from 1; of images, from 0',
      integer,
    )
    .addOption(
      new Option('--baseline <name>', 'mean: contributions are relative to the mean row; none: to the bias alone')
        .choices(['mean', 'none'] satisfies readonly Wanted['baseline'][])
        .default('mean'),
    )
    .option('--top <k>', 'number of columns to show, those with the largest contributions first', integer, 10);
  return asWhenTraining(command).addOption(jsonOption()).addHelpText('after', NOTES).action(explain);
}

async function explain(modelFile: string, path: string | undefined, options: Options): Promise<void> {
  const source = dataOf(path, options.sql);
  const { loadModelBytes } = await import('../../node/model-bytes.js');
  const { decodeModel } = await import('../../serialization/model-file.js');
  const { findRow, reasonLines, reasonsOf } = await import('../reasons.js');
  const { print, printJson } = await import('../terminal.js');
  const { kindOf } = await import('../samples.js');
  const { unitOf } = await import('../data/tables.js');
  const { withBadRows } = await import('../bad-rows.js');
  const model = decodeModel(await loadModelBytes(modelFile), modelFile);
  const { row, baseline, top, json, missing = model.schema?.missing } = options;
  const wanted: Wanted = {
    name: source === '-' ? 'standard input' : nameOf(source),
    unit: kindOf(source) === 'table' ? unitOf(source) : 'row',
    first: kindOf(source) === 'table' ? 1 : 0,
    ...{ number: row, baseline, drops: missing === 'drop' },
  };
  const { onProgress, stop } = quietDisplay();
  const { features, mean, rows } = await withInterrupt((signal) =>
    withBadRows(options.skipBad, source, (bad) => {
      const take = bad?.of(wanted.name);
      const onBadRow = (each: BadRow) => {
        // The row to explain cannot be skipped.
        if (each.line === row) throw each.error;
        take?.(each);
      };
      return findRow(batchesOf(source, model, { ...options, onBadRow: take && onBadRow }, signal), wanted, onProgress);
    }),
  ).finally(stop);
  const reasons = reasonsOf(model, features, baseline === 'mean' ? mean : undefined);
  if (json) {
    const { baseline: logOdds, ...rest } = reasons;
    const data = { name: wanted.name, [wanted.unit]: row };
    return printJson({ model: modelFile, data, ...rest, baseline: { of: baseline, rows, logOdds } });
  }
  print(reasonLines(reasons, wanted, rows, top));
}
