// cli: predictions as lines of CSV or JSON, a batch at a time. A row allocates nothing.

import type { Affine } from '../core/affine.js';
import type { Label } from '../core/labels.js';
import type { FeatureArray } from '../data/batches.js';
import { logitsInto } from '../model/predict.js';
import { argMax, argTopK, softmaxInPlace } from '../predict/scores.js';
import { ByteText, encoded } from './predict/byte-text.js';
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
  /**
   * The lines of a batch from row `start`, about a mebibyte of UTF-8 at a time, each valid until the next; `rows` are the row
   * numbers in the file.
   */
  readonly lines: (
    features: FeatureArray,
    rows: ArrayLike<number>,
    kept?: readonly (readonly string[])[],
    start?: number,
  ) => Generator<Uint8Array<ArrayBuffer>, void, undefined>;
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
  const text = new ByteText();
  const keptText = format === 'csv' ? csvKept : jsonKept(keep);
  const lines: LineFormat['lines'] = function* (features, rows, kept, start = 0) {
    for (let i = start; i < features.shape[0]; i++) {
      logitsInto(affine, features, i, row);
      softmaxInPlace(row);
      line(text, rows[i], row, kept === undefined ? '' : keptText(kept[i]));
      // With the probabilities of many classes, the lines of a batch can be long.
      if (text.length >= LENGTH_OF_A_TEXT || i + 1 === features.shape[0]) yield text.take();
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

/** Adds the line of a row. */
type Line = (text: ByteText, row: number, probabilities: Float64Array, kept: string) => void;

function csvLine(names: readonly string[], all: boolean, top: number | undefined): Line {
  const labels = names.map((name) => encoded(`,${name},`));
  return (text, row, p, kept) => {
    text.addInteger(row).add(kept);
    if (top === undefined) addOne(text, labels, p, argMax(p));
    else for (const k of argTopK(p, top)) addOne(text, labels, p, k);
    if (all) for (let k = 0; k < p.length; k++) text.add(',').addProbability(p[k]);
    text.add('\n');
  };
}

/** Adds a class and its probability. */
function addOne(text: ByteText, labels: readonly Uint8Array[], p: Float64Array, k: number): void {
  text.addBytes(labels[k]).addProbability(p[k]);
}

function jsonLine(
  names: readonly string[],
  classes: readonly Label[],
  number: string,
  all: boolean,
  top: number | undefined,
): Line {
  const labels = names.map((name) => encoded(`"label":${name},"probability":`));
  const keys = classes.map((label, k) => encoded(`${k === 0 ? '' : ','}${JSON.stringify(String(label))}:`));
  return (text, row, p, kept) => {
    text.add(`{"${number}":`).addInteger(row).add(',').add(kept);
    if (top === undefined) addOne(text, labels, p, argMax(p));
    else {
      const best = argTopK(p, top);
      for (let r = 0; r < best.length; r++) {
        text.add(r === 0 ? '"top":[{' : ',{');
        addOne(text, labels, p, best[r]);
        text.add('}');
      }
      text.add(']');
    }
    if (all) {
      text.add(',"probabilities":{');
      for (let k = 0; k < p.length; k++) text.addBytes(keys[k]).addProbability(p[k]);
      text.add('}');
    }
    text.add('}\n');
  };
}
