// SVMlight files as sparse matrices: what scikit-learn reads and refuses, and limits.
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import {
  type NamedBytes,
  readSamples,
  readSvmlight,
  SoftmaxRegression,
  type SvmlightOptions,
  toDense,
} from 'softmax-regression';
import golden from './golden/svmlight.golden.json';
import { refusalOf } from './helpers/refusal.js';

const bytesOf = (text: string) => new TextEncoder().encode(text);

function file(text: string, chunk = text.length): NamedBytes {
  const bytes = bytesOf(text);
  return {
    name: 'a.svm',
    async *stream() {
      for (let at = 0; at < bytes.length; at += chunk) yield bytes.slice(at, at + chunk);
    },
  };
}

async function refusal(text: string, options: SvmlightOptions = {}): Promise<string> {
  return refusalOf(readSvmlight(file(text), options));
}

interface Golden {
  readonly name: string;
  readonly text: string;
  readonly zeroBased: boolean | null;
  readonly columns: number | null;
  readonly starts?: readonly number[];
  readonly indices?: readonly number[];
  readonly values?: readonly number[];
  readonly shape?: readonly number[];
  readonly labels?: readonly number[];
}
const CASES = golden.matrices as readonly Golden[];

function optionsOf({ text, zeroBased, columns }: Golden): SvmlightOptions {
  return {
    ...(zeroBased !== null && { zeroBased }),
    ...(columns !== null && { columns }),
    ...(text.includes('qid') && { qid: 'ignore' }),
  };
}

