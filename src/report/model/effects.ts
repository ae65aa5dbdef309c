// report: the weights as a reader compares them: by column of the table, and one number for two classes.
import type { Label } from '../../core/labels.js';
import { featureCount, type ReportInput, type ReportModel } from '../input.js';
import { labelText } from '../numbers.js';

/** With more categories, those with the smaller weights are left out. */
const MOST_CATEGORIES = 8;

/** A model and its training data. */
export type Modelled = Pick<ReportInput, 'data' | 'model'>;

/** A column of the table, or one feature if there is no table. */
export interface Column {
  readonly name: string;
  /** The index of its first feature. */
  readonly start: number;
  /** One feature for each category. Undefined for a column that is one feature. */
  readonly categories?: readonly string[];
}

/** The weights of one feature, or the difference of the two categories of a column: one number for each outcome. */
export interface Effect {
  readonly name: string;
  /** A shorter name, if there is one. */
  readonly short?: string;
  readonly values: readonly number[];
}

/** The effects of a column, the largest first. */
export interface ColumnEffects {
  readonly column: Column;
  /** Whether the effects are those of the categories, and need the column's name as a heading. */
  readonly byCategory: boolean;
  readonly effects: readonly Effect[];
  /** The number of categories left out. */
  readonly more: number;
  /** The size of the largest effect. */
  readonly size: number;
}

/** W per unit of the features, also where the model standardises them. */
function unitWeights({ weight, columns }: Pick<ReportModel, 'weight' | 'columns'>): readonly ArrayLike<number>[] {
  if (columns === undefined) return weight;
  const { factor } = columns;
  return weight.map((row, j) => Float64Array.from(row, (value) => value * factor[j]));
}

/** W minus its mean over the classes: softmax ignores a constant added to a row of W, so only this is comparable. */
export function centredWeights(model: Pick<ReportModel, 'weight' | 'columns'>): Float64Array[] {
  return unitWeights(model).map((row) => {
    const centre = mean(row);
    return Float64Array.from(row, (value) => value - centre);
  });
}

function mean(row: ArrayLike<number>): number {
  let sum = 0;
  for (let k = 0; k < row.length; k++) sum += row[k];
  return sum / row.length;
}

/** What a weight is added to: the score of each class, or the log-odds of two classes. */
export function outcomeNames(classes: readonly Label[]): string[] {
  return classes.length === 2 ? [oddsText(classes)] : classes.map(labelText);
}

/** A row of W for each outcome. The columns of two classes say the same, so their difference is shown: w₂ − w₁. */
export function outcomesOf(row: ArrayLike<number>): number[] {
  if (row.length === 2) return [row[1] - row[0]];
  const centre = mean(row);
  return Array.from(row, (value) => value - centre);
}

/** "log-odds of yes against no". */
export function oddsText(classes: readonly Label[]): string {
  return `log-odds of ${labelText(classes[1])} against ${labelText(classes[0])}`;
}

export function featureName({ model, data }: Modelled, j: number): string {
  return model.featureNames?.[j] ?? `${data.image === undefined ? 'feature' : 'pixel'} ${j}`;
}

function columnsOf(modelled: Modelled): Column[] {
  const { schema, numFeatures } = modelled.model;
  if (schema === undefined) {
    return Array.from({ length: numFeatures }, (_, j) => ({ name: featureName(modelled, j), start: j }));
  }
  let start = 0;
  return schema.columns.flatMap((column): Column[] => {
    const at = start;
    const count = featureCount(column);
    start += count;
    const { kind, name, categories = [], indicator } = column;
    if (kind === 'category' && count > 0) {
      return [{ name, start: at, categories: indicator ? [...categories, 'missing'] : categories }];
    }
    // A date, or a number with an indicator, is several features with names of their own.
    return Array.from({ length: count }, (_, k) => ({ name: featureName(modelled, at + k), start: at + k }));
  });
}

/** The columns and their effects, per standard deviation of the feature if it is known, the largest first. */
export function columnEffects(modelled: Modelled): ColumnEffects[] {
  const { data, model } = modelled;
  // A model copies its weights at each access.
  const weight = unitWeights(model);
  const effectOf = (j: number) => outcomesOf(weight[j]).map((value) => value * (data.featureDeviations?.[j] ?? 1));
  return columnsOf(modelled)
    .map((column): ColumnEffects => {
      const { name, start, categories } = column;
      const all = (categories ?? [name]).map((each, c) => ({ name: each, values: effectOf(start + c) }));
      if (categories?.length === 2) {
        const [first, second] = categories;
        const values = all[1].values.map((value, k) => value - all[0].values[k]);
        const effect = { name: `${name}: ${second} against ${first}`, short: `${name}: ${second}`, values };
        return { column, byCategory: false, effects: [effect], more: 0, size: sizeOf(effect) };
      }
      const effects = all.sort((a, b) => sizeOf(b) - sizeOf(a));
      return {
        column,
        byCategory: categories !== undefined,
        effects: effects.slice(0, MOST_CATEGORIES),
        more: Math.max(effects.length - MOST_CATEGORIES, 0),
        size: sizeOf(effects[0]),
      };
    })
    .sort((a, b) => b.size - a.size);
}

function sizeOf({ values }: Effect): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

/** The first columns, until they have `most` effects. */
export function firstColumns(columns: readonly ColumnEffects[], most: number): ColumnEffects[] {
  let effects = 0;
  return columns.filter((column) => {
    const isShown = effects < most;
    effects += column.effects.length;
    return isShown;
  });
}
