// predict-records: a model that predicts records, from its file.
import { FormatError } from '../core/errors.js';
import type { Label } from '../core/labels.js';
import { assertSchemaFits, type CsvSchema } from '../data/table/schema.js';
import { type Check, checkOf, parseJson } from '../predict/json.js';
import { readModel } from '../predict/model-file.js';
import { bytesOf } from '../predict/predictor.js';
import { type RecordExplanation, type RecordOptions, type RecordPrediction, Records } from './records.js';

/** A fitted model that predicts records: objects with a value for each column of the table that it was trained on. */
export interface RecordPredictor<L extends Label = Label> {
  /** The classes, in the order of probabilities, logits and contributions. */
  readonly classes: readonly L[];
  /** How a record becomes features: its columns, categories and values for missing ones. */
  readonly schema: CsvSchema;
  /** The prediction for each record, as `SoftmaxRegression.predictRecords`. */
  predictRecords(records: readonly object[], options?: RecordOptions): RecordPrediction<L>[];
  /** The contribution of each column to the logits, as `SoftmaxRegression.explainRecord`. */
  explainRecord(record: object, options?: RecordOptions): RecordExplanation<L>;
}

/**
 * A predictor of records from the bytes of a model file, such as `saveModel` writes.
 *
 * Its results equal those of the model bit for bit. The type parameter of the labels is not checked.
 *
 * @throws an error with `code` 'FORMAT' if the bytes are not one complete model file of a known version, or it has no
 *         schema
 * @example
 * const pets = loadRecordPredictor(await (await fetch('pets.safetensors')).arrayBuffer());
 * pets.predictRecords([{ width: 1.5, colour: 'red' }])[0].label;   // 'cat'
 */
export function loadRecordPredictor<L extends Label = Label>(bytes: Uint8Array | ArrayBuffer): RecordPredictor<L> {
  const where = 'loadRecordPredictor';
  const check: Check = checkOf(FormatError, where);
  const { content, metadata } = readModel(bytesOf(bytes, where), check);
  const hint = 'The model was not trained on a table: use loadPredictor.';
  check(metadata.schema !== undefined, 'the model', 'have a schema', 'none', hint);
  const schema = parseJson(metadata.schema, 'schema', check) as CsvSchema;
  assertSchemaFits(schema, content.numFeatures, (fields) => new FormatError({ where, ...fields }));
  const classes = Object.freeze(content.classes) as readonly L[];
  const records = new Records(content, classes, schema);
  return Object.freeze({
    classes,
    schema,
    predictRecords: (list: readonly object[], options: RecordOptions = {}) => records.predict(list, options),
    explainRecord: (record: object, options: RecordOptions = {}) => records.explain(record, options),
  });
}
