// report: the misclassified samples with the highest confidence.

import type { Label } from '../core/labels.js';
import {
  assertFunction,
  assertList,
  assertNumbers,
  assertPositiveInteger,
  assertShape,
  rectangleShape,
} from '../core/shape.js';
import { type Html, html } from './html.js';
import type { Mistake, ReportInput } from './input.js';
import { type Column, columnEffects, type Modelled } from './model/effects.js';
import { count, labelText, percent, plural, significant } from './numbers.js';
import type { Pictures } from './picture.js';
import { facts, type Section, scrolling, table } from './section.js';

/** The maximum number of columns of the table shown. */
const MOST_COLUMNS = 6;
/** With longer text, a table would be wider than the page. */
const LONGEST_CELL = 60;

type Described = Modelled & Pick<ReportInput, 'data'>;

/** The word for the place of a row. */
function unitOf({ unit = 'line' }: ReportInput['data']): string {
  return unit;
}

export function mistakesSection(
  mistakes: readonly Mistake[],
  modelled: Described,
  pictures: Pictures | undefined,
): Section {
  const { testName } = modelled.data;
  const place = testName === undefined ? '' : html` The samples are from <bdi>${testName}</bdi>.`;
  const lead =
    mistakes.length === 0
      ? 'None: every test sample is classified correctly.'
      : html`The ${plural(mistakes.length, 'misclassified sample')} with the highest confidence. Some show the limits of a linear model;
others may have a wrong label.${place}`;
  const body =
    mistakes.length === 0 ? html`` : pictures === undefined ? records(mistakes, modelled) : gallery(mistakes, pictures);
  return { id: 'mistakes', title: 'Most confident mistakes', short: 'Mistakes', lead, body };
}

function gallery(mistakes: readonly Mistake[], pictures: Pictures): Html {
  return html`<ul class="gallery mistakes">${mistakes.map(({ index, label, predicted, probability, features }) => {
    const [least, most] = range(features);
    return html`<li><img src="${pictures.image(features, least, most)}" alt="Sample ${index}: ${labelText(label)}" class="pixels">
<p><span class="what">true</span> <strong><bdi>${labelText(label)}</bdi></strong></p><p><span class="what">predicted</span> <bdi class="wrong">${labelText(predicted)}</bdi></p>
<p class="note">${percent(probability)} confident · row ${count(index)}</p></li>\n`;
  })}</ul>`;
}

/** The smallest pixel, or 0, is black; the largest is white. */
function range(pixels: ArrayLike<number>): [number, number] {
  let [least, most] = [0, 0];
  for (let i = 0; i < pixels.length; i++) {
    if (pixels[i] < least) least = pixels[i];
    if (pixels[i] > most) most = pixels[i];
  }
  return [least, most];
}

/** A table, or a list if a text is long. */
function records(mistakes: readonly Mistake[], modelled: Described): Html {
  const columns = columnEffects(modelled).map(({ column }) => column);
  const shown = columns.slice(0, MOST_COLUMNS);
  const isShort = (text: string) => text.length <= LONGEST_CELL;
  const fits = mistakes.every(({ label, predicted, features }) =>
    [labelText(label), labelText(predicted), ...shown.map((column) => valueIn(column, features))].every(isShort),
  );
  return fits ? rows(mistakes, modelled, shown, columns.length) : list(mistakes, modelled, shown);
}

function rows(
  mistakes: readonly Mistake[],
  { model, data }: Described,
  shown: readonly Column[],
  columns: number,
): Html {
  const all = shown.length === columns;
  const noun = model.schema === undefined ? 'features' : 'columns';
  return table({
    caption: all ? 'The mistakes' : `The mistakes, with the ${shown.length} ${noun} of the largest weights`,
    hideCaption: all,
    columns: [
      { head: 'true class' },
      { head: 'predicted' },
      { head: 'confidence', number: true },
      { head: mistakes.some(({ line }) => line !== undefined) ? unitOf(data) : 'row', number: true },
      ...shown.map(({ name, categories }) => ({ head: name, number: categories === undefined })),
    ],
    rows: mistakes.map(({ index, line = index, label, predicted, probability, features }) => [
      labelText(label),
      html`<span class="wrong">${labelText(predicted)}</span>`,
      percent(probability),
      count(line),
      ...shown.map((column) => valueIn(column, features)),
    ]),
  });
}

function list(mistakes: readonly Mistake[], { data }: Described, shown: readonly Column[]): Html {
  return html`<ol class="records">${mistakes.map(({ index, line, label, predicted, probability, features }) => {
    const place = line === undefined ? `row ${count(index)}` : `${unitOf(data)} ${count(line)}`;
    return html`<li>${facts([
      ['True class', scrolling(labelText(label))],
      ['Predicted', scrolling(html`<bdi class="wrong">${labelText(predicted)}</bdi>`)],
      ['Confidence', html`${percent(probability)} <span class="note">${place}</span>`],
      ...shown.map((column) => [column.name, scrolling(valueIn(column, features))] as const),
    ])}</li>\n`;
  })}</ol>`;
}

/** A number, or the category of the sample. A category that was not seen in training is all zeros. */
function valueIn({ start, categories }: Column, features: ArrayLike<number>): string {
  if (categories === undefined) return significant(features[start], 4);
  const category = categories.find((_, c) => features[start + c] === 1);
  return category === undefined ? '–' : labelText(category);
}

/**
 * The misclassified samples, in descending order of confidence.
 *
 * @param labels the true label of each sample
 * @param probabilities [n, classes], in the order of `classes`
 * @param featuresOf the features of a sample; called for the returned samples only
 * @param most how many to return; default 12
 * @example
 * confidentMistakes(['cat', 'dog'], [[0.1, 0.9], [0, 1]], ['cat', 'dog'], (i) => rows[i])
 * // one mistake: label 'cat', predicted 'dog', probability 0.9
 */
export function confidentMistakes<L extends Label>(
  labels: ArrayLike<L>,
  probabilities: readonly ArrayLike<number>[],
  classes: readonly L[],
  featuresOf: (index: number) => ArrayLike<number>,
  most = 12,
): Mistake[] {
  const where = 'confidentMistakes';
  assertList(labels, where, 'labels', 'be an array of labels');
  assertList(classes, where, 'classes', 'be an array of labels');
  rectangleShape(probabilities, where, 'probabilities');
  for (const [i, row] of probabilities.entries()) assertNumbers(row, where, `probabilities[${i}]`);
  assertPositiveInteger(most, where, 'most');
  assertShape([probabilities.length], [labels.length], where, 'probabilities');
  assertFunction(featuresOf, where, 'featuresOf');
  return Array.from(labels, (label, index) => {
    const row = probabilities[index];
    let top = 0;
    for (let k = 1; k < row.length; k++) if (row[k] > row[top]) top = k;
    return { index, label, predicted: classes[top], probability: row[top] };
  })
    .filter(({ label, predicted }) => label !== predicted)
    .sort((a, b) => b.probability - a.probability || a.index - b.index)
    .slice(0, most)
    .map((mistake) => ({ ...mistake, features: featuresOf(mistake.index) }));
}
