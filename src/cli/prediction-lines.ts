// cli: predictions as lines of CSV or JSON, a batch at a time. A row allocates nothing but its text.

import type { Affine } from '../core/affine.js';
import type { Label } from '../core/labels.js';
import type { FeatureArray } from '../data/batches.js';
import { logitsInto } from '../model/predict.js';
import { argMax, argTopK, softmaxInPlace } from '../predict/scores.js';
import { UsageError } from './usage.js';

export interface LineOptions {
  readonly format: 'csv' | 'jsonl';
  /** The name of the column that numbers the rows. */
  readonly number: 'line' | 'row';
  /** Whether to write the probability of each class. */
  readonly probabilities: boolean;
  /** Write the k most probable classes instead of the first only. */
  readonly top: number | undefined;
  /** The columns of the table that each line repeats. */
  readonly keep: readonly string[] | undefined;
}

export interface LineFormat {
  /** The first line; empty for JSON lines. */
  readonly header: string;
  /** The lines of a batch from row `start`, as texts of about a mebibyte; `rows` are the row numbers in the file. */
  readonly lines: (
    features: FeatureArray,
    rows: ArrayLike<number>,
    kept?: readonly (readonly string[])[],
    start?: number,
  ) => Generator<string, void, undefined>;
}

/**
 * A short form of a probability: 7 decimals, or 6 significant digits below 0.001.
 *
 * @example [formatProbability(2 / 3), formatProbability(1), formatProbability(1 / 3e6)]   // ['0.6666667', '1', '3.33333e-7']
 */
export function formatProbability(p: number): string {
  if (p < 1e-3 && p !== 0) return String(Number(p.toPrecision(6)));
  const n = Math.round(p * 1e7);
  // V8 writes integers in a third of the time.
  return n % 10 === 0 ? String(n / 1e7) : `0.${String(1e7 + n).slice(1)}`;
}

/** A CSV field, quoted if necessary. */
export function csvField(text: string): string {
  return /[",\r\n]|^\s|\s$/.test(text) || text === '' ? `"${text.replaceAll('"', '""')}"` : text;
}

const LENGTH_OF_A_TEXT = 2 ** 20;

/** The format of a model's predictions. */
export function lineFormat(affine: Affine, classes: readonly Label[], options: LineOptions): LineFormat {
  const { format, probabilities, top, number, keep = [] } = options;
  const q = classes.length;
  const names = classes.map((label) => (format === 'csv' ? csvField(String(label)) : JSON.stringify(label)));
  const line =
    format === 'csv' ? csvLine(names, probabilities, top) : jsonLine(names, classes, number, probabilities, top);
  const row = new Float64Array(q);
  const keptText = format === 'csv' ? csvKept : jsonKept(keep);
  const lines: LineFormat['lines'] = function* (features, rows, kept, start = 0) {
    let text = '';
    for (let i = start; i < features.shape[0]; i++) {
      logitsInto(affine, features, i, row);
      softmaxInPlace(row);
      text += line(rows[i], row, kept === undefined ? '' : keptText(kept[i]));
      // With the probabilities of many classes, the lines of a batch can be longer than the longest string.
      if (text.length < LENGTH_OF_A_TEXT && i + 1 < features.shape[0]) continue;
      yield text;
      text = '';
    }
  };
  return { header: format === 'csv' ? csvHeader(classes, options) : '', lines };
}

function csvHeader(classes: readonly Label[], { number, probabilities, top, keep = [] }: LineOptions): string {
  const ranks = Array.from({ length: top ?? 0 }, (_, k) => [`label_${k + 1}`, `probability_${k + 1}`]);
  const chosen = top === undefined ? ['label', 'probability'] : ranks.flat();
  const all = probabilities ? classes.map((label) => csvField(`p(${label})`)) : [];
  const names: string[] = [number, ...keep.map(csvField), ...chosen, ...all];
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  const twice = keep.find((name) => counts.get(csvField(name)) !== 1);
  if (twice !== undefined) {
    throw new UsageError(
      `--keep must not name ${JSON.stringify(twice)}: the output has a column of that name. --format jsonl keeps both.`,
    );
  }
  return `${names.join()}\n`;
}

function csvKept(texts: readonly string[]): string {
  return texts.map((text) => `,${csvField(text)}`).join('');
}

function jsonKept(names: readonly string[]): (texts: readonly string[]) => string {
  const keys = names.map((name) => JSON.stringify(name));
  return (texts) => `"kept":{${texts.map((text, i) => `${keys[i]}:${JSON.stringify(text)}`)}},`;
}

type Line = (row: number, probabilities: Float64Array, kept: string) => string;

function csvLine(names: readonly string[], all: boolean, top: number | undefined): Line {
  return (row, p, kept) => {
    let text = row + kept;
    for (const k of top === undefined ? [argMax(p)] : argTopK(p, top))
      text += `,${names[k]},${formatProbability(p[k])}`;
    if (all) for (let k = 0; k < p.length; k++) text += `,${formatProbability(p[k])}`;
    return `${text}\n`;
  };
}

function jsonLine(
  names: readonly string[],
  classes: readonly Label[],
  number: string,
  all: boolean,
  top: number | undefined,
): Line {
  const keys = classes.map((label) => JSON.stringify(String(label)));
  const one = (p: Float64Array, k: number) => `"label":${names[k]},"probability":${formatProbability(p[k])}`;
  return (row, p, kept) => {
    const first = top === undefined ? one(p, argMax(p)) : `"top":[${argTopK(p, top).map((k) => `{${one(p, k)}}`)}]`;
    const rest = all ? `,"probabilities":{${keys.map((key, k) => `${key}:${formatProbability(p[k])}`)}}` : '';
    return `{"${number}":${row},${kept}${first}${rest}}\n`;
  };
}
