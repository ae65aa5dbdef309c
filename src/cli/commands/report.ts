// cli: softmax-regression report.
import { Command } from 'commander';
import type { BackendName } from '../../backend/names.js';
import { dataOf } from '../data/query.js';
import { OutputOption } from '../files.js';
import { withInterrupt } from '../interrupt.js';
import { quietDisplay } from '../progress.js';
import type { TableChoices } from '../samples.js';
import { withTableOptions } from './evaluate.js';

interface Options extends TableChoices {
  readonly output: string;
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
  const { destination, writeResult } = await import('../destination.js');
  const { reportOf } = await import('../assess.js');
  const { count, droppedText } = await import('../output.js');
  const { print, printJson } = await import('../terminal.js');
  const { tried } = await import('../tried.js');
  const { leftOutText } = await import('../unknown-labels.js');
  const { unitOf } = await import('../data/tables.js');
  const { output } = options;
  const source = dataOf(path, options.sql);
  const { onProgress, stop } = quietDisplay();
  const { html, dropped } = await withInterrupt(async (signal) => {
    const loading = { onProgress, signal };
    const { model, samples, choice, evaluation, unknownLabels } = await tried(modelFile, source, options, loading);
    const { part, ...tested } = samples;
    const { dropped } = samples;
    const without = unknownLabels === undefined ? '' : `; ${leftOutText(unknownLabels)}`;
    const text = await reportOf({
      ...{ model, evaluation, tested, compared: samples.features, choice },
      data: {
        ...samples,
        unit: unitOf(source),
        split: `the ${part} of ${samples.name}${droppedText(dropped)}${without}`,
      },
    });
    signal.throwIfAborted();
    await writeResult(output, text);
    return { html: text, dropped };
  }).finally(stop);
  const bytes = Buffer.byteLength(html);
  if (options.json) printJson({ report: output, bytes, dropped });
  else
    print([
      `report: ${destination(output)}, ${count(Math.round(bytes / 1000))} kB, one file without scripts or requests${droppedText(dropped)}`,
    ]);
}
