// metrics: the scores of an evaluation, declared once. Evaluation, cross-validation, the command line, the report and the table of
// docs/evaluation.md come from here.
import { balancedAccuracyOf, kappaOf, matthewsOf } from './agreement.js';
import { calibrationErrorOf, type ReliabilityBin } from './calibration.js';
import type { Counts } from './confusion.js';

/** What an evaluation sums up in one pass over the samples. */
export interface Tally {
  /** Σ sᵢ, and the same over the samples that are predicted right. */
  readonly weight: number;
  readonly right: number;
  /** Σ sᵢ·NLLᵢ, nats. */
  readonly loss: number;
  /** Σ sᵢ·|pᵢ − yᵢ|² */
  readonly brier: number;
  /** Rows are the true classes, columns the predicted ones. */
  readonly counts: Counts;
  readonly reliability: readonly ReliabilityBin[];
  /** The area under the ROC curve of each class against the rest. */
  readonly auc: readonly number[];
}

/** One score. */
export interface ScoreRow {
  /** Its name in reports and on the terminal. */
  readonly title: string;
  /** For the docs: what it is, and how scikit-learn's compares. */
  readonly help: string;
  readonly peer: string;
  /** Whether the report shows it as a headline; else among the other scores. */
  readonly headline?: boolean;
  readonly of: (tally: Tally) => number;
}

function score(row: ScoreRow): ScoreRow {
  return row;
}

/** Every score of an evaluation that is one number, in the order in which they are shown. */
export const SCORES = {
  /** The share of samples whose prediction is their label. */
  accuracy: score({
    title: 'accuracy',
    help: 'share of correct predictions; `interval` is its Wilson interval',
    peer: "as `accuracy_score`; scipy's `binomtest(…).proportion_ci('wilson')`",
    headline: true,
    of: ({ right, weight }) => right / weight,
  }),
  /** Mean negative log-likelihood, nats: what training minimises. Finite even if a probability rounds to 0. */
  logLoss: score({
    title: 'log loss',
    help: 'mean −log p in nats, from the logits',
    peer: 'as `log_loss`, which is capped at 36.04',
    headline: true,
    of: ({ loss, weight }) => loss / weight,
  }),
  /** The mean difference between confidence and accuracy, over the bins of `reliability`. */
  expectedCalibrationError: score({
    title: 'calibration error',
    help: 'mean difference of confidence and accuracy over the bins of `reliability`: 15 of equal width, ((m−1)/M, m/M]',
    peer: 'bins as in `calibration_curve`, but empty bins are kept',
    headline: true,
    of: ({ reliability }) => calibrationErrorOf(reliability),
  }),
  /** Mean squared distance of the probabilities from the one-hot truth, from 0 to 2. */
  brier: score({
    title: 'Brier score',
    help: 'mean Σₖ (pₖ − yₖ)², from 0 to 2',
    peer: '`brier_score_loss` is half of it for two classes',
    of: ({ brier, weight }) => brier / weight,
  }),
  /** Area under the ROC curve of each class against the rest, their mean; NaN if a class has no sample. */
  rocAuc: score({
    title: 'ROC AUC',
    help: 'area under the ROC curve, one class against the rest, mean over the classes; `perClass.rocAuc` has each',
    peer: "as `roc_auc_score(multi_class='ovr')`; NaN for an absent class",
    of: ({ auc }) => auc.reduce((sum, each) => sum + each, 0) / auc.length,
  }),
  /** The mean of the recalls of the classes. */
  balancedAccuracy: score({
    title: 'balanced accuracy',
    help: 'mean of the recalls of the classes',
    peer: 'as `balanced_accuracy_score`',
    of: ({ counts }) => balancedAccuracyOf(counts),
  }),
  /** Matthews correlation: 1 is perfect, 0 is chance. */
  matthews: score({
    title: 'Matthews correlation',
    help: 'correlation of labels and predictions: 1 is perfect, 0 is chance',
    peer: 'as `matthews_corrcoef`',
    of: ({ counts }) => matthewsOf(counts),
  }),
  /** Cohen's kappa: agreement beyond chance; NaN if there is only one class. */
  cohenKappa: score({
    title: 'Cohen’s kappa',
    help: 'agreement beyond chance: 1 is perfect, 0 is chance',
    peer: 'as `cohen_kappa_score`',
    of: ({ counts }) => kappaOf(counts),
  }),
} as const satisfies Readonly<Record<string, ScoreRow>>;

/** The name of a score. */
export type ScoreName = keyof typeof SCORES;

/** The scores of an evaluation: one number each. */
export type Scores = { readonly [Name in keyof typeof SCORES]: number };

export const SCORE_NAMES = Object.keys(SCORES) as readonly ScoreName[];

/** A number for each score. */
export function eachScore(of: (name: ScoreName) => number): Scores {
  return Object.fromEntries(SCORE_NAMES.map((name) => [name, of(name)])) as Scores;
}

/** All scores of what was summed up. */
export function scoresOf(tally: Tally): Scores {
  return eachScore((name) => SCORES[name].of(tally));
}
