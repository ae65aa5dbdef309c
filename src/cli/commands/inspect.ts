// cli: softmax-regression inspect.
import { Command } from 'commander';
import type { CsvColumn } from '../../data/table/schema.js';
import type { WeightRow } from '../../model/insight.js';
import { integer, jsonOption, modelArgument } from '../usage.js';

interface Options {
  readonly top: number;
  readonly json?: boolean;
}

export function inspectCommand(): Command {
  return new Command('inspect')
    .description('show what a model file contains: classes, features, options, largest weights')
    .addArgument(modelArgument())
    .option('--top <k>', 'number of features to show, those with the largest weights first', integer, 10)
    .addOption(jsonOption())
    .action(inspect);
}

async function inspect(modelFile: string, { top, json }: Options): Promise<void> {
  const { createHash } = await import('node:crypto');
  const { loadModelBytes } = await import('../../node/model-bytes.js');
  const { decodeModel } = await import('../../serialization/model-file.js');
  const { weightTableOf } = await import('../../model/insight.js');
  const { count, tableLines } = await import('../output.js');
  const { print, printJson } = await import('../terminal.js');
  const bytes = await loadModelBytes(modelFile);
  const model = decodeModel(bytes, modelFile);
  const { classes, numFeatures, numParameters, featureNames, options, calibration, schema } = model;
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const { featureDeviations } = model;
  const rows = [...weightTableOf(model, { scale: featureDeviations }).rows].sort((a, b) => largest(b) - largest(a));
  const shown = rows.slice(0, top);
  const unit = featureDeviations === undefined ? 'unit' : 'standard deviation';
  const why = featureDeviations === undefined ? ' (the file has no standard deviations)' : '';
  if (json) {
    const { weight, bias, metrics } = model;
    const described = { classes, numFeatures, featureNames, numParameters, options, calibration, metrics, schema };
    const weights = { featureDeviations, topWeights: shown, topWeightsPer: unit, weight, bias };
    return printJson({ file: modelFile, bytes: bytes.length, sha256, ...described, ...weights });
  }
  print([
    `${modelFile}: ${count(bytes.length)} bytes, sha256 ${sha256}`,
    `classes: ${count(classes.length)}, ${some(classes.map(String))}`,
    `features: ${count(numFeatures)}${featureNames === undefined ? '' : `, ${some(featureNames)}`}`,
    `parameters: ${count(numParameters)} trained, weight [${numFeatures}, ${classes.length}] and bias [${classes.length}]`,
    `options: ${Object.entries(options)
      .map(([name, value]) => `${name} ${optionText(value)}`)
      .join(', ')}`,
    ...(calibration === undefined
      ? []
      : [`calibration: temperature ${calibration.temperature.toFixed(3)}, already applied to the weights`]),
    ...(schema === undefined ? [] : [`columns: ${some(schema.columns.map(columnText))}`]),
    '',
    `weights per ${unit} of the feature${why}, centred over the classes${rows.length > top ? `, the ${count(top)} largest of ${count(rows.length)}` : ''}:`,
    ...tableLines(
      ['feature', ...classes.map(String)],
      [...shown.map(({ feature, weights }) => [feature, ...digits(weights)]), ['(bias)', ...digits(model.bias)]],
    ),
  ]);
}

/** The largest weight, by which the report ranks too. */
function largest({ weights }: WeightRow): number {
  return weights.reduce((most, weight) => Math.max(most, Math.abs(weight)), 0);
}

/** Six digits of a number such as 1/n; `--json` prints all digits. */
function optionText(value: unknown): string {
  if (typeof value === 'string') return value;
  return typeof value === 'number' ? String(Number(value.toPrecision(6))) : JSON.stringify(value);
}

function digits(numbers: ArrayLike<number>): string[] {
  return Array.from(numbers, (x) => x.toPrecision(4));
}

/** The most names to print: about as many as fit on a few lines. */
const MOST_NAMES = 20;

function some(names: readonly string[]): string {
  return names.length <= MOST_NAMES ? names.join(', ') : `${names.slice(0, MOST_NAMES).join(', ')}, …`;
}

function columnText(column: CsvColumn): string {
  const name = column.name === '' ? '""' : column.name;
  if (column.kind === 'label') return `${name} (label)`;
  if (column.kind === 'category') return `${name} (${column.categories.length} categories)`;
  return column.kind === 'number' ? name : `${name} (${column.kind})`;
}
