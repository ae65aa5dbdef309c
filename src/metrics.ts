// The front door of the metrics: arrays in, values out, labels before predictions.
export { balancedAccuracy, cohenKappa, type KappaOptions, matthews } from './metrics/agreement.js';
export {
  brier,
  type CalibrationOptions,
  expectedCalibrationError,
  type ReliabilityBin,
  reliabilityBins,
} from './metrics/calibration.js';
export {
  type Average,
  type AverageScores,
  accuracy,
  type ClassScores,
  type ConfusionScore,
  confusionMatrix,
  logLoss,
  precisionRecallFscore,
} from './metrics/classification.js';
export { type McNemar, mcnemar, type PairedDifference, pairedDifference } from './metrics/comparison.js';
export type { ConfusionMatrix, ConfusionPair } from './metrics/confusion.js';
export {
  type CurveOptions,
  type PrecisionRecallCurve,
  precisionRecallCurve,
  type RocCurve,
  rocCurve,
} from './metrics/curves.js';
export type { ColumnOptions, ScoreOptions, WeightOptions } from './metrics/inputs.js';
export { type Interval, wilsonInterval } from './metrics/interval.js';
export { type ClassAuc, rocAuc, topKAccuracy } from './metrics/ranking.js';
