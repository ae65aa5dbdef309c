// report: the confusion matrix, and the scores of each class.
import { maxOf } from '../core/lists.js';
import { countsOfConfusion, marginsOf } from '../metrics/confusion.js';
import { SCORE_NAMES, SCORES, type ScoreRow } from '../metrics/scores.js';
import type { Charts } from './chart.js';
import { type Html, html } from './html.js';
import type { ReportEvaluation } from './input.js';
import { count, fixed, labelText, percent, plural, sentenceCase, shortened } from './numbers.js';
import { type Cell, facts, type Section, table } from './section.js';
import { cellOpacity } from './theme.js';

/** With more classes, the cells have no numbers. */
const MOST_NUMBERS = { wide: 16, narrow: 10 };
/** With more classes, there is no matrix. */
const MOST_CLASSES = 200;
/** With more classes, the cells touch and have no tooltips. */
const MANY_CLASSES = 40;
const MOST_CONFUSIONS = 8;

interface Pair {
  readonly truth: number;
  readonly predicted: number;
  readonly count: number;
  /** The share of the samples of the true class. */
  readonly share: number;
}

export function confusionSection(evaluation: ReportEvaluation, charts: Charts): Section {
  const counts = countsOfConfusion(evaluation.confusion);
  const totals = marginsOf(counts).rows;
  const pairs = Array.from(counts.values, (count, at): Pair => {
    const truth = counts.rows[at];
    return { truth, predicted: counts.columns[at], count, share: count / totals[truth] };
  });
  const names = evaluation.confusion.classes.map(labelText);
  const mistakes = pairs.filter(({ truth, predicted }) => truth !== predicted).sort((a, b) => b.count - a.count);
  const lead = html`Each row is a true class, each column a predicted class. Blue cells are correct predictions; a deeper blue is a larger
share of the row. Orange cells are mistakes; the deepest orange is the largest share of a class mistaken for another.`;
  const matrix =
    names.length <= MOST_CLASSES
      ? matrixFigure(pairs, names, mistakes, charts)
      : html`<p>${count(names.length)} classes are too many to draw. The table lists the most frequent confusions.</p>`;
  return {
    id: 'confusion',
    title: 'Confusion matrix',
    short: 'Confusion',
    lead,
    body: html`${matrix}${confusionTable(mistakes, names)}`,
  };
}

function matrixFigure(
  pairs: readonly Pair[],
  names: readonly string[],
  mistakes: readonly Pair[],
  { Plot, figure }: Charts,
): Html {
  const [worst] = mistakes;
  const mostMistaken = maxOf(mistakes.map(({ share }) => share));
  const label = `Confusion matrix of ${plural(names.length, 'class', 'classes')}. ${
    worst === undefined
      ? 'No class is confused with another.'
      : `The most frequent confusion: ${names[worst.truth]} predicted as ${names[worst.predicted]}, ${count(worst.count)} times.`
  } The table of scores lists every class.`;
  const many = names.length > MANY_CLASSES;
  const domain = names.map((_, k) => k);
  const place = { x: 'predicted', y: 'truth' } as const;
  const paint = {
    ...place,
    fill: ({ truth, predicted }: Pair) => (truth === predicted ? 'var(--blue)' : 'var(--orange)'),
    fillOpacity: ({ truth, predicted, share }: Pair) => cellOpacity(truth === predicted ? share : share / mostMistaken),
    rx: many ? 0 : 3,
    // The tooltip. With many classes, tooltips would be most of the file.
    title: many
      ? undefined
      : (pair: Pair) =>
          `${names[pair.truth]}, predicted ${names[pair.predicted]}: ${count(pair.count)}, ${percent(pair.share)}`,
  };
  return figure({
    label,
    draw: (width) => {
      const wide = width > 500;
      const numbers = names.length <= (wide ? MOST_NUMBERS.wide : MOST_NUMBERS.narrow);
      const most = wide ? 18 : 10;
      const longest = maxOf([5, ...names.map((name) => Math.min([...name].length, most))]);
      const margin = Math.round(longest * (wide ? 7.2 : 6.6)) + 16;
      const turned = Math.round(longest * (wide ? 4.6 : 4.3));
      const right = names.length <= 6 ? 28 : turned;
      const cell = Math.min((width - margin - right) / names.length, names.length <= 6 ? 96 : 60);
      const side = cell * names.length;
      const every = Math.ceil(15 / cell);
      const upright = cell > longest * 7.4;
      const top = upright ? 48 : Math.round(longest * (wide ? 5.4 : 5)) + 44;
      const axis = {
        type: 'band',
        domain,
        label: null,
        ticks: domain.filter((k) => k % every === 0),
        tickFormat: (k: number) => shortened(names[k], most),
        tickSize: 0,
        padding: many ? 0 : 0.05,
      } as const;
      const said = { frameAnchor: 'top-left', dy: 8 - top, textAnchor: 'start', fill: 'var(--muted)' } as const;
      const is = { frameAnchor: 'top-left', dx: -8, dy: -16, textAnchor: 'end', fill: 'var(--muted)' } as const;
      return {
        width: margin + side + right,
        height: top + side + 4,
        marginLeft: margin,
        marginRight: right,
        marginTop: top,
        marginBottom: 4,
        x: { ...axis, axis: 'top', tickRotate: upright ? 0 : -50 },
        y: axis,
        marks: [
          many ? Plot.frame({ stroke: 'var(--line)' }) : undefined,
          Plot.cell(pairs, paint),
          numbers
            ? Plot.text(pairs, {
                ...place,
                text: (pair: Pair) => count(pair.count),
                fontSize: Math.min(14, Math.max(9.5, cell / 3.2)),
              })
            : undefined,
          Plot.text(['predicted class →'], said),
          Plot.text(['true class ↓'], is),
        ],
        color: { type: 'identity' },
        opacity: { type: 'identity' },
      };
    },
  });
}

