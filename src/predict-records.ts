// The front door for edge functions and pages that predict records. It imports no package, directly or indirectly.
/**
 * A predictor of records by the schema of a model, without any dependency.
 *
 * @module softmax-regression/predict-records
 */
export type { Label } from './core/labels.js';
export type { CsvColumn, CsvSchema, MissingPolicy, UnseenPolicy } from './data/table/schema.js';
export { loadRecordPredictor, type RecordPredictor } from './predict-records/load.js';
export type {
  ColumnContribution,
  RecordExplanation,
  RecordOptions,
  RecordPrediction,
} from './predict-records/records.js';
