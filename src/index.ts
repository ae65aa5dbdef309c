// The front door for browsers and Node: named re-exports only, grouped by room.
/**
 * For browsers and Node: the classifier and its parts.
 *
 * @module softmax-regression
 */

// backend
export { BACKENDS, type BackendName } from './backend/names.js';
export { type BackendChoice, formatBackend, selectBackend } from './backend/select.js';
// compile
export type { Batch, Data, DataArray } from './compile/arrays.js';
export { type Compiled, type CompileOptions, compile } from './compile/compile.js';
export type { ScanEngine, ScanStep } from './compile/loop.js';
export { type Order, type ScanChunk, type ScanOptions, type ScanResult, scan } from './compile/scan.js';
export type { Affine, Columns } from './core/affine.js';
// core
export {
  BackendError,
  DomainError,
  type ErrorCode,
  type ErrorFields,
  FormatError,
  isSoftmaxRegressionError,
  ShapeError,
  SoftmaxRegressionError,
} from './core/errors.js';
export type { Label } from './core/labels.js';
export { inWords } from './core/mentions.js';
export { Random, type RandomState } from './core/random.js';
export { FINITE_DIFFERENCE, FLOAT32, FLOAT64, type Tolerance } from './core/tolerance.js';
// data
export {
  asFeatureArray,
  batchRanges,
  type FeatureArray,
  type Features,
  type FeatureValues,
  gatherEntries,
  gatherRows,
} from './data/batches.js';
export { FASHION_MNIST_CLASSES } from './data/fashion-mnist-classes.js';
export { type FoldOptions, stratifiedFolds } from './data/folds.js';
export { type IdxArray, type IdxOptions, parseIdx } from './data/idx.js';
export { type Iris, type IrisSpecies, loadIris } from './data/iris.js';
export type { SparseMatrix } from './data/matrix.js';
export { type SparseRow, sparseMatrix, type Triplets, toDense } from './data/sparse.js';
export { type Split, type SplitOptions, take, trainTestSplit } from './data/split.js';
export { columnStatistics, type Standardization, standardize } from './data/standardize.js';
export { StoredRows } from './data/stored-rows.js';
export type { BadRow } from './data/table/bad-rows.js';
export type { CsvOptions } from './data/table/csv-options.js';
export { type EncodeOptions, encodeRows } from './data/table/encode-rows.js';
export type { CsvTable, LabelledCsvTable } from './data/table/encoding.js';
export type { ColumnSummary } from './data/table/learn/column.js';
export type { CsvValue } from './data/table/records.js';
export type {
  CsvColumn,
  CsvSchema,
  FeatureColumn,
  MissingLabelPolicy,
  MissingPolicy,
  UnseenPolicy,
} from './data/table/schema.js';
export { type CsvBatch, type ReadOptions, readCsvRows, type UnknownLabel } from './data/table/stream.js';
export { parseCsv } from './data/table/table.js';
export type { DateOrder } from './features/date.js';
export { CountVectorizer, type FittedVectorizer } from './features/text/count.js';
export type { Documents } from './features/text/documents.js';
export { type Collisions, HashingVectorizer } from './features/text/hashing.js';
export type { CountOptions, HashingOptions, TfidfOptions } from './features/text/settings.js';
export { TfidfVectorizer } from './features/text/tfidf.js';
export type { TextVectorizer } from './features/text/transformer.js';
// gradcheck
export {
  type Comparison,
  type Disagreement,
  formatGradcheck,
  type GradcheckFindings,
  type GradcheckOptions,
  type GradcheckResult,
  type Gradient,
  gradcheck,
  gradcheckAsync,
  gradcheckLine,
  type ParameterCheck,
} from './gradcheck.js';
export type { Baseline } from './metrics/baseline.js';
export type { Scores } from './metrics/scores.js';
// metrics
export * as metrics from './metrics.js';
// model
export type { CalibrateOptions } from './model/calibrate.js';
export {
  type CrossValidateOptions,
  type CrossValidation,
  crossValidate,
  type Fold,
  type FoldProgress,
} from './model/cross-validate.js';
export type { EvaluateOptions, Evaluation } from './model/evaluation.js';
export type {
  ContributionOptions,
  Contributions,
  FeatureContribution,
  WeightRow,
  WeightTable,
  WeightTableOptions,
} from './model/insight.js';
export {
  type LambdaPath,
  type LambdaPathOptions,
  type LambdaProgress,
  type LambdaRow,
  lambdaPath,
  type RefittedLambdaPath,
} from './model/lambda-path.js';
export {
  type LearningCurve,
  type LearningCurveOptions,
  type LearningCurveProgress,
  type LearningCurveRow,
  learningCurve,
} from './model/learning-curve.js';
export type { Prediction } from './model/predict.js';
export type { PredictOptions, PredictProgress, RowArray, TopKArray } from './model/predict-async.js';
export { type Calibration, SoftmaxRegression } from './model/softmax-regression.js';
export { crossEntropy, sparseCrossEntropy } from './nn/cross-entropy.js';
export { Dense, type DenseOptions, dense } from './nn/dense.js';
export {
  distributionCrossEntropy,
  entropy,
  type InformationOptions,
  type InformationUnit,
  klDivergence,
  negativeLogLikelihood,
  perplexity,
} from './nn/information.js';
export { asLabels } from './nn/labels.js';
export { backward, type Layer, type Parameters } from './nn/layer.js';
export { fromOneHot, oneHot } from './nn/one-hot.js';
export { Phm, type PhmOptions, phmWeight } from './nn/phm.js';
export type { Reduced, Reduction } from './nn/reduction.js';
export { logSoftmax, softmax } from './nn/softmax.js';
export {
  asLogits,
  asProbabilities,
  asTargets,
  type DistributionLike,
  type Labels,
  type LabelsLike,
  type Logits,
  type LogitsLike,
  type Probabilities,
  type ProbabilitiesLike,
  type Targets,
  type TargetsLike,
} from './nn/tensors.js';
// nn
export type { CrossEntropyOptions, SparseCrossEntropyOptions } from './nn/weighing.js';
// optim
export { adam, momentum, type Optimizer, type OptimizerState, sgd, type Tensors } from './optim/first-order.js';
export type { LearningRateSchedule, Moment, Rate, RateFunction } from './optim/schedule.js';
export type {
  ColumnContribution,
  RecordExplanation,
  RecordOptions,
  RecordPrediction,
} from './predict-records/records.js';
export type { NamedBytes } from './reading/bytes.js';
// reading
export type { TableFormat } from './reading/format.js';
export {
  type IdentifiedFiles,
  type IdentifyOptions,
  identifyFiles,
  type ReadSamplesOptions,
  readSamples,
} from './reading/read.js';
export type { DataSet, Samples } from './reading/samples.js';
export { readSvmlight, type SvmlightData, type SvmlightOptions } from './reading/svmlight.js';
// reference
export * as reference from './reference.js';
// export
export { type OnnxOptions, type OnnxSource, toOnnx } from './serialization/onnx.js';
export { encodeVectorizer } from './serialization/vectorizer.js';
export type { EpochRecord, FitResult } from './training/fit.js';
export type { AnyFeatures, FeaturesInput } from './training/inputs.js';
export type {
  CheckpointEvery,
  CheckpointOptions,
  EarlyStopping,
  EpochLogs,
  FirstOrderOptions,
  FirstOrderSolver,
  FitOptions,
  FitProgress,
  LayerChoice,
  LbfgsFitOptions,
  OptionField,
  ParametersNow,
  Solver,
  TrainingOptions,
  ValidationData,
} from './training/options.js';
export { optionFields } from './training/options.js';
export type { GradientMethod } from './training/step.js';
export type { PartialFitOptions, StreamOptions } from './training/stream.js';
export type { WarmStart } from './training/warm-start.js';
export type { ClassWeights, NamedClassWeights } from './training/weights.js';
