// SVMlight and LIBSVM: what scikit-learn reads and refuses, the rows of a model, and limits.
import { identifyFiles, type NamedBytes, readSamples } from 'softmax-regression';
import { numberSchema } from '../src/data/table/schema.js';
import { readSvmlightTable } from '../src/data/table/typed/svmlight.js';
import { rowsOf } from '../src/reading/table.js';
import golden from './golden/svmlight.golden.json';
import { refusalOf } from './helpers/refusal.js';

function file(name: string, text: string, chunk = text.length): NamedBytes {
  const bytes = new TextEncoder().encode(text);
  return {
    name,
    async *stream() {
      for (let at = 0; at < bytes.length; at += chunk) yield bytes.slice(at, at + chunk);
    },
  };
}

interface Golden {
  readonly name: string;
  readonly text: string;
  readonly zeroBased: boolean | null;
  readonly features?: readonly (readonly number[])[];
  readonly labels?: readonly number[];
}
const FILES = golden.files as readonly Golden[];

describe('an SVMlight file', () => {
  it.each(FILES.filter(({ features }) => features).map((each) => [each.name, each] as const))(
    'is read as scikit-learn reads it: %s',
    async (_, { text, zeroBased, features = [], labels = [] }) => {
      for (const chunk of [1, 5, text.length]) {
        for (const end of ['svm', 'svmlight', 'libsvm']) {
          const options = zeroBased === null ? {} : { zeroBased };
          const { samples, featureNames, schema } = await readSamples([file(`a.${end}`, text, chunk)], options);
          const d = features[0].length;
          expect(samples.features).toMatchObject({ shape: [features.length, d] });
          expect([...samples.features.values]).toEqual(features.flat());
          expect(samples.labels).toEqual(labels);
          const first = /\b0:/.test(text) || zeroBased === true ? 0 : 1;
          expect(featureNames).toEqual(Array.from({ length: d }, (_, j) => `x${first + j}`));
          expect(schema?.columns.at(-1)).toEqual({ kind: 'label', name: 'label', type: 'number' });
        }
      }
    },
  );

  const refused = FILES.filter(({ features }) => features === undefined);

  it('is refused with its line where scikit-learn refuses it', async () => {
    const said: Record<string, string> = {};
    for (const { name, text, zeroBased } of refused) {
      const options = zeroBased === null ? {} : { zeroBased };
      said[name] = await refusalOf(readSamples([file('a.svm', text)], options));
    }
    expect(said).toEqual({
      'index 0 where indices begin with 1':
        'FormatError: a.svm:1: the index must be an integer from 1 to 1,000,000; got "0". Do the indices of this file begin with 0? Here they must begin with 1.',
      'an index twice':
        'FormatError: a.svm:2: the index must be greater than the one before it, 1; got 1. Sort the entries of the row by index, each index once.',
      'indices that go back':
        'FormatError: a.svm:2: the index must be greater than the one before it, 3; got 1. Sort the entries of the row by index, each index once.',
      'a negative index': 'FormatError: a.svm:2: the index must be an integer from 0 to 1,000,000; got "-1".',
      'several labels':
        'FormatError: a.svm:2: the label must be a finite number; got "1,2". Rows with several labels are not read: give each row one class.',
      'a label of text': 'FormatError: a.svm:2: the label must be a finite number; got "a".',
      'a value of text': 'FormatError: a.svm:2: the value of index 1 must be a finite number; got "x".',
      'an index of text': 'FormatError: a.svm:2: the index must be an integer from 0 to 1,000,000; got "x".',
      'an index with a fraction': 'FormatError: a.svm:2: the index must be an integer from 0 to 1,000,000; got "1.0".',
      'an entry without a colon': 'FormatError: a.svm:2: the entry must be index:value; got "1".',
      'a blank after a colon': 'FormatError: a.svm:2: the value of index 1 must be a finite number; got "".',
      'a hexadecimal value': 'FormatError: a.svm:2: the value of index 1 must be a finite number; got "0x10".',
    });
  });

  it.each([
    // scikit-learn ignores qid without its option query_id; here rows for ranking are not taken for classes.
    [
      '1 qid:3 1:2\n',
      'FormatError: a.svm:1: qid must be left out; got "qid:3". It groups rows for ranking. Remove it to classify.',
    ],
    ['1 1:1\n1 1:inf\n', 'FormatError: a.svm:2: the value of index 1 must be a finite number; got "inf".'],
    ['1 1000001:1\n', 'FormatError: a.svm:1: the index must be an integer from 0 to 1,000,000; got "1000001".'],
    ['# only\n', 'FormatError: a.svm: the table must have at least one row; got none.'],
    ['1 1:1\n2 1:nan\n', 'FormatError: a.svm:2:1: x1 must have a value; got nothing.'],
  ])('is refused: %j', async (text, message) => {
    expect(await refusalOf(readSamples([file('a.svm', text)]))).toContain(message);
  });

  it('has nan as a missing value', async () => {
    const text = '1 1:4\n2 1:nan 2:1\n1 1:2\n';
    const { samples } = await readSamples([file('a.svm', text)], { missing: 'mean' });
    expect(samples.features.values).toEqual(Float64Array.of(4, 0, 3, 1, 2, 0));
    expect(samples.lines).toEqual(Float64Array.of(1, 2, 3));
  });

  it('is refused as soon as its rows with their zeros need more memory than they may', async () => {
    const text = `1 100000:1\n${'2 1:1\n'.repeat(2000)}`;
    expect(await refusalOf(readSamples([file('a.svm', text)], { maxMemory: 5e8 }))).toMatch(
      /^FormatError: a\.svm: the table must fit into 500\.0 MB of memory; got 125 rows so far, which need 500\.\d MB\. Each row has its zeros: 100000 features\. Give fewer rows or features\.$/,
    );
  });

  it('has columns that an app can ask about, and takes `zeroBased` alone of the options of other files', async () => {
    const table = file('a.svm', '-1 2:1.5\n1 1:2\n');
    expect(await identifyFiles([table], { rows: 1 })).toEqual({
      ...{ kind: 'table', format: 'svmlight', columns: ['x1', 'x2', 'label'] },
      rows: [['0', '1.5', '-1']],
    });
    expect(await refusalOf(readSamples([table], { delimiter: ';' }))).toContain('delimiter must be left out');
    expect(await refusalOf(readSamples([file('a.csv', 'x,k\n1,a\n')], { label: 'k', zeroBased: true }))).toBe(
      'DomainError: readSamples: zeroBased must be left out: it applies only to SVMlight files; got a.csv.',
    );
    expect(await refusalOf(readSamples([table], { zeroBased: 1 as never }))).toContain(
      'readSamples: zeroBased must be',
    );
  });
});

