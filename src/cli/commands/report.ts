// cli: softmax-regression report.
import { Command } from 'commander';
import type { BackendName } from '../../backend/names.js';
import { type Data, dataOf } from '../data/query.js';
import { OutputOption } from '../files.js';
import { withInterrupt } from '../interrupt.js';
import { quietDisplay } from '../progress.js';
import type { Loading, TableChoices } from '../samples.js';
import { withTableOptions } from './evaluate.js';

interface Options extends TableChoices {
  readonly output: string;
  readonly memory?: number;
  readonly backend?: BackendName;
  readonly json?: boolean;
  readonly sql?: string;
}

export function reportCommand(): Command {
  return withTableOptions(new Command('report').description('write a report on a model, one HTML file'))
    .addOption(
      new OutputOption('-o, --output <file>', 'the HTML file to write; -: standard output').makeOptionMandatory(),
    )
    .action(report);
}

async function report(modelFile: string, path: string | undefined, options: Options): Promise<void> {
  const { destination } = await import('../destination.js');
  const { count, droppedText } = await import('../output.js');
  const { print, printJson } = await import('../terminal.js');
  const { withRowFiles } = await import('../data/row-files.js');
  const { output, memory } = options;
  const source = dataOf(path, options.sql);
  const { onProgress, stop } = quietDisplay();
  const { html, dropped } = await withInterrupt((signal) =>
    withRowFiles((closing) => written(modelFile, source, options, { onProgress, signal, memory, closing })),
  ).finally(stop);
  const bytes = Buffer.byteLength(html);
  if (options.json) printJson({ report: output, bytes, dropped });
  else
    print([
      `report: ${destination(output)}, ${count(Math.round(bytes / 1000))} kB, one file without scripts or requests${droppedText(dropped)}`,
    ]);
}

/** Writes the report. Returns it, and the number of rows with missing values that are left out. */
async function written(modelFile: string, source: Data, options: Options, loading: Loading) {
  const { writeResult } = await import('../destination.js');
  const { reportOf } = await import('../assess.js');
  const { droppedText } = await import('../output.js');
  const { tried } = await import('../tried.js');
  const { leftOutText } = await import('../unknown-labels.js');
  const { unitOf } = await import('../data/tables.js');
  const { model, samples, choice, evaluation, unknownLabels } = await tried(modelFile, source, options, loading);
  const { part, ...tested } = samples;
  const { dropped } = samples;
  const without = unknownLabels === undefined ? '' : `; ${leftOutText(unknownLabels)}`;
  const html = await reportOf({
    ...{ model, evaluation, tested, compared: samples.features, choice },
    data: {
      ...samples,
      unit: unitOf(source),
      split: `the ${part} of ${samples.name}${droppedText(dropped)}${without}`,
    },
  });
  loading.signal?.throwIfAborted();
  await writeResult(options.output, html);
  return { html, dropped };
}