function confusionTable(mistakes: readonly Pair[], names: readonly string[]): Html {
  if (mistakes.length === 0) return html`<p>No sample is misclassified.</p>`;
  return table({
    caption: 'The most frequent confusions',
    columns: [
      { head: 'true class' },
      { head: 'predicted' },
      { head: 'samples', number: true },
      { head: 'share of class', number: true },
    ],
    rows: mistakes
      .slice(0, MOST_CONFUSIONS)
      .map((pair) => [names[pair.truth], names[pair.predicted], count(pair.count), percent(pair.share)]),
  });
}

export function classSection(evaluation: ReportEvaluation): Section {
  const { perClass, accuracy } = evaluation;
  const { classes, precision, recall, fscore, support } = perClass;
  const total = support.reduce((sum, each) => sum + each, 0);
  const mean = (scores: readonly number[]) => scores.reduce((sum, score) => sum + score, 0) / scores.length;
  const weighted = (scores: readonly number[]) => scores.reduce((sum, score, k) => sum + score * support[k], 0) / total;
  const averages = (name: string, average: (scores: readonly number[]) => number) =>
    [name, percent(average(precision)), percent(average(recall)), percent(average(fscore)), count(total)] as const;
  const lead = html`Precision is the share of the predictions of a class that are correct. Recall is the share of the samples of a class
that are found. F1 is their harmonic mean. Support is the number of samples. The overall accuracy is ${percent(accuracy)}.`;
  const scores = table({
    caption: 'Scores of each class',
    hideCaption: true,
    columns: [{ head: 'class' }, ...['precision', 'recall', 'F1', 'support'].map((head) => ({ head, number: true }))],
    rows: classes.map((name, k) => [
      labelText(name),
      bar(precision[k]),
      bar(recall[k]),
      bar(fscore[k]),
      count(support[k]),
    ]),
    footer: [averages('mean over classes', mean), averages('mean over samples', weighted)],
  });
  return {
    id: 'classes',
    title: 'Scores of each class',
    short: 'Classes',
    lead,
    body: html`${scores}${moreScores(evaluation)}`,
  };
}

/** A share as text, above a bar of that length. */
function bar(share: number): Cell {
  return { text: percent(share), style: `--share: ${(100 * share).toFixed(1)}%` };
}

/** The scores over all classes, apart from the headlines. */
function moreScores(evaluation: ReportEvaluation): Html | undefined {
  const { topKAccuracy = [] } = evaluation;
  const ranks = [2, 3, 5].filter((k) => k < topKAccuracy.length);
  const others = SCORE_NAMES.filter((name) => (SCORES[name] as ScoreRow).headline !== true);
  const entries = [
    ...ranks.map((k) => [`Top-${k} accuracy`, percent(topKAccuracy[k - 1])] as const),
    ...others.flatMap((name) => {
      const value = evaluation[name];
      return value === undefined ? [] : [[sentenceCase(SCORES[name].title), fixed(value, 4)] as const];
    }),
  ];
  return entries.length === 0 ? undefined : facts(entries);
}
