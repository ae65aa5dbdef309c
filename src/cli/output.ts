// cli: results as lines and tables.
import stringWidth from 'string-width';
import type { Label } from '../core/labels.js';
import { SCORE_NAMES, SCORES, type ScoreRow, type Scores } from '../metrics/scores.js';
import type { Evaluation } from '../model/evaluation.js';
import { formatTable, sparkline, wantsColour } from '../report/text.js';
import type { FitResult } from '../training/fit.js';
import type { TrainingOptions } from '../training/options.js';
import { DEFAULT_SOLVER, isFirstOrder, type Solver } from '../training/solvers.js';
import { inFlags } from './explain.js';
import type { Line } from './terminal.js';

/**
 * A table whose first column names the rows. If it is wider than the terminal, it is split into blocks of columns, each
 * with the row names. In a pipe the width is unlimited.
 */
export function tableLines(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
  room = process.stdout.columns ?? Number.POSITIVE_INFINITY,
): Line[] {
  const colour = wantsColour(process.env, process.stdout.isTTY);
  const all = head.map((_, k) => k);
  const textOf = (columns: readonly number[]) =>
    formatTable({
      head: columns.map((k) => head[k]),
      rows: rows.map((row) => columns.map((k) => row[k])),
      align: columns.map((k) => (k === 0 ? 'left' : 'right')),
    }).map((line) => `  ${line}`);
  const linesOf = (columns: readonly number[]): Line[] => {
    const [first, ...others] = textOf(columns);
    return [colour ? { bold: first } : first, ...others];
  };
  const isTooWide = (columns: readonly number[]) => textOf(columns).some((line) => stringWidth(line) > room);
  if (!isTooWide(all)) return linesOf(all);
  const blocks: number[][] = [];
  for (const k of all.slice(1)) {
    const last = blocks.at(-1);
    if (last === undefined || isTooWide([...last, k])) blocks.push([0, k]);
    else last.push(k);
  }
  return blocks.flatMap((block, i) => [...(i === 0 ? [] : ['']), ...linesOf(block)]);
}

/** The most characters of a name in a table, where every row is as wide as the widest. */
const LONGEST_NAME = 60;

