// The schema of a table is stored with the model and in its file.

import { encodeRows } from '../src/data/table/encode-rows.js';
import type { CsvSchema } from '../src/data/table/schema.js';
import { parseCsv } from '../src/data/table/table.js';
import { SoftmaxRegression } from '../src/model/softmax-regression.js';
import { loadPredictor } from '../src/predict.js';
import { decodeModel, encodeModel } from '../src/serialization/model-file.js';

const table = parseCsv('width,colour,kind\n1.5,red,cat\n2,blue,dog\n1.25,red,cat\n2.5,,dog\n', {
  label: 'kind',
  strings: 'one-hot',
  missing: 'mean',
});
const fitted = () => SoftmaxRegression.fit(table.features, table.labels as string[], { l2: 0.1, schema: table.schema });

describe('the schema of a model', () => {
  it('is the one given to fit, and names the features', async () => {
    const { model } = await fitted();
    expect(model.schema).toEqual(table.schema);
    expect(model.featureNames).toEqual(['width', 'colour=blue', 'colour=red']);
  });

  it('is restored from the file, and encodes new rows like the table', async () => {
    const { model } = await fitted();
    const read = SoftmaxRegression.fromBytes<string>(model.toBytes());
    expect(read.schema).toEqual(table.schema);
    expect(read.toBytes()).toEqual(model.toBytes());
    const rows = encodeRows(read.schema as CsvSchema, [{ kind: 'dog', colour: 'red', width: 1.5 }]);
    expect(Array.from(rows.values)).toEqual([1.5, 0, 1]);
    expect(read.predict(rows)).toEqual(['cat']);
  });

  it('is kept by calibrate and partialFit', async () => {
    const { model } = await fitted();
    expect((await model.calibrate(table.features, table.labels as string[])).model.schema).toEqual(table.schema);
    const untrained = await SoftmaxRegression.untrained({
      classes: ['cat', 'dog'],
      numFeatures: 3,
      schema: table.schema,
    });
    expect((await untrained.partialFit(table.features, table.labels as ('cat' | 'dog')[])).model.schema).toEqual(
      table.schema,
    );
  });

  it('is undefined if none was given, and absent from the file', async () => {
    const { model } = await SoftmaxRegression.fit(table.features, table.labels as string[], { l2: 0.1 });
    expect(SoftmaxRegression.fromBytes(model.toBytes()).schema).toBeUndefined();
    expect(new TextDecoder().decode(model.toBytes())).not.toContain('schema');
  });

  it('is ignored by loadPredictor', async () => {
    const { model } = await fitted();
    const predictor = loadPredictor<string>(model.toBytes());
    expect(predictor.predictProbabilities(table.features)).toEqual(model.predictProbabilities(table.features));
  });

  it.each<[string, unknown, object]>([
    ['is not a schema', 7, { argument: 'schema' }],
    [
      'has the wrong number of features',
      { ...table.schema, columns: table.schema.columns.slice(1) },
      { argument: 'schema', expected: 'have 3 features, like the model', actual: '2' },
    ],
    [
      'has a column of unknown kind',
      { ...table.schema, columns: [{ name: 'width', kind: 'colour' }] },
      { argument: 'schema.columns[0].kind' },
    ],
    ['has a null column', { ...table.schema, columns: [null] }, { argument: 'schema.columns[0]' }],
  ])('is rejected by fit and encodeModel if it %s', async (_, schema, fields) => {
    const options = { l2: 0.1, schema: schema as CsvSchema };
    await expect(SoftmaxRegression.fit(table.features, table.labels as string[], options)).rejects.toMatchObject({
      code: 'DOMAIN',
      ...fields,
    });
    const content = decodeModel((await fitted()).model.toBytes());
    expect(() => encodeModel({ ...content, schema: schema as CsvSchema })).toThrow(
      expect.objectContaining({ code: 'DOMAIN', ...fields }),
    );
  });
});
