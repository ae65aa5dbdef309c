// report: where the model errs: the confusion matrix, and scores per class.
import { SCORE_NAMES, SCORES, type ScoreRow } from '../metrics/scores.js';
import type { Charts } from './chart.js';
import { type Html, html } from './html.js';
import type { ReportEvaluation } from './input.js';
import { count, fixed, labelText, percent, plural, shortened } from './numbers.js';
import { type Cell, facts, type Section, table } from './section.js';
import { cellOpacity } from './theme.js';

/** Up to so many classes have their numbers in the matrix, and so many have a matrix at all. */
const MOST_NUMBERS = { wide: 16, narrow: 10 };
const MOST_CLASSES = 200;
/** More than so many are a texture rather than a table. */
const MANY_CLASSES = 40;
const MOST_CONFUSIONS = 8;

interface Pair {
  readonly truth: number;
  readonly predicted: number;
  readonly count: number;
  /** Of the samples of the true class. */
  readonly share: number;
}

export function confusionSection(evaluation: ReportEvaluation, charts: Charts): Section {
  const { counts } = evaluation.confusion;
  const totals = counts.map((row) => row.reduce((sum, each) => sum + each, 0));
  const pairs = counts.flatMap((row, truth) =>
    row.flatMap((each, predicted): Pair[] =>
      each > 0 ? [{ truth, predicted, count: each, share: each / totals[truth] }] : [],
    ),
  );
  const names = evaluation.confusion.classes.map(labelText);
  const mistakes = pairs.filter(({ truth, predicted }) => truth !== predicted).sort((a, b) => b.count - a.count);
  const lead = html`Each row is a class as it is, each column what the model said. Blue is right, the deeper the more of the row. Orange
is wrong, deepest where the largest share of a class is mistaken for another.`;
  const matrix =
    names.length <= MOST_CLASSES
      ? matrixFigure(pairs, names, mistakes, charts)
      : html`<p>${count(names.length)} classes are too many to draw; the most frequent confusions are listed.</p>`;
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
  const mostMistaken = Math.max(...mistakes.map(({ share }) => share));
  const label = `Confusion matrix of ${plural(names.length, 'class', 'classes')}. ${
    worst === undefined
      ? 'Nothing is confused.'
      : `Most often confused: ${names[worst.truth]}, taken for ${names[worst.predicted]} ${count(worst.count)} times.`
  } Every class is in the table below.`;
  const many = names.length > MANY_CLASSES;
  const domain = names.map((_, k) => k);
  const place = { x: 'predicted', y: 'truth' } as const;
  const paint = {
    ...place,
    fill: ({ truth, predicted }: Pair) => (truth === predicted ? 'var(--blue)' : 'var(--orange)'),
    fillOpacity: ({ truth, predicted, share }: Pair) => cellOpacity(truth === predicted ? share : share / mostMistaken),
    rx: many ? 0 : 3,
    // What a pointer shows; of many classes it would be most of the file.
    title: many
      ? undefined
      : (pair: Pair) =>
          `${names[pair.truth]}, said ${names[pair.predicted]}: ${count(pair.count)}, ${percent(pair.share)}`,
  };
  return figure({
    label,
    draw: (width) => {
      const wide = width > 500;
      const numbers = names.length <= (wide ? MOST_NUMBERS.wide : MOST_NUMBERS.narrow);
      const most = wide ? 18 : 10;
      const longest = Math.max(5, ...names.map((name) => Math.min([...name].length, most)));
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
          Plot.text(['what it said →'], said),
          Plot.text(['what it is ↓'], is),
        ],
        color: { type: 'identity' },
        opacity: { type: 'identity' },
      };
    },
  });
}

function confusionTable(mistakes: readonly Pair[], names: readonly string[]): Html {
  if (mistakes.length === 0) return html`<p>Not one sample was taken for another class.</p>`;
  return table({
    caption: 'The most frequent confusions',
    columns: [
      { head: 'truth' },
      { head: 'taken for' },
      { head: 'samples', number: true },
      { head: 'of the class', number: true },
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
  const lead = html`Precision: how many of those it calls so are so. Recall: how many of those that are so it finds. F1 is their
harmonic mean; support, the samples there are. Over all, ${percent(accuracy)} are right.`;
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
    title: 'Class by class',
    short: 'Classes',
    lead,
    body: html`${scores}${moreScores(evaluation)}`,
  };
}

/** A share with a bar as long behind it. */
function bar(share: number): Cell {
  return { text: percent(share), style: `--share: ${(100 * share).toFixed(1)}%` };
}

/** The scores of all classes together that are no headlines. */
function moreScores(evaluation: ReportEvaluation): Html | undefined {
  const { topKAccuracy = [] } = evaluation;
  const ranks = [2, 3, 5].filter((k) => k < topKAccuracy.length);
  const others = SCORE_NAMES.filter((name) => (SCORES[name] as ScoreRow).headline !== true);
  const entries = [
    ...ranks.map((k) => [`Among the ${k} most probable`, percent(topKAccuracy[k - 1])] as const),
    ...others.flatMap((name) => {
      const value = evaluation[name];
      return value === undefined ? [] : [[sentenceCase(SCORES[name].title), fixed(value, 4)] as const];
    }),
  ];
  return entries.length === 0 ? undefined : facts(entries);
}

function sentenceCase(title: string): string {
  return title[0].toUpperCase() + title.slice(1);
}
