// Tables as they occur in practice, by kind; each kind has several inputs. The kinds of files and commands: slow/cases.test.ts.
import { type CsvOptions, encodeRows, parseCsv, SoftmaxRegression, selectBackend } from 'softmax-regression';
import { explain } from '../src/cli/explain.js';
import { loadSamplesFor } from '../src/cli/samples.js';
import { DomainError, FormatError } from '../src/core/errors.js';
import { fitPlan } from '../src/training/options.js';
import { useBackend } from './helpers/backends.js';

beforeAll(() => useBackend('cpu'));

const thrown = (run: () => unknown): Error => {
  try {
    run();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
};

describe('codes as labels stay as they are written', () => {
  const trained = async (labels: readonly string[]) => {
    const text = `x,y\n${labels.flatMap((label, i) => [`${i},${label}`, `${i + 0.25},${label}`]).join('\n')}\n`;
    const { features, labels: read, schema } = parseCsv(text, { label: 'y' });
    const { model } = await SoftmaxRegression.fit(features, read, { schema, standardize: true, l2: 1e-4 });
    return model.predict(labels.map((_, i) => [i]));
  };

  it.each<[string, string[]]>([
    ['snowflake ids', ['1524880913452421121', '1524880913452421122', '1524880913452422789']],
    ['ids of 20 digits', ['12345678901234567890', '12345678901234567891']],
    ['hashes in hexadecimal', ['0047583311587E590003', '0047583311588E590003']],
    ['hashes with letters', ['9f86d081884c7d65', '60303ae22b998861']],
    ['hexadecimal with a prefix', ['0x1F', '31']],
    ['zip codes', ['02134', '10001']],
    ['article numbers', ['0012345678905', '12345678905']],
    ['account numbers', ['000123', '123']],
    ['versions', ['1.10', '1.1', '2.0']],
    ['versions of three parts', ['1.10.0', '1.1.0']],
    ['versions with a trailing zero', ['10.0', '10.00']],
    ['wells', ['1E2', '100', '2E5']],
    ['wells in lower case', ['3e4', '30000']],
    ['wells with a sign', ['5E-1', '0.5']],
  ])('%s, also where a model predicts them', async (_, labels) => {
    expect(await trained(labels)).toEqual(labels);
  });
});

describe('a marker of missing values that is a value', () => {
  it.each<[string, string[]]>([
    ['NA, Namibia', ['NA', 'DE']],
    ['null and none', ['null', 'none']],
    ['a question mark', ['?', '!']],
  ])('is kept as label and as category: %s', (_, values) => {
    const text = `place,x,y\n${[0, 1, 2, 3].map((i) => `${values[i % 2]},${i},${values[i % 2]}`).join('\n')}\n`;
    const options = { label: 'y', strings: 'one-hot', missingTokens: [''] } as const;
    const { labels, schema } = parseCsv(text, options);
    expect(labels).toEqual([...values, ...values]);
    expect(schema.columns[0]).toMatchObject({ kind: 'category', categories: [...values].sort() });
  });
});

describe('numbers as other places write them', () => {
  const rows = [
    [1.5, 2],
    [2.5, -0.25],
  ];
  it.each<[string, string, Partial<CsvOptions>]>([
    ['semicolons', 'a;b;y\n1,5;2;p\n2,5;-0,25;q\n', { decimal: ',' }],
    ['tabs', 'a\tb\ty\n1,5\t2\tp\n2,5\t-0,25\tq\n', { decimal: ',' }],
    ['bars', 'a|b|y\n1,5|2|p\n2,5|-0,25|q\n', { decimal: ',' }],
    ['quoted, with commas', 'a,b,y\n"1,5",2,p\n"2,5","-0,25",q\n', { decimal: ',', delimiter: ',' }],
  ])('are read with decimal commas: %s', (_, text, options) => {
    const { features, labels } = parseCsv(text, { label: 'y', ...options });
    expect([...features.values]).toEqual(rows.flat());
    expect(labels).toEqual(['p', 'q']);
  });

  it.each<[string, string, Partial<CsvOptions>, number]>([
    ['commas', 'a;y\n1,367;p\n4,173;q\n', {}, 1367],
    ['points', 'a;y\n1.367;p\n4.173;q\n', { decimal: ',' }, 1367],
    ['apostrophes', "a;y\n1'367;p\n4'173;q\n", {}, 1367],
    ['blanks', 'a;y\n1 367 000;p\n4 173 000;q\n', {}, 1367000],
  ])('are read with thousands only where that is asked for: %s', (_, text, options, first) => {
    const message = thrown(() => parseCsv(text, { label: 'y', ...options })).message;
    expect(message).toContain('`thousands: true`');
    expect(parseCsv(text, { label: 'y', ...options, thousands: true }).features.values[0]).toBe(first);
  });
});

describe('delimiters', () => {
  it.each<[string, string]>([
    ['tabs, with commas in names', 'Weight, kg\tHeight, cm\ty\n1\t2\tp\n3\t4\tq\n'],
    ['tabs, with commas in values', 'place\ty\n"Rome, Italy"\tp\nBern, Bern\tq\n'],
    ['semicolons, with commas in names', 'a, b;c;y\n1;2;p\n3;4;q\n'],
    ['sep=;', 'sep=;\na;b;y\n1;2;p\n3;4;q\n'],
    ['sep= with a tab', 'sep=\t\na\tb\ty\n1\t2\tp\n3\t4\tq\n'],
    ['sep= with a tab as \\t', 'sep=\\t\na\tb,c\ty\n1\t2\tp\n3\t4\tq\n'],
    ['sep=, quoted, in capitals', '"SEP=,"\r\na;b,y\r\n1,p\r\n3,q\r\n'],
  ])('are found: %s', (_, text) => {
    expect(parseCsv(text, { label: 'y', strings: 'one-hot' }).labels).toEqual(['p', 'q']);
  });
});

describe('features with one name', () => {
  it.each<[string, string]>([
    ['two categories', 'a,a=b,y\nb=c,c,q\nq,d,p\n'],
    ['a category and a number', 'a=b,a,y\n1,b,q\n2,c,p\n'],
    ['a category and a name with a number', 'a,a=b,a=b (2),y\nb,1,1,q\nc,2,2,p\n'],
  ])('get distinct names, and a model: %s', async (_, text) => {
    const { features, labels, featureNames, schema } = parseCsv(text, { label: 'y', strings: 'one-hot' });
    expect(new Set(featureNames).size).toBe(features.shape[1]);
    const { model } = await SoftmaxRegression.fit(features, labels, { schema, l2: 0.1 });
    expect(model.featureNames).toEqual(featureNames);
  });
});

describe('rows as objects', () => {
  const { schema } = parseCsv('size,kind,y\n1,a,p\n2,b,q\n', { label: 'y', strings: 'one-hot' });
  it.each<[string, object]>([
    ['a name in another case', { Size: 9, kind: 'a' }],
    ['a misspelt name', { sise: 9, kind: 'a' }],
    [
      'a map',
      new Map<string, unknown>([
        ['size', 9],
        ['kind', 'a'],
      ]),
    ],
    ['nothing', {}],
    ['one column of two', { size: 9 }],
  ])('are refused if a column is absent: %s', (_, row) => {
    expect(() => encodeRows(schema, [row as never])).toThrow(
      expect.objectContaining({ where: expect.stringContaining('encodeRows') }),
    );
  });
});

describe('a column that an option names', () => {
  const commandOf = (...flags: string[]) => ({ options: flags.map((long) => ({ long })) }) as never;
  it.each<[string, () => unknown, RegExp]>([
    [
      'by name',
      () => parseCsv('x,y\n1,a\n2,b\n', { label: 'z', name: 'a.csv' }),
      /^a\.csv:1: --label must be one of the columns "x", "y"; got "z"/,
    ],
    [
      'by number',
      () => parseCsv('1,a\n2,b\n', { label: 7, header: false, name: 'a.csv' }),
      /^a\.csv:1: --label must be a column, an integer in \[-2, 2\); got 7/,
    ],
    [
      'of weights',
      () => parseCsv('x,y\n1,a\n2,b\n', { label: 'y', sampleWeight: 'w', name: 'a.csv' }),
      /^a\.csv:1: --sample-weight must be one of the columns/,
    ],
  ])('is called by its flag on the command line: %s', (_, run, message) => {
    expect(explain(thrown(run), commandOf('--label', '--sample-weight')).message).toMatch(message);
  });

  it('is not mistaken for a column that has the name of an option', () => {
    const error = thrown(() => parseCsv('label,y\n1,a\nred,b\n', { label: 'y', name: 'a.csv' }));
    expect(explain(error, commandOf('--label')).message).toMatch(/^a\.csv:3:1: label must be a number/);
  });
});

describe('a message on the command line', () => {
  const fileError = (where: string, argument: string, expected: string, actual: string, hint: string) =>
    new FormatError({ where, argument, expected, actual, hint });
  const command = { options: [{ long: '--validation' }], opts: () => ({ resume: 'c.ck' }) } as never;
  it.each<[string, Error, string]>([
    [
      'samples of another checkpoint',
      new DomainError({
        ...{ where: 'fit', argument: 'features', expected: 'be Float64Array [32, 2]', actual: 'Float64Array [31, 2]' },
        ...{ hint: 'Leave out `resume`.', kind: 'other-samples' },
      }),
      'c.ck: the samples must be those of the checkpoint; got others. Leave out --resume.',
    ],
    [
      'a share',
      thrown(() => fitPlan({ solver: 'adam', validation: 1.5 }, 'fit')),
      '--validation must be a share of the samples in (0, 1); got 1.5.',
    ],
    [
      'a checkpoint',
      fileError(
        'c.ck',
        'format',
        'be "softmax-regression"',
        '"softmax-regression-checkpoint"',
        'It is a checkpoint: pass it to fit as `resume`, with the same samples and options.',
      ),
      'c.ck: format must be "softmax-regression"; got "softmax-regression-checkpoint". It is a checkpoint: to continue from it, add --resume to its train command.',
    ],
    [
      'a model',
      fileError(
        'b.st',
        'format',
        'be "softmax-regression-checkpoint"',
        '"softmax-regression"',
        'It is a model file: SoftmaxRegression.fromBytes reads it, and `warmStart` starts from its weights.',
      ),
      'b.st: format must be "softmax-regression-checkpoint"; got "softmax-regression". It is a model file: pass the file that --checkpoint wrote.',
    ],
  ])('speaks of files and flags: %s', (_, given, message) => {
    expect(explain(given, command).message).toBe(message);
  });

  it('says which backends Node has', async () => {
    const refused = await selectBackend('webgpu').catch((reason) => reason);
    expect(explain(refused, undefined).message).toBe(
      "backend 'webgpu' must load and compute correctly; got one that Node lacks: it has tensorflow, wasm and cpu. " +
        'Without --backend, the fastest working backend is selected.',
    );
  });

  it('names the data whose features are not those of the model', async () => {
    const model = { classes: ['a', 'b'], numFeatures: 2 };
    await expect(loadSamplesFor('iris', model, {}, {})).rejects.toThrow(
      'Iris: the samples must have the 2 features that the model reads; got 4.',
    );
  });
});