describe('rows of SVMlight for a model', () => {
  const label = { name: 'label', type: 'number' } as const;
  const modelOf = (names: readonly string[]) => ({
    ...{ classes: [1, 2], numFeatures: names.length, schema: numberSchema(names, names.length, label) },
  });

  async function read(text: string, names: readonly string[]) {
    const values: number[] = [];
    const labels: unknown[] = [];
    for await (const batch of rowsOf(file('a.svm', text), modelOf(names), { labels: 'read' })) {
      values.push(...batch.features.values);
      labels.push(...(batch.labels ?? []));
    }
    return { values, labels };
  }

  it('have the features of the model: zeros where the file has no such index, and no others', async () => {
    expect(await read('1 2:5\n2 1:3 9:4\n', ['x1', 'x2', 'x3'])).toEqual({
      values: [0, 5, 0, 3, 0, 0],
      labels: [1, 2],
    });
    expect(await read('1 2:5\n', ['x0', 'x1', 'x2', 'x3'])).toEqual({ values: [0, 0, 5, 0], labels: [1] });
  });

  it('are refused if their indices begin with 0 and those of the training did not, or the model has other columns', async () => {
    expect(await refusalOf(read('1 0:5\n', ['x1', 'x2']))).toContain('Do the indices of this file begin with 0?');
    expect(await refusalOf(read('1 1:5\n', ['x1', 'width']))).toContain(
      'a.svm: the table must have the column "width", which the model reads',
    );
  });

  it('are read as they arrive', async () => {
    let chunks = 0;
    const long: NamedBytes = {
      name: 'a.svm',
      async *stream() {
        for (; chunks < 50; chunks++) yield new TextEncoder().encode('1 2:5 # five\n2 1:3\n1');
        throw new Error('read to its end');
      },
    };
    const batches = rowsOf(long, modelOf(['x1', 'x2']), { labels: 'read' });
    const { value } = await batches.next();
    expect(value).toMatchObject({ features: { values: Float64Array.of(0, 5, 3, 0) }, labels: [1, 2] });
    expect(chunks).toBeLessThan(3);
    await batches.return();
    expect(await refusalOf(read('# only\n', ['x1']))).toBe(
      'FormatError: a.svm: the table must have at least one row; got none.',
    );
  });

  it('pass through columns that the model does not read', async () => {
    const model = modelOf(['x1', 'x2']);
    for (const [keep, expected] of [
      [['x2', 'label'], [['5', '1']]],
      [['x9', 'x1'], [['4', '0']]],
    ]) {
      const batches = rowsOf(file('a.svm', '1 2:5 9:4\n'), model, { labels: 'skip', keep: keep as string[] });
      expect((await batches.next()).value).toMatchObject({
        kept: expected,
        features: { values: Float64Array.of(0, 5) },
      });
    }
    const none = rowsOf(file('a.svm', '1 2:5\n'), model, { labels: 'skip', keep: ['x9'] });
    expect(await refusalOf(none.next())).toContain('keep must be one of the columns "x1", "x2", "label"; got "x9".');
  });

  it('are the same in each pass, also in several blocks', async () => {
    const n = 5000;
    const text = Array.from({ length: n }, (_, i) => `${1 + (i % 2)} ${1 + (i % 3)}:${i}`).join('\n');
    const table = await readSvmlightTable(file('a.svm', text).stream() as AsyncIterable<Uint8Array>, 'a.svm');
    for (let pass = 0; pass < 2; pass++) {
      let i = 0;
      for await (const block of table.blocks(new Set([0, 1, 2, 3]))) {
        expect(block.bytes).toBe(8 * 5 * block.count);
        for (let row = 0; row < block.count; row++, i++) {
          block.select(row);
          const found = [0, 1, 2, 3].map((field) => block.number(field, '.'));
          if (found[i % 3] !== i || found[3] !== 1 + (i % 2) || block.line !== i + 1) throw new Error(`row ${i}`);
        }
      }
      expect(i).toBe(n);
    }
  });
});