describe('an SVMlight file as a sparse matrix', () => {
  it.each(CASES.filter(({ starts }) => starts).map((each) => [each.name, each] as const))(
    'is read as scikit-learn reads it: %s',
    async (_, each) => {
      const { text, starts = [], indices = [], values = [], shape, labels } = each;
      for (const chunk of [1, 5, text.length]) {
        expect(await readSvmlight(file(text, chunk), optionsOf(each))).toEqual({
          samples: {
            ...{ starts: Int32Array.from(starts), indices: Int32Array.from(indices) },
            ...{ values: Float64Array.from(values), shape },
          },
          labels,
        });
      }
    },
  );

  it.each(CASES.filter(({ starts }) => !starts).map((each) => [each.name, each] as const))(
    'is refused with its line where scikit-learn refuses it: %s',
    async (_, each) => {
      expect(await refusal(each.text, optionsOf(each))).toMatch(/^FormatError: a\.svm:[12]: .* must .*; got /);
    },
  );

  it.each<[string, SvmlightOptions, string]>([
    ['1 1:1\n2 1:x\n', {}, 'FormatError: a.svm:2: the value of index 1 must be a finite number; got "x".'],
    [
      '1 1:1\n2,3 1:1\n',
      {},
      'FormatError: a.svm:2: the label must be a finite number; got "2,3". Rows with several labels are not read: give each row one class.',
    ],
    [
      '1 qid:3 1:2\n',
      {},
      'FormatError: a.svm:1: qid must be left out; got "qid:3". It groups rows for ranking. Remove it, or read with `qid: \'ignore\'`.',
    ],
    [
      '1 1:1\n1 2:nan\n',
      {},
      'FormatError: a.svm:2: the value of index 2 must be a finite number; got "nan". A sparse matrix has no missing values: leave the entry out, which makes it 0, or leave out the row.',
    ],
    [
      '1 3:1\n1 2:1\n',
      { columns: 2 },
      'FormatError: a.svm:1: the index must be an integer from 0 to 2; got "3". `columns` is 2: give a larger one, or leave it out.',
    ],
    [
      '1 2:1\n1 0:1\n',
      { columns: 2 },
      'FormatError: a.svm:1: the index must be an integer from 0 to 1, because an index of the file is 0; got 2. `columns` is 2: give a larger one, or leave it out.',
    ],
    ['1 2:1\n', { columns: 2, zeroBased: true }, 'a.svm:1: the index must be an integer from 0 to 1; got "2".'],
    ['1 2147483647:1\n', {}, 'a.svm:1: the index must be an integer from 0 to 2,147,483,646; got "2147483647".'],
    [
      '1 1:1e39\n',
      { dtype: 'float32' },
      'FormatError: a.svm:1: the value of index 1 must be at most 3.40e+38; got "1e39". It does not fit into float32: read float64.',
    ],
    ['# only\n', {}, 'FormatError: a.svm: the table must have at least one row; got none.'],
    ['1 1:1\n', { maxBytes: 5 }, 'FormatError: a.svm: the file must have at most 5 bytes; got more.'],
    ['1 1:1\n', { columns: 0 }, 'DomainError: readSvmlight: columns must be'],
    ['1 1:1\n', { columns: 2 ** 31 }, 'DomainError: readSvmlight: columns must be at most 2147483647; got 2147483648.'],
    ['1 1:1\n', { qid: 'read' as never }, 'readSvmlight: qid must be'],
    ['1 1:1\n', { zerobased: true } as never, 'zeroBased'],
  ])('is refused: %j with %j', async (text, options, message) => {
    expect(await refusal(text, options)).toContain(message);
  });

  it('is refused as soon as its rows need more memory than they may, whatever the number of columns', async () => {
    const text = '1 2000000000:1\n'.repeat(1000);
    expect(await refusal(text, { maxMemory: 1e5 })).toBe('accepted');
    expect(await refusal(text, { maxMemory: 5e4 })).toMatch(
      /^FormatError: a\.svm: the table must fit into 50\.0 kB of memory; got 1,000 rows so far, which need 72\.0 kB\. Give fewer rows\.$/,
    );
  });

  it('is the example of the documentation, and a fit takes it', async () => {
    const { samples, labels } = await readSvmlight(bytesOf('1 1:0.5 3:2 # a\n-1 2:4\n'));
    expect(labels).toEqual([1, -1]);
    expect(samples).toEqual({
      ...{ starts: Int32Array.of(0, 2, 3), indices: Int32Array.of(0, 2, 1), values: Float64Array.of(0.5, 2, 4) },
      shape: [2, 3],
    });
    const { model } = await SoftmaxRegression.fit(samples, labels);
    const folder = mkdtempSync(join(tmpdir(), 'svmlight-'));
    const path = join(folder, 'test.svm');
    writeFileSync(path, '-1 2:3\n1 1:1\n');
    const test = await readSvmlight({ name: path, stream: () => createReadStream(path) }, { columns: 3 });
    rmSync(folder, { recursive: true });
    expect((await model.evaluate(test.samples, test.labels)).accuracy).toBe(1);
  });

  it('has values of float32 if they are asked for', async () => {
    const { samples } = await readSvmlight(file('1 1:0.1\n'), { dtype: 'float32' });
    expect(samples.values).toEqual(Float32Array.of(0.1));
  });

  it('may be bytes, also packed, and is the same matrix as its table in more rows than a chunk has', async () => {
    const text = Array.from(
      { length: 3000 },
      (_, i) => `${i % 3} ${1 + (i % 7)}:${i} ${9 + (i % 5)}:-${i}.5e-3\n`,
    ).join('');
    const whole = await readSvmlight(bytesOf(text.repeat(10)));
    expect(whole.samples.shape).toEqual([30_000, 13]);
    expect(await readSvmlight(gzipSync(bytesOf(text.repeat(10))))).toEqual(whole);
    const { samples } = await readSamples([file(text, 1000)]);
    const once = await readSvmlight(file(text, 1000));
    expect(toDense(once.samples)).toEqual(samples.features);
    expect(once.labels).toEqual(samples.labels);
    await expect(readSvmlight(bytesOf('1 1:x\n'))).rejects.toThrow('SVMlight:1: the value of index 1 must be');
  });
});
