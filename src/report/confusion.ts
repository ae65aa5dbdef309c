// report: where the model errs: the confusion matrix, and scores per class.
import type { Charts } from './chart.js';
import { type Html, html } from './html.js';
import type { ReportEvaluation } from './input.js';
import { count, labelText, percent, plural, shortened } from './numbers.js';
import { type Cell, type Section, table } from './section.js';
import { cellOpacity } from './theme.js';

/** Up to so many classes have their numbers in the matrix, and so many have a matrix at all. */
const MOST_NUMBERS = { wide: 16, narrow: 10 };
const MOST_CLASSES = 200;
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
  const lead = html`Each row is a class as it is, each column what the model said. Blue is right, orange wrong; the deeper the
colour, the larger its share of the row.`;
  const matrix =
    names.length <= MOST_CLASSES
      ? matrixFigure(pairs, names, mistakes, charts)
      : html`<p>${count(names.length)} classes are too many to draw; the most frequent confusions are listed.</p>`;
  return { id: 'confusion', title: 'Where it errs', lead, body: html`${matrix}${confusionTable(mistakes, names)}` };
}

function matrixFigure(
  pairs: readonly Pair[],
  names: readonly string[],
  mistakes: readonly Pair[],
  { Plot, figure }: Charts,
): Html {
  const [worst] = mistakes;
  const label = `Confusion matrix of ${plural(names.length, 'class', 'classes')}. ${
    worst === undefined
      ? 'Nothing is confused.'
      : `Most often confused: ${names[worst.truth]}, taken for ${names[worst.predicted]} ${count(worst.count)} times.`
  } Every class is in the table below.`;
  return figure({
    label,
    draw: (width) => {
      const wide = width > 500;
      const numbers = names.length <= (wide ? MOST_NUMBERS.wide : MOST_NUMBERS.narrow);
      const few = names.length <= 6;
      const most = wide ? 16 : 9;
      const longest = Math.max(...names.map((name) => Math.min([...name].length, most)));
      const margin = Math.round(longest * (wide ? 7.4 : 6.6)) + 18;
      const room = width - margin - 8;
      const cell = Math.min(room / names.length, few ? 84 : 64);
      const side = cell * names.length;
      const every = Math.ceil(14 / cell);
      const ticks = names.map((_, k) => k).filter((k) => k % every === 0);
      const tickFormat = (k: number) => shortened(names[k], most);
      const upright = cell > longest * 7.4;
      const top = upright ? 46 : Math.round(longest * (wide ? 6 : 5.6)) + 40;
      const place = { x: 'predicted', y: 'truth' } as const;
      return {
        width: margin + side + 8,
        height: top + side + 8,
        marginLeft: margin,
        marginRight: 8,
        marginTop: top,
        marginBottom: 8,
        x: {
          type: 'band',
          domain: names.map((_, k) => k),
          axis: 'top',
          ticks,
          tickFormat,
          tickRotate: upright ? 0 : -50,
          tickSize: 0,
          label: 'predicted',
          labelAnchor: 'left',
          labelArrow: 'right',
          padding: names.length > 40 ? 0 : 0.04,
        },
        y: {
          type: 'band',
          domain: names.map((_, k) => k),
          ticks,
          tickFormat,
          tickSize: 0,
          label: 'truth',
          labelAnchor: 'top',
          labelArrow: 'down',
          padding: names.length > 40 ? 0 : 0.04,
        },
        marks: [
          Plot.frame({ stroke: 'none', fill: 'var(--line)', fillOpacity: 0.35 }),
          Plot.cell(pairs, {
            ...place,
            fill: ({ truth, predicted }: Pair) => (truth === predicted ? 'var(--blue)' : 'var(--orange)'),
            fillOpacity: ({ share }: Pair) => cellOpacity(share),
            rx: names.length > 40 ? 0 : 2,
            title: (pair: Pair) =>
              `${names[pair.truth]}, taken for ${names[pair.predicted]}: ${count(pair.count)} (${percent(pair.share)})`,
          }),
          numbers
            ? Plot.text(pairs, {
                ...place,
                text: (pair: Pair) => count(pair.count),
                fontSize: Math.min(14, Math.max(9, cell / 3)),
              })
            : undefined,
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

export function classSection({ perClass, accuracy }: ReportEvaluation): Section {
  const { classes, precision, recall, fscore, support } = perClass;
  const total = support.reduce((sum, each) => sum + each, 0);
  const mean = (scores: readonly number[]) => scores.reduce((sum, score) => sum + score, 0) / scores.length;
  const weighted = (scores: readonly number[]) => scores.reduce((sum, score, k) => sum + score * support[k], 0) / total;
  const averages = (name: string, average: (scores: readonly number[]) => number) =>
    [name, percent(average(precision)), percent(average(recall)), percent(average(fscore)), count(total)] as const;
  const lead = html`Precision: how many of those it calls so are so. Recall: how many of those that are so it finds. F1 is their
harmonic mean; support, the samples there are. Over all, ${percent(accuracy)} are right.`;
  const body = table({
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
  return { id: 'classes', title: 'Class by class', lead, body };
}

/** A share with a bar as long behind it. */
function bar(share: number): Cell {
  return { text: percent(share), style: `--share: ${(100 * share).toFixed(1)}%` };
}
