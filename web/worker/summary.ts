// web: data and model in short, as the page shows them.
import type { ColumnSummary, CsvSchema, Evaluation, Label, SoftmaxRegression } from 'softmax-regression';
import type { ColumnLine, DataSummary, Field, ImageSize, ModelSummary } from '../messages.js';
import type { PageData } from './data.js';
import { affineOf } from './layer.js';
import { modelViewOf } from './model-view.js';
import type { PlanedData } from './plane.js';
import { textInWords } from './words.js';

type Model = SoftmaxRegression<Label>;

export function summaryOfData(data: PlanedData): DataSummary {
  const { name, samples, test, classes, image, dropped, lesson } = data;
  const [trainingSamples, numFeatures] = samples.features.shape;
  const counts = { trainingSamples, heldOut: test.labels.length, numFeatures };
  const note = dropped === 0 ? '' : `${dropped} ${dropped === 1 ? 'row' : 'rows'} with missing values left out.`;
  const columns = data.columns?.map((column) => lineOf(column, data));
  return {
    name,
    ...counts,
    classes,
    image,
    fields: fieldsOfData(data),
    note,
    lesson,
    plane: data.plane?.summary,
    ...(columns && { columns }),
  };
}

/** Labels with more classes are rarely meant, unless each has several rows. */
const MOST_CLASSES = 20;
const FEWEST_ROWS_OF_A_CLASS = 10;

function lineOf({ name, kind, values, missing, features, note }: ColumnSummary, data: PageData): ColumnLine {
  const counts = [
    values === undefined ? undefined : `${values.toLocaleString('en')} ${values === 1 ? 'value' : 'values'}`,
    missing === 0 ? undefined : `${missing.toLocaleString('en')} missing`,
    features < 2 ? undefined : `${features.toLocaleString('en')} features`,
  ];
  const text = [kind, ...(kind === 'ignored' ? [] : counts)].filter((part) => part !== undefined).join(', ');
  const said = note === undefined ? undefined : textInWords(note);
  const asked = kind === 'label' ? (noteOfLabels(data) ?? said) : said;
  return { name, text, ...(asked && { note: asked }) };
}

/** A quantity or an id in place of classes, or classes without a sample to learn from. */
function noteOfLabels({ classes, samples, test }: PageData): string | undefined {
  const [many, rows] = [classes.length, samples.labels.length + test.labels.length];
  const learnt = new Set(samples.labels);
  const others = classes.filter((label) => !learnt.has(label));
  if (many > MOST_CLASSES && rows < FEWEST_ROWS_OF_A_CLASS * many) {
    const counts = `${many.toLocaleString('en')} classes in ${rows.toLocaleString('en')} rows`;
    return `${counts}: a quantity or an id? This model predicts classes.`;
  }
  if (others.length === 0) return undefined;
  const [classesWithout, them] =
    others.length === 1
      ? [`The class “${others[0]}” has one row`, 'it']
      : [`${others.length.toLocaleString('en')} classes, such as “${others[0]}”, have one row each`, 'them'];
  return `${classesWithout}, which is held out, so the model cannot learn ${them}. Add rows of ${them} to the file, or take ${them} out.`;
}

/** @param evaluation on the data, which are there where the model fits them */
export function summaryOfModel(
  model: Model,
  data: PlanedData | undefined,
  evaluation: Evaluation<Label> | undefined,
): ModelSummary {
  const { classes, numFeatures, numParameters, options } = model;
  const image = data === undefined ? squareOf(model) : data.image;
  const featureNames = model.featureNames ?? data?.featureNames;
  // Pictures are shown as they are.
  const deviations =
    image !== undefined ? undefined : data === undefined ? model.featureDeviations : data.deviations?.scale;
  return {
    ...{ classes, numFeatures, numParameters, solver: options.solver, image },
    fields: data === undefined ? fieldsOfModel(model) : fieldsOfData(data),
    view: modelViewOf(affineOf(model), { classes, numFeatures, image, featureNames, deviations }, data),
    ...(evaluation && { scores: scoresOf(evaluation) }),
  };
}

function scoresOf({ accuracy, interval, logLoss, samples }: Evaluation<Label>): ModelSummary['scores'] {
  return { accuracy, interval: { lower: interval.lower, upper: interval.upper }, logLoss, samples };
}

/** Features without names, as many as a square picture has: they were pixels. */
function squareOf({ featureNames, numFeatures }: Model): ImageSize | undefined {
  const side = Math.sqrt(numFeatures);
  return featureNames === undefined && side >= 8 && Number.isInteger(side) ? { width: side, height: side } : undefined;
}

/** What a row is asked for, the means filled in. */
function fieldsOfData({ schema, featureNames, image, samples, deviations }: PageData): Field[] {
  if (image !== undefined) return [];
  const mean = (j: number) => Number((deviations?.mean[j] ?? 0).toPrecision(3));
  return fieldsOf({ schema, featureNames, numFeatures: samples.features.shape[1] }, mean);
}

/** What a row is asked for by a model without its data. */
function fieldsOfModel(model: Model): Field[] {
  return fieldsOf(model, () => 0);
}

interface Columns {
  readonly schema?: CsvSchema;
  readonly featureNames?: readonly string[];
  readonly numFeatures: number;
}

/** One for each column of the table, the numbers with `numberOf` their feature. */
function fieldsOf({ schema, featureNames, numFeatures }: Columns, numberOf: (feature: number) => number): Field[] {
  if (schema === undefined) {
    const names = featureNames ?? Array.from({ length: numFeatures }, (_, j) => `x${j}`);
    return names.map((name, j) => ({ kind: 'number', name, at: j, value: numberOf(j) }));
  }
  let next = 0;
  return schema.columns.flatMap((column): Field[] => {
    const { kind, name } = column;
    if (kind === 'label' || kind === 'weight' || kind === 'ignored') return [];
    const at = next;
    next += featureCount(column);
    if (kind === 'category') return [{ kind, name, at, categories: column.categories }];
    if (kind === 'date') return [{ kind, name, at, origin: column.origin, hasTime: column.hasTime }];
    if (kind === 'boolean') return [{ kind, name, at }];
    const value = numberOf(at);
    return [column.percent ? { kind: 'percent', name, at, value: 100 * value } : { kind, name, at, value }];
  });
}

type FeatureColumn = Exclude<CsvSchema['columns'][number], { kind: 'label' | 'weight' | 'ignored' }>;

/** The number of features of a column: of a date year, days, 12 months, 7 weekdays and perhaps 24 hours. */
function featureCount(column: FeatureColumn): number {
  const { kind, indicator } = column;
  const values = kind === 'category' ? column.categories.length : kind === 'date' ? (column.hasTime ? 45 : 21) : 1;
  return values + Number(indicator === true);
}
