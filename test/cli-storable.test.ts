// `train -o` refuses a table whose model could not be saved, before the fit.
import { assertStorable } from '../src/cli/train/storable.js';
import { parseCsv } from '../src/data/table/table.js';
import { encodeModel, headerSizeOf } from '../src/serialization/model-file.js';

/** A table of numbers with `d` columns whose names have `length` characters or a few more. */
function tableOf(d: number, length: number) {
  const names = Array.from({ length: d }, (_, j) => `${'x'.repeat(length)}${j}`);
  const row = (label: string) => [...names.map((_, j) => j % 3), label].join();
  const table = parseCsv(`${names},y\n${row('a')}\n${row('b')}\n`, { label: 'y', name: 'wide.csv' });
  const { features, labels, schema, featureNames } = table;
  const counts = { pictures: false, dropped: 0 };
  return { name: 'wide.csv', samples: { features, labels }, schema, featureNames, classes: ['a', 'b'], ...counts };
}

it('names the size of the header that does not fit', () => {
  const table = tableOf(2000, 3000);
  expect(() => assertStorable(table as never)).not.toThrow();
  const featureNames = table.featureNames.map((name) => `${name}${name}`);
  expect(() => assertStorable({ ...table, featureNames } as never)).toThrow(
    /^wide\.csv: the names, categories and labels of its columns must fit the header of a model file, 16777216 bytes; got about 18\d{6}\. Leave out columns/,
  );
});

it('counts what encodeModel writes', () => {
  const { schema, featureNames } = tableOf(500, 20);
  const content = { numFeatures: 500, classes: ['a', 'b'], numParameters: 1002, options: {}, schema, featureNames };
  const bytes = encodeModel({ ...content, weight: new Float32Array(1000), bias: new Float32Array(2) });
  const written = new DataView(bytes.buffer).getUint32(0, true);
  expect(headerSizeOf(content).bytes).toBeGreaterThanOrEqual(written);
  expect(headerSizeOf(content).bytes - written).toBeLessThan(1000);
});
