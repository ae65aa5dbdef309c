// How a table was read travels with the model, through its file.

import type { CsvSchema } from '../src/data/table/schema.js';
import { encodeRows, parseCsv } from '../src/data/table/table.js';
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
  it('is what fit was given, and names the features', async () => {
    const { model } = await fitted();
    expect(model.schema).toEqual(table.schema);
    expect(model.featureNames).toEqual(['width', 'colour=blue', 'colour=red']);
  });

  it('comes back from the file, and reads other rows as the table was read', async () => {
    const { model } = await fitted();
    const read = SoftmaxRegression.fromBytes<string>(model.toBytes());
    expect(read.schema).toEqual(table.schema);
    expect(read.toBytes()).toEqual(model.toBytes());
    const rows = encodeRows(read.schema as CsvSchema, [{ kind: 'dog', colour: 'red', width: 1.5 }]);
    expect(Array.from(rows.values)).toEqual([1.5, 0, 1]);
    expect(read.predict(rows)).toEqual(['cat']);
  });

  it('stays with the model that comes of another part, and of calibration', async () => {
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

  it('is undefined where there was none, and the file is then as it was without', async () => {
    const { model } = await SoftmaxRegression.fit(table.features, table.labels as string[], { l2: 0.1 });
    expect(SoftmaxRegression.fromBytes(model.toBytes()).schema).toBeUndefined();
    expect(new TextDecoder().decode(model.toBytes())).not.toContain('schema');
  });

  it('does not disturb a reader that does not know it', async () => {
    const { model } = await fitted();
    const predictor = loadPredictor<string>(model.toBytes());
    expect(predictor.predictProbabilities(table.features)).toEqual(model.predictProbabilities(table.features));
  });

  it.each<[string, unknown, object]>([
    ['no schema', 7, { argument: 'schema' }],
    [
      'of another number of features',
      { ...table.schema, columns: table.schema.columns.slice(1) },
      { argument: 'schema', expected: 'have 3 features, like the model', actual: '2' },
    ],
    [
      'with a column of no kind',
      { ...table.schema, columns: [{ name: 'width', kind: 'colour' }] },
      { argument: 'schema.columns[0].kind' },
    ],
    ['whose columns are null', { ...table.schema, columns: [null] }, { argument: 'schema.columns[0]' }],
  ])('is refused if it is one %s, by fit and in a file', async (_, schema, fields) => {
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