/** A name as a table shows it. */
export function shortName(name: string): string {
  return name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME)}…` : name;
}

export const count = (n: number) => n.toLocaleString('en');

/** `1 row`, `2,000 rows`. */
export const counted = (n: number, noun: string) => `${count(n)} ${noun}${n === 1 ? '' : 's'}`;

/** How many rows were left out because of missing values, after what it follows; an empty text if there are none. */
export const droppedText = (rows = 0) => (rows === 0 ? '' : `; ${counted(rows, 'row')} with missing values left out`);

/** A score with four decimals, or a dash if it is undefined. */
export function score(value: number): string {
  return Number.isFinite(value) ? value.toFixed(4) : '–';
}

/** The outcome of a fit, with a sparkline of its loss. */
export function fitLines(
  { converged, reason, advice, objective, suboptimality, iterations, history }: FitResult,
  options: TrainingOptions,
): string[] {
  const { solver, l2 } = options;
  const isSteps = isFirstOrder(solver);
  const state = isSteps ? `ended (${reason})` : converged ? 'converged' : `did not converge (${reason})`;
  const curve = sparkline(
    history.map(({ loss }) => loss),
    { width: Math.max(1, Math.min(16, history.length)) },
  );
  const after = `after ${count(iterations)} ${isSteps ? 'steps' : 'iterations'}`;
  const penalties = [...('l1' in options && options.l1 > 0 ? [`l1 ${figure(options.l1)}`] : []), `l2 ${figure(l2)}`];
  // A bound as large as the objective says only that no loss is below 0.
  const isEmpty = suboptimality === null || suboptimality >= objective;
  const bound = isEmpty ? '' : `, within ${Number(suboptimality.toPrecision(2))} of the optimum`;
  const line = `fit: ${solver} ${state} ${after}, ${penalties.join(', ')}, objective ${score(objective)}${bound}  ${curve}`;
  return [line.trimEnd(), ...(advice === null ? [] : [`  ${inFlags(advice)}`])];
}

/** Four significant digits, without trailing zeros. */
export function figure(value: number): string {
  return String(Number(value.toPrecision(4)));
}

/** The most classes for which the confusion matrix is printed. */
const MOST_CONFUSED = 12;
/** The most classes whose scores are printed. */
const MOST_CLASSES = 1000;

export function evaluationLines(evaluation: Evaluation<Label>, on: string): Line[] {
  const { samples, accuracy, interval, perClass, confusion } = evaluation;
  const total = perClass.support.reduce((sum, weight) => sum + weight, 0);
  // With sample weights, the classes add up to another total.
  const right =
    total === samples
      ? `${count(Math.round(accuracy * samples))} of ${count(samples)} right`
      : `${count(samples)} samples, weighted`;
  const bounds = `${interval.lower.toFixed(3)} to ${interval.upper.toFixed(3)}`;
  const { classes } = confusion;
  const scores = classes
    .slice(0, MOST_CLASSES)
    .map((label, k) => [
      shortName(String(label)),
      ...[perClass.precision[k], perClass.recall[k], perClass.fscore[k], perClass.rocAuc[k]].map(score),
      count(perClass.support[k]),
    ]);
  const matrix = () => confusion.counts.map((row, k) => [shortName(String(classes[k])), ...Array.from(row, count)]);
  return [
    `accuracy ${score(accuracy)} on ${on}: ${right}, 95 % interval ${bounds}`,
    headlines(evaluation),
    ...baselineLines(evaluation),
    '',
    ...tableLines(['class', 'precision', 'recall', 'F1', 'ROC AUC', 'samples'], scores),
    ...(classes.length > scores.length
      ? [`  … and ${count(classes.length - scores.length)} others; --json has them all`]
      : []),
    ...(classes.length > MOST_CONFUSED
      ? []
      : ['', ...tableLines(['truth \\ predicted', ...classes.map((label) => shortName(String(label)))], matrix())]),
  ];
}

/** The scores of a prediction without the features, and whether the model is worse. */
function baselineLines({ accuracy, logLoss, baseline }: Evaluation<Label>): string[] {
  const worse = [
    ...(accuracy < baseline.accuracy ? ['accuracy'] : []),
    ...(logLoss > baseline.logLoss ? ['log loss'] : []),
  ];
  return [
    `baseline: accuracy ${score(baseline.accuracy)} for the most frequent class, log loss ${score(baseline.logLoss)} for the class shares`,
    ...(worse.length === 0 ? [] : [`The model is worse than the baseline in ${worse.join(' and ')}.`]),
  ];
}

/** The headline scores beside the accuracy. The report, --json and --folds have all of them. */
function headlines(scores: Scores): string {
  const names = SCORE_NAMES.filter((name) => name !== 'accuracy' && (SCORES[name] as ScoreRow).headline === true);
  return names.map((name) => `${SCORES[name].title} ${score(scores[name])}`).join(', ');
}

/** Names the rows of a table whose fits did not all converge. First-order solvers never report convergence. */
export function unconvergedLines(
  rows: readonly (readonly [name: string, converged: boolean])[],
  solver: Solver = DEFAULT_SOLVER,
): string[] {
  const names = rows.filter(([, converged]) => !converged).map(([name]) => name);
  if (isFirstOrder(solver) || names.length === 0) return [];
  return [`Not all fits converged: ${names.join(', ')}. Raise --max-iterations.`];
}

/** @param kind follows the number of folds, such as ' of whole groups' */
export function foldLines(mean: Scores, deviation: Scores, folds: number, kind = ''): Line[] {
  const rows = SCORE_NAMES.map((name) => [SCORES[name].title, score(mean[name]), score(deviation[name])]);
  return [
    `cross-validation on the training samples, ${folds} folds${kind}:`,
    ...tableLines(['score', 'mean', 'deviation'], rows),
  ];
}
