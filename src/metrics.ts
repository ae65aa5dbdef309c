// The front door of the metrics: arrays in, values out, truth first.
export {
  type Average,
  type AverageScores,
  accuracy,
  type ClassScores,
  type ConfusionMatrix,
  confusionMatrix,
  logLoss,
  precisionRecallFscore,
  type ScoreOptions,
} from './metrics/classification.js';
export { topKAccuracy } from './metrics/ranking.js';
