// Kinds of columns: formatted numbers, dates, categories, missing values by column, codes and ids, row indices; and rows
// that do not fit.
import type { BadRow, CsvOptions, CsvSchema, CsvTable } from 'softmax-regression';
import { formatOf } from '../src/core/file-format.js';
import { encodeRows } from '../src/data/table/encode-rows.js';
import { parseGrouped, parsePercent } from '../src/data/table/number.js';
import { readCsvRows } from '../src/data/table/stream.js';
import { parseCsv } from '../src/data/table/table.js';
import { readSamples } from '../src/reading/read.js';
import { columnEffects } from '../src/report/model/effects.js';

const name = 't.csv';
const refusal = (text: string, options: CsvOptions = {}) => {
  try {
    parseCsv(text, { name, ...options });
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('The table was read.');
};
const listed = ({ features: { values, shape } }: Pick<CsvTable, 'features'>) =>
  Array.from({ length: shape[0] }, (_, i) => Array.from(values.subarray(i * shape[1], (i + 1) * shape[1])));
const numbered = (n: number, row: (i: number) => string) => Array.from({ length: n }, (_, i) => row(i)).join('\n');

describe('numbers with thousands separators', () => {
  it.each([
    ['1,367', '.', 1367],
    ['-1,234,567.5', '.', -1234567.5],
    ["1'234", '.', 1234],
    ['1 234', '.', 1234],
    ['1\u202f234,5', ',', 1234.5],
    ['1.234.567,5', ',', 1234567.5],
    ['999', '.', Number.NaN],
    ['1,36', '.', Number.NaN],
    ['1,367,5', '.', Number.NaN],
    ["1,234'567", '.', Number.NaN],
    ['1234,567', '.', Number.NaN],
    ['1,367', ',', Number.NaN],
    ['0x1,000', '.', Number.NaN],
    ['0,888', '.', Number.NaN],
    ['0.888', ',', Number.NaN],
  ] as const)('parseGrouped(%j, %j) is %d', (text, decimal, expected) => {
    expect(parseGrouped(text, decimal)).toBe(expected);
  });

  it('are read with `thousands`, in training and prediction alike', async () => {
    const table = parseCsv('x;y\n367;1\n1,367;2\n"12,000.5";3', { thousands: true });
    expect(listed(table)).toEqual([
      [367, 1],
      [1367, 2],
      [12000.5, 3],
    ]);
    expect(table.schema.thousands).toBe(true);
    expect(listed({ features: encodeRows(table.schema, [{ x: '2,000', y: 4 }]) })).toEqual([[2000, 4]]);
    for await (const batch of readCsvRows(['x;y\n3,000;1'], table.schema)) expect(listed(batch)).toEqual([[3000, 1]]);
  });

  it('are refused without it, with a way out that works', () => {
    for (const strings of ['error', 'one-hot'] as const) {
      const text = numbered(30, (i) => (i === 0 ? 'x;y' : `1,${100 + i};2`));
      expect(refusal(text, { strings })).toContain('t.csv:2:1: x must be a number');
      expect(refusal(text, { strings })).toContain('Pass `thousands: true`.');
      expect(parseCsv(text, { strings, thousands: true }).features.values[0]).toBe(1101);
    }
    const german = 'x;y\n1.234,5;2\n2.345,5;3';
    expect(refusal(german, { strings: 'one-hot' })).toContain("Pass `thousands: true` and `decimal: ','`");
    expect(parseCsv(german, { thousands: true, decimal: ',' }).features.values[0]).toBe(1234.5);
  });

  it('are not advised for decimal commas', () => {
    expect(refusal('x;y\n0,888;1\n0,112;2')).toContain("A decimal comma? Pass `decimal: ','`.");
    expect(refusal('x;y\n1,5;1\n1.589;2', { decimal: ',' })).toContain("A decimal point? Pass `decimal: '.'`.");
    expect(refusal('x;y\n12,5%;1\n1%;2')).toContain("A decimal comma? Pass `decimal: ','`.");
    // A comma may separate the fields as well, where numbers are quoted.
    const table = parseCsv('x,y\n"1,5",2\n"2,5",3', { decimal: ',', delimiter: ',' });
    expect(listed(table)).toEqual([
      [1.5, 2],
      [2.5, 3],
    ]);
  });

  it('may be read in other rows than those of training', () => {
    const { schema } = parseCsv('x,y\n1,2\n3,4');
    expect(() => encodeRows(schema, [{ x: '1,000', y: 2 }])).toThrow('Pass `thousands: true`');
    expect(encodeRows(schema, [{ x: '1,000', y: 2 }], { thousands: true }).values[0]).toBe(1000);
  });

  it('name themselves in a column with more values than categories may have', () => {
    const text = numbered(1200, (i) => (i === 0 ? 'x;y' : `${1 + (i % 9)},${String(i % 1000).padStart(3, '0')};2`));
    expect(refusal(text, { strings: 'one-hot', maxCategories: 50 })).toContain('Pass `thousands: true`.');
  });

  it('stay categories where these are asked for, and text in labels', () => {
    const table = parseCsv('x;y\n1,367;"1,000"\n2,000;"2,000"', { categories: ['x'], label: 'y', thousands: true });
    expect(table.featureNames).toEqual(['x=1,367', 'x=2,000']);
    expect(table.labels).toEqual(['1,000', '2,000']);
  });
});

describe('percentages', () => {
  it('parsePercent returns a share', () => {
    const read = (text: string, decimal: '.' | ',' = '.') => parsePercent(text, { decimal, thousands: true });
    expect([read('12.5 %'), read('-3%'), read('1,000%'), read('2,5%', ',')]).toEqual([0.125, -0.03, 10, 0.025]);
    expect([read('12'), read('%'), read('x%'), read('')]).toEqual([Number.NaN, Number.NaN, Number.NaN, Number.NaN]);
  });

  it('are read as shares, and a number among them is refused', () => {
    const table = parseCsv('x,y\n12%,1\n50%,2\n,3', { missing: 'mean' });
    expect(listed(table)).toEqual([
      [0.12, 1],
      [0.5, 2],
      [0.31, 3],
    ]);
    expect(listed({ features: encodeRows(table.schema, [{ x: '7 %', y: 0 }]) })).toEqual([[0.07, 0]]);
    // The number 0.12 could be 12 % or 0.12 %.
    for (const x of [0.12, '0.12']) {
      expect(() => encodeRows(table.schema, [{ x, y: 0 }])).toThrow(
        'x must be a percentage; got "0.12". Write it with a percent sign: "12%" is 0.12.',
      );
    }
    expect(refusal('x,y\n12%,1\n5,2')).toContain('t.csv:3:1: x must be a percentage, like the rows above; got "5"');
    expect(refusal('x,y\n5,1\n12%,2')).toContain('Write all values of the column with a percent sign, or none.');
  });
});

describe('dates', () => {
  const text = 'when,y\n2024-01-01,1\n2024-02-01,2';

  it('become year, days, month and weekday', () => {
    const { featureNames, features, schema, columns } = parseCsv(text, { dates: ['when'] });
    expect(featureNames.slice(0, 3)).toEqual(['when.year', 'when.days', 'when.month=1']);
    expect(features.shape).toEqual([2, 22]);
    expect(columns[0]).toMatchObject({ kind: 'date', values: 2, missing: 0, features: 21 });
    const row = encodeRows(schema, [{ when: '2025-03-01', y: 0 }]).values;
    expect([row[0], row[1]]).toEqual([2025, 425]);
  });

  it('are named where they are not expected, with ways out that work', () => {
    for (const strings of ['error', 'one-hot'] as const) {
      expect(refusal(text, { strings })).toContain('Pass `dates: ["when"]`');
      expect(parseCsv(text, { strings, ignore: ['when'] }).featureNames).toEqual(['y']);
    }
    expect(refusal(text, { strings: 'one-hot' })).toContain(
      't.csv:2:1: when must be a number or a category; got a date',
    );
    expect(parseCsv(text, { categories: ['when'] }).featureNames).toEqual(['when=2024-01-01', 'when=2024-02-01', 'y']);
  });

  it('need an order of day and month that all of them fit, or an option', () => {
    const days = (...each: string[]) => `d,y\n${each.map((day, i) => `${day},${i}`).join('\n')}`;
    const origin = (table: CsvTable) => new Date((table.schema.columns[0] as { origin: number }).origin).toISOString();
    expect(origin(parseCsv(days('01/02/2024', '13/02/2024'), { dates: ['d'] }))).toContain('2024-02-01');
    expect(origin(parseCsv(days('02/13/2024', '01/02/2024'), { dates: ['d'] }))).toContain('2024-01-02');
    const ambiguous = days('01/02/2024', '03/04/2024');
    expect(refusal(ambiguous, { dates: ['d'] })).toContain("Pass `dateOrder: 'dmy'` if the day is first");
    expect(origin(parseCsv(ambiguous, { dates: ['d'], dateOrder: 'mdy' }))).toContain('2024-01-02');
    expect(refusal('x\n1\n2\n', { dateOrder: 'mdy' })).toMatch(
      /: dateOrder must be left out where no column is read as dates; got "mdy"\. Name the columns of dates with `dates`\.$/,
    );
    // 05/05 is the same day in either order.
    expect(parseCsv(days('05/05/2024', '2024-06-01'), { dates: ['d'] }).features.shape).toEqual([2, 22]);
    const mixed = refusal(days('13/02/2024', '02/14/2024'), { dates: ['d'] });
    expect(mixed).toContain('t.csv:3:1: d must be a date such as 2024-01-31; got "02/14/2024"');
    expect(mixed).toContain('another order of day and month');
  });

  it('are filled in where they are missing, by the mean or the median moment', () => {
    const holes = 'd,y\n2024-01-01,1\n,2\n2024-01-02,3\n2024-01-09,4';
    const days = (missing: 'mean' | 'median') =>
      listed(parseCsv(holes, { dates: ['d'], missing })).map((row) => row[1]);
    expect(days('mean')).toEqual([0, 3, 1, 8]);
    expect(days('median')).toEqual([0, 1, 1, 8]);
  });

  it('are refused in the order that is given by the option, not by the rows above', () => {
    expect(refusal('x,y\n18-05-2021,1\n19-05-2021,2', { dates: ['x'], dateOrder: 'mdy' })).toMatch(
      / got "18-05-2021"\. `dateOrder: 'mdy'` does not read it; `dateOrder: 'dmy'` does\.$/,
    );
  });

  it('are refused by their place where text is no date, and a new moment need not be known', () => {
    const { schema } = parseCsv(text, { dates: ['when'] });
    expect(() => encodeRows(schema, [{ when: 'soon', y: 1 }])).toThrow(
      'when must be a date such as 2024-01-31; got "soon"',
    );
    expect(refusal('when,y\n2024-01-01,1\nsoon,2', { dates: ['when'] })).toContain('t.csv:3:1: when must be a date');
  });
});

describe('missing values by column', () => {
  const text = 'age,city,y\n20,,1\n,Rome,2\n40,Oslo,3\n60,Oslo,4';

  it('have a policy of their own', () => {
    const missingByColumn = { age: 'median', city: 'indicator' } as const;
    const table = parseCsv(text, { strings: 'one-hot', missingByColumn });
    expect(table.featureNames).toEqual(['age', 'city=Oslo', 'city=Rome', 'city missing', 'y']);
    expect(listed(table)).toEqual([
      [20, 0, 0, 1, 1],
      [40, 0, 1, 0, 2],
      [40, 1, 0, 0, 3],
      [60, 1, 0, 0, 4],
    ]);
    expect(listed({ features: encodeRows(table.schema, [{ age: null, city: null, y: 0 }]) })).toEqual([
      [40, 0, 0, 1, 0],
    ]);
    // The caller's own policy counts for all columns.
    expect(encodeRows(table.schema, [{ age: null, city: 'Oslo', y: 0 }], { missing: 'drop' }).shape).toEqual([0, 5]);
  });

  it('are shown only in the rows where they are missing, when batches share memory', async () => {
    const { schema } = parseCsv('x,c,y\n1,a,1\n,,2\n3,b,3', { missing: 'indicator', strings: 'one-hot' });
    const rows: number[][] = [];
    for await (const batch of readCsvRows(['x,c,y\n,,0\n4,b,0\n'], schema, { batchSize: 1 }))
      rows.push(...listed(batch));
    expect(rows).toEqual([
      [2, 1, 0, 0, 1, 0],
      [4, 0, 0, 1, 0, 0],
    ]);
  });

  it('are shown by an indicator beside the mean', () => {
    const table = parseCsv('x,b,y\n1,true,1\n,false,2\n3,,3', { missing: 'indicator' });
    expect(table.featureNames).toEqual(['x', 'x missing', 'b', 'b missing', 'y']);
    expect(listed(table)).toEqual([
      [1, 0, 1, 0, 1],
      [2, 1, 0, 0, 2],
      [3, 0, 0.5, 1, 3],
    ]);
  });

  it('need no indicator in a column that is complete, where they are filled in later', () => {
    const table = parseCsv('x,c,y\n1,a,1\n3,b,2\n5,b,3', { missing: 'indicator', strings: 'one-hot' });
    expect(table.featureNames).toEqual(['x', 'c=a', 'c=b', 'y']);
    expect(listed({ features: encodeRows(table.schema, [{ x: null, c: null, y: 0 }]) })).toEqual([[3, 0, 1, 0]]);
  });

  it('are filled in by the median of a column with any name', () => {
    for (const name of ['constructor', '__proto__', 'toString']) {
      const table = parseCsv(`${name},y\n1,1\n,2\n9,3\n2,4`, { missing: 'median' });
      expect(table.features.values[2]).toBe(2);
    }
  });

  it('drop a row for one column only', () => {
    const table = parseCsv(text, { ignore: ['city'], missing: 'mean', missingByColumn: { age: 'drop' } });
    expect([table.dropped, table.features.shape]).toEqual([1, [3, 2]]);
    expect(table.columns[0]).toMatchObject({ name: 'age', missing: 1 });
  });

  it('are an error where the caller asks for it, and are filled in only as training has learnt', () => {
    const { schema } = parseCsv('x,c,y\n1,a,1\n,,2\n3,b,3', { missing: 'indicator', strings: 'one-hot' });
    const holes = [
      { x: null, c: 'a', y: 0 },
      { x: 1, c: null, y: 0 },
    ];
    for (const hole of holes) {
      expect(() => encodeRows(schema, [hole], { missing: 'error' })).toThrow('must');
      expect(encodeRows(schema, [hole], { missing: 'drop' }).shape).toEqual([0, 6]);
      expect(encodeRows(schema, [hole], { missing: 'indicator' })).toEqual(encodeRows(schema, [hole]));
    }
    expect(() => encodeRows(schema, holes, { missing: 'median' })).toThrow(
      'missing must be among error, drop, indicator',
    );
  });

  it('are refused by the name of a column that is unknown, or a policy', () => {
    expect(refusal(text, { missingByColumn: { aeg: 'mean' } })).toContain('Did you mean "age"?');
    expect(() => parseCsv(text, { missingByColumn: { age: 'mode' as 'mean' } })).toThrow('missingByColumn["age"]');
  });

  it('of labels are dropped apart from those of features', () => {
    const holes = 'x,y\n1,a\n2,\n,b\n4,b';
    const options = { label: 'y', missing: 'mean' } as const;
    expect(refusal(holes, options)).toContain(
      "t.csv:3:2: y must have a value; got nothing. Pass `missingLabel: 'drop'`",
    );
    const table = parseCsv(holes, { ...options, missingLabel: 'drop' });
    expect([table.labels, listed(table)]).toEqual([
      ['a', 'b', 'b'],
      [[1], [2.5], [4]],
    ]);
    expect(refusal(holes, { label: 'y', missing: 'drop', missingLabel: 'error' })).toContain('t.csv:3:2');
    expect(parseCsv(holes, { label: 'y', missing: 'drop' }).labels).toEqual(['a', 'b']);
  });
});

describe('a mark of missing values that is not known', () => {
  it('is named with the option that takes it, also in the first row', () => {
    expect(refusal('x,y\n-,1\n2,3')).toContain('If it marks a missing value, add `missingTokens: ["-"]`.');
    expect(refusal('d,y\n2024-01-01,1\nsoon,3', { dates: ['d'] })).toContain('add `missingTokens: ["soon"]`');
  });
});

describe('the use of columns', () => {
  it('adds up: text columns one-hot, and a column of numbers as well', () => {
    const text = 'year,colour,x\n2020,red,1\n2021,blue,2';
    const { featureNames } = parseCsv(text, { strings: 'one-hot', categories: ['year'] });
    expect(featureNames).toEqual(['year=2020', 'year=2021', 'colour=blue', 'colour=red', 'x']);
    expect(parseCsv(text, { strings: 'one-hot', categories: [0] }).featureNames).toEqual(featureNames);
    expect(parseCsv(text, { strings: ['year', 'colour'] }).featureNames).toEqual(featureNames);
  });

  it('is one for each column', () => {
    const text = 'd,y\n2024-01-01,a\n2024-01-02,b';
    expect(refusal(text, { dates: ['d'], categories: ['d'] })).toContain('"d", which `categories` names');
    expect(refusal(text, { label: 'y', dates: ['y'] })).toContain('"y", which `label` names');
  });

  it.each<[string, Parameters<typeof parseCsv>[1]]>([
    ['label', { label: 'y' }],
    ['categories', { categories: ['y'] }],
    ['categories', { strings: ['y'] }],
    ['dates', { dates: ['y'] }],
  ])('is not that of %s where the column is ignored', (option, use) => {
    const rows = 'x,z,y\n1,3,2024-01-01\n2,4,2024-01-02';
    expect(refusal(rows, { ...use, ignore: ['y'] })).toBe(
      `t.csv:1: ignore must be left out for a column that has another use; got "y", which \`${option}\` names.`,
    );
  });

  it('may be a weight, a group or a time where the column is ignored: these are no features', () => {
    const rows = 'x,w,g,t,y\n1,2,a,5,u\n2,3,b,6,v';
    const roles = { label: 'y', sampleWeight: 'w', group: 'g', time: 't' } as const;
    expect(parseCsv(rows, { ...roles, ignore: ['w', 'g', 't'] })).toEqual(parseCsv(rows, roles));
  });

  it.each<[string, string, string]>([
    ['y', 'label', " Pass `missingLabel: 'drop'` to skip rows without a label."],
    ['w', 'sampleWeight', " Pass `missing: 'drop'` to skip rows without a value there."],
    ['g', 'group', " Pass `missing: 'drop'` to skip rows without a value there."],
    ['t', 'time', " Pass `missing: 'drop'` to skip rows without a value there."],
    ['i', 'ignore', ''],
  ])('%s, named by %s, has no policy for missing values of its own', (column, option, hint) => {
    const rows = 'x,w,g,t,i,y\n1,2,a,5,,u\n2,3,b,6,,v';
    const roles = { label: 'y', sampleWeight: 'w', group: 'g', time: 't', ignore: ['i'] } as const;
    expect(refusal(rows, { ...roles, missingByColumn: { [column]: 'drop' } })).toBe(
      `t.csv:1: missingByColumn must name only columns of features; got "${column}", which \`${option}\` names.${hint}`,
    );
    expect(parseCsv(rows, { ...roles, missing: 'drop', missingLabel: 'drop' }).labels).toEqual(['u', 'v']);
  });

  it('with policies of their own may be that of categories and dates', () => {
    const missingByColumn = { c: 'indicator', d: 'mean' } as const;
    const rows = 'c,d,x\na,2024-01-01,1\n,,2\nb,2024-01-03,3';
    expect(parseCsv(rows, { categories: ['c'], dates: ['d'], missingByColumn }).dropped).toBe(0);
  });
});

describe('a row index', () => {
  it.each([
    ['an unnamed first column', ',x,y\n0,1,a\n1,2,b\n'],
    ['names of rows', '"",x,y\nMazda,1,a\nFiat,2,b\n'],
    ['pandas’s name for it', 'Unnamed: 0,x,y\n0,1,a\n1,2,b\n'],
  ])('is not read, and said so: %s', (_, text) => {
    const { featureNames, columns, schema } = parseCsv(text, { label: 'y' });
    expect(featureNames).toEqual(['x']);
    expect(columns[0].kind).toBe('ignored');
    expect(columns[0].note).toContain('not read');
    expect(listed({ features: encodeRows(schema, [{ x: 3 }]) })).toEqual([[3]]);
  });

  it('is a feature where its values are no row numbers', () => {
    expect(parseCsv('Unnamed: 0,y\n5,a\n1,b\n', { label: 'y' }).featureNames).toEqual(['Unnamed: 0']);
  });

  it('may be missing in a file to predict', async () => {
    const { schema } = parseCsv(',x,y\n0,1,a\n1,2,b\n', { label: 'y' });
    for await (const batch of readCsvRows(['x\n7\n'], schema)) expect(listed(batch)).toEqual([[7]]);
  });
});

describe('suspect columns', () => {
  it.each(['1e16', '1e308', '-1e16'])('leave out a constant column of %s', (text) => {
    const [column] = parseCsv(`c,x\n${numbered(40, (i) => `${text},${i % 7}`)}`).columns;
    expect([column.values, column.suspect, column.note]).toEqual([1, undefined, undefined]);
  });

  const suspects = (head: string, row: (i: number) => string, options: CsvOptions = {}) =>
    parseCsv(`${head}\n${numbered(40, row)}`, options).columns.map(({ suspect }) => suspect);

  it('hold ids, codes, or free text', () => {
    expect(suspects('n,x', (i) => `${i + 1},${i % 7}`)).toEqual(['id', undefined]);
    expect(suspects('user_id,x', (i) => `${(i * 7919) % 1000},${i % 7}`)).toEqual(['id', undefined]);
    expect(suspects('customerId,x', (i) => `${(i * 7919) % 1000},${i % 7}`)).toEqual(['id', undefined]);
    expect(suspects('zip,x', (i) => `0${2134 + (i % 5)},${i % 7}`)).toEqual(['code', undefined]);
    expect(suspects('postcode,x', (i) => `${1000 + (i % 5)},${i % 7}`)).toEqual(['code', undefined]);
    expect(suspects('tweet,x', (i) => `1234567890123456${i + 100},${i % 7}`)).toEqual(['id', undefined]);
    const strings = 'one-hot';
    expect(suspects('hash,x', (i) => `a${i}f,${i % 7}`, { strings })).toEqual(['id', undefined]);
    expect(suspects('note,x', (i) => `it was ${i} again,${i % 7}`, { strings })).toEqual(['text', undefined]);
  });

  it('are none of the usual ones', () => {
    expect(suspects('age,price,city', (i) => `${20 + (i % 30)},${i * 1.5},c${i % 3}`, { strings: 'one-hot' })).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(suspects('width,paid', (i) => `${(i * 31) % 97},${i % 2 === 0}`)).toEqual([undefined, undefined]);
  });

  it('name the way out in options', () => {
    const { columns } = parseCsv(`zip,x\n${numbered(30, (i) => `0${100 + (i % 4)},${i}.5`)}`);
    expect(columns[0].note).toContain('`categories: ["zip"]` or `ignore: ["zip"]`');
  });

  it('of labels are said to stay text', () => {
    const { columns } = parseCsv('x,y\n1,02134\n2,2134', { label: 'y' });
    expect(columns[1]).toMatchObject({ kind: 'label', values: 2, note: 'codes such as 02134 stay text' });
  });
});

describe('rows that do not fit', () => {
  const text = 'x,c,y\n1,a,p\n2,b\nseven,a,q\n4,a,p\n5,a,q\n';

  it('are skipped and reported, and teach nothing', () => {
    const bad: BadRow[] = [];
    const table = parseCsv(text, { label: 'y', strings: 'one-hot', onBadRow: (row) => bad.push(row) });
    expect(listed(table)).toEqual([
      [1, 1],
      [4, 1],
      [5, 1],
    ]);
    expect(table.featureNames).toEqual(['x', 'c=a']);
    expect(Array.from(table.lines)).toEqual([2, 5, 6]);
    expect(bad.map(({ line, fields }) => [line, fields])).toEqual([
      [3, ['2', 'b']],
      [4, ['seven', 'a', 'q']],
    ]);
    expect(bad[1].error.message).toContain('t.csv:4:1: x must be a number'.replace('t.csv', 'parseCsv'));
  });

  it('are an error where they are most of the rows', () => {
    const odd = 'x,y\n?x,1\n1,2\n2,3\n3,4\n';
    expect(refusal(odd, { strings: 'one-hot', onBadRow: () => undefined })).toContain(
      '3 of 4 that do not; the first: t.csv:3:1',
    );
  });

  it('are skipped in a stream as well', async () => {
    const { schema } = parseCsv(text.replace('2,b\nseven,a,q\n', ''), { label: 'y', strings: 'one-hot' });
    const bad: number[] = [];
    const rows: number[][] = [];
    const chunks = ['x,c\n1,a\nx,a\n', '2,zebra\n3,a,b\n4,a\n'];
    for await (const batch of readCsvRows(chunks, schema, { onBadRow: ({ line }) => bad.push(line) })) {
      rows.push(...listed(batch));
    }
    expect([rows, bad]).toEqual([
      [
        [1, 1],
        [4, 1],
      ],
      [3, 4, 5],
    ]);
  });

  it('do not hide errors of the table', () => {
    const onBadRow = () => undefined;
    expect(refusal('x,x\n1,2', { onBadRow })).toContain('name each column once');
    expect(refusal('c,y\na,1\nb,2\nc,3', { strings: 'one-hot', maxCategories: 2, onBadRow })).toContain(
      'at most 2 different',
    );
  });
});

describe('labels that the classes do not have', () => {
  const read = async (text: string, schema: CsvSchema, options: object) => {
    const labels: unknown[] = [];
    const unknown: unknown[] = [];
    const onUnknownLabel = (row: unknown) => unknown.push(row);
    for await (const batch of readCsvRows([text], schema, { name, onUnknownLabel, ...options })) {
      labels.push(...(batch.labels ?? []), ...batch.lines, ...(batch.sampleWeights ?? []));
    }
    return { labels, unknown };
  };

  it('are refused with the way out, which leaves the rows out and passes them on', async () => {
    const { schema } = parseCsv('x,w,y\n1,1,a\n2,1,b', { label: 'y', sampleWeight: 'w' });
    const text = 'x,w,y\n1,2,a\n2,3,rare\n3,4,b\n4,5,odd';
    await expect(read(text, schema, { classes: ['a', 'b'], onUnknownLabel: undefined })).rejects.toThrow(
      't.csv:3:3: y must be one of the classes "a", "b"; got "rare". Pass `onUnknownLabel` to leave such rows out.',
    );
    expect(await read(text, schema, { classes: ['a', 'b'] })).toEqual({
      labels: ['a', 'b', 2, 4, 2, 4],
      unknown: [
        { line: 3, label: 'rare', sampleWeight: 3 },
        { line: 5, label: 'odd', sampleWeight: 5 },
      ],
    });
    await expect(read('x,w,y\n1,2,', schema, { classes: ['a', 'b'] })).rejects.toThrow('y must have a value');
    await expect(read('x,w,y\nno,2,odd', schema, { classes: ['a', 'b'] })).rejects.toThrow('x must be a number');
  });

  it('may be missing by a policy of their own, beside that of the features', async () => {
    const { schema } = parseCsv('x,y\n1,a\n2,b', { label: 'y', missing: 'mean' });
    const text = 'x,y\n1,\n,b';
    await expect(read(text, schema, {})).rejects.toThrow("got nothing. Pass `missingLabel: 'drop'` to skip such rows.");
    expect(await read(text, schema, { missingLabel: 'drop' })).toEqual({ labels: ['b', 3], unknown: [] });
    const dropping = { ...schema, missing: 'drop' } as const;
    await expect(read(text, dropping, { missingLabel: 'error' })).rejects.toThrow('y must have a value');
    await expect(read('x,y\n1,', schema, { missing: 'drop', missingLabel: 'error' })).rejects.toThrow('y must have');
    await expect(read(text, schema, { missingLabel: 'mean' as never })).rejects.toThrow('must be');
  });

  it('are compared as numbers by another type of labels, which the refusal names', async () => {
    const { schema } = parseCsv('x,y\n1,0.0\n2,1.0', { label: 'y' });
    const plain = { classes: ['0.0', '1.0'], onUnknownLabel: undefined };
    await expect(read('x,y\n1,1', schema, plain)).rejects.toThrow(
      'got "1". Train with `labelType: \'number\'` to compare labels as numbers. Pass `onUnknownLabel`',
    );
    await expect(read('x,y\n1,2', schema, plain)).rejects.toThrow('got "2". Pass `onUnknownLabel`');
    const numbers = parseCsv('x,y\n1,0.0\n2,1.0', { label: 'y', labelType: 'number' });
    const { labels } = await read('x,y\n1,1', numbers.schema, { classes: [0, 1], onUnknownLabel: undefined });
    expect(labels).toEqual([1, 2]);
  });

  it('may be of another type', async () => {
    for (const [table, classes, label] of [
      ['x,y\n1,3\n2,4', [3, 4], 'other'],
      ['x,y\n1,true\n2,false', [true, false], '7'],
    ] as const) {
      const { schema } = parseCsv(table, { label: 'y' });
      const text = `${table}\n9,${label}`;
      expect((await read(text, schema, { classes })).unknown).toEqual([{ line: 4, label }]);
      await expect(read(text, schema, { classes, onUnknownLabel: undefined })).rejects.toThrow(
        /, like the classes; got ".*"\. Pass `onUnknownLabel`/,
      );
    }
  });
});

describe('a file without a header', () => {
  const read = async (text: string, options: object) => {
    const { schema } = parseCsv('x,i,y,z\n1,0,a,3\n2,0,b,4', { label: 'y', ignore: ['i'] });
    const rows: unknown[] = [];
    for await (const batch of readCsvRows([text], schema, { name, ...options })) {
      rows.push(...listed(batch), ...(batch.labels ?? []));
    }
    return rows;
  };

  it('is read in the order of the schema, with labels or without', async () => {
    expect(await read('5,0,b,6\n', { header: false })).toEqual([[5, 6], 'b']);
    expect(await read('5,0,6\n', { header: false })).toEqual([[5, 6]]);
    expect(await read('z,x,i\n6,5,0\n', { header: true })).toEqual([[5, 6]]);
  });

  it('is named where the header is expected, and the header where it is not', async () => {
    await expect(read('5,0,b,6\n', {})).rejects.toThrow('If the first line is data, pass `header: false`.');
    await expect(read('x,i,y,z\n5,0,b,6\n', { header: false })).rejects.toThrow(
      't.csv:1: the first line must hold data: `header: false` is given; got "x", "i", "y", "z". It looks like a header: leave out `header: false`.',
    );
    await expect(read('5,0\n', { header: 'no' })).rejects.toThrow('readCsvRows: header must be');
  });
});

describe('columns that are kept', () => {
  it('are passed through a stream as text', async () => {
    const { schema } = parseCsv('x,y\n1,a\n2,b', { label: 'y' });
    const kept: unknown[] = [];
    for await (const batch of readCsvRows(['id,x,"a b"\n007,1," q"\n8,2,r'], schema, { keep: ['a b', 'id'] })) {
      kept.push(...(batch.kept ?? []));
    }
    expect(kept).toEqual([
      ['q', '007'],
      ['r', '8'],
    ]);
    const unknown = async () => {
      for await (const _ of readCsvRows(['x,ident\n1,2'], schema, { name, keep: ['idents'] })) break;
    };
    await expect(unknown()).rejects.toThrow('Did you mean "ident"?');
  });
});

describe('comment lines', () => {
  it('are skipped and counted, wherever they are and whatever they contain', () => {
    const text = '# "a\n#b,c,d\nx;y\n#\n1;a\n# 1;"\n"2\n#3";b\n#end';
    const table = parseCsv(text, { comment: '#', label: 'y', categories: ['x'] });
    expect(table.featureNames).toEqual(['x=1', 'x=2\n#3']);
    expect(Array.from(table.lines)).toEqual([5, 7]);
    expect(table.schema.comment).toBe('#');
  });

  it('are the same however the chunks are cut', async () => {
    const { schema } = parseCsv('%c\nx,y\n1,a\n2,b', { comment: '%', label: 'y' });
    const text = '%a,b\nx\n%\n1\n%x\n2\n%';
    for (let size = 1; size < text.length; size++) {
      const chunks = Array.from({ length: Math.ceil(text.length / size) }, (_, i) =>
        text.slice(i * size, (i + 1) * size),
      );
      const rows: number[][] = [];
      const lines: number[] = [];
      for await (const batch of readCsvRows(chunks, schema)) {
        rows.push(...listed(batch));
        lines.push(...batch.lines);
      }
      expect([rows, lines]).toEqual([
        [[1], [2]],
        [4, 6],
      ]);
    }
  });

  it('do not decide the delimiter, and are no delimiter', () => {
    expect(parseCsv('#;;;\na,b;c,y\n#;;;\n1,2,3\n4,5,6', { comment: '#' }).featureNames).toEqual(['a', 'b;c', 'y']);
    expect(() => parseCsv('a;b\n1;2', { comment: ';', delimiter: ';' })).toThrow('delimiter must be');
    expect(() => parseCsv('a;b\n1;2', { comment: 'x' })).toThrow('comment must be one of');
  });

  it('are suggested where the first line begins with #', () => {
    expect(refusal('# made by hand\na,b\n1,2')).toContain("If # begins a comment, pass `comment: '#'`.");
  });
});

describe('files of other formats', () => {
  const bytes = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

  it.each([
    ['PAR1\x15\x04\x15', 'a Parquet file'],
    ['PK\x03\x04\x14\x00', 'a zip file, or a workbook such as xlsx'],
    ['\xd0\xcf\x11\xe0\xa1\xb1', 'a workbook such as xls'],
    ['ARROW1\x00\x00', 'an Arrow file'],
    ['SQLite format 3\x00', 'an SQLite database'],
    ['\x89HDF\r\n', 'an HDF5 file'],
    ['\x93NUMPY\x01\x00', 'a NumPy array'],
    ['%PDF-1.7\n', 'a PDF file'],
    ['% comment\n@RELATION iris\n', 'an ARFF file'],
    ['\n[ {"a": 1}]', 'JSON'],
    ['{\n"a": [1]}', 'JSON'],
    ['<!DOCTYPE html>', 'an HTML page'],
    ['\xff\xfex\x00', 'UTF-16 text'],
    ['x\x00,\x00y\x00', 'UTF-16 text'],
    ['\x00x\x00,\x00y', 'UTF-16 text'],
  ])('are named: %j', (start, format) => {
    expect(formatOf(bytes(start))?.name).toBe(format);
    expect(() => parseCsv(bytes(start), { name })).toThrow(`t.csv: the file must be a CSV file; got ${format}.`);
  });

  it('are not seen in tables', () => {
    for (const text of [
      'ORC,x\n1,2',
      'PAR1,é\n1,2',
      '[a],b\n1,2',
      '{x},y',
      'BZh,x',
      '%x,y',
      '<b>,c',
      '@relations,x',
      'x\0,y',
      '\0,x',
    ]) {
      expect(formatOf(new TextEncoder().encode(text))).toBeUndefined();
    }
  });
});

describe('readSamples', () => {
  it('passes on what was found in the columns', async () => {
    const file = new File(['id,d,y\n1,2024-01-05,a\n2,2024-01-06,b'], 'x.csv');
    const { columns } = await readSamples([file], { label: 'y', dates: ['d'], ignore: ['id'] });
    expect(columns?.map(({ kind }) => kind)).toEqual(['ignored', 'date', 'label']);
  });
});

describe('the report', () => {
  it('assigns the weights to the columns of every kind', () => {
    const text = 'd,x,c,w,y\n2024-01-01,1,red,1,a\n2024-02-01,,,2,b\n2024-03-02,3,blue,1,a';
    const options = { label: 'y', strings: 'one-hot', dates: ['d'], missing: 'indicator', sampleWeight: 'w' } as const;
    const { schema, featureNames } = parseCsv(text, options);
    const weight = featureNames.map((_, j) => [0, j + 1]);
    const { length: numFeatures } = featureNames;
    const model = { classes: ['a', 'b'], numFeatures, numParameters: 0, weight, bias: [0, 0], featureNames, schema };
    const columns = columnEffects({ data: { name: 't' }, model: { ...model, options: { solver: 'lbfgs' } } });
    const starts = Object.fromEntries(columns.map(({ column }) => [column.name, column.start]));
    expect(starts).toMatchObject({ 'd.year': 0, 'd.weekday=Sunday': 20, x: 21, 'x missing': 22, c: 23 });
    expect(columns.find(({ column }) => column.name === 'c')?.column.categories).toEqual(['blue', 'red', 'missing']);
  });
});

describe('thousands separators that are read as decimal marks', () => {
  const noteOf = (values: readonly string[], options = {}) => {
    const text = `x;y\n${values.map((value, i) => `${value};${'ab'[i % 2]}`).join('\n')}`;
    return parseCsv(text, { label: 'y', delimiter: ';', ...options }).columns[0];
  };
  const many = (i: number) => (i % 3 === 0 ? String(100 + i) : `${1 + (i % 9)}.${String(100 + 7 * i)}`);
  const values = Array.from({ length: 40 }, (_, i) => many(i));

  it.each<[string, readonly string[], object]>([
    ['with a point', values, {}],
    ['with a comma', values.map((value) => value.replace('.', ',')), { decimal: ',' }],
  ])('are noted: %s', (_, given, options) => {
    const { suspect, note } = noteOf(given, options);
    expect(suspect).toBe('thousands');
    expect(note).toMatch(/^[\d.,]{5} is below 1000: thousands\? `thousands: true` and `decimal: '[.,]'`$/);
  });

  it.each<[string, readonly string[], object]>([
    ['the option is given', values.map((value) => value.replace('.', ',')), { thousands: true }],
    ['a number has two decimals', [...values, '1.25'], {}],
    ['a number without a mark is 1000 or more', [...values, '1000'], {}],
    ['no number is without a mark', values.filter((value) => value.includes('.')), {}],
    ['only small numbers are without a mark', values.map((value) => (value.includes('.') ? value : '3')), {}],
    ['the fraction of one begins with 0.', [...values, '0.125'], {}],
  ])('are not noted where %s', (_, given, options) => {
    expect(noteOf(given, options).suspect).toBeUndefined();
  });
});

describe('comments of another table', () => {
  it('are skipped with the way out that the message names', async () => {
    const { schema } = parseCsv('x,z,y\n1,2,a\n2,3,b', { label: 'y' });
    const rows = async (comment?: string) => {
      for await (const { features } of readCsvRows(['# of 2024\nx,z,y\n5,6,a\n'], schema, { name, comment }))
        return [...features.values];
      return undefined;
    };
    await expect(rows()).rejects.toThrow("If # begins a comment, pass `comment: '#'`.");
    expect(await rows('#')).toEqual([5, 6]);
    await expect(rows('ab')).rejects.toThrow('readCsvRows: comment must be one of the characters');
  });
});

describe('the name of a column', () => {
  it.each([
    [{ label: 'Y' }, 'Did you mean "y"?'],
    [{ label: 'y', ignore: ['x,z'] }, 'Several columns? Pass `ignore: ["x", "z"]`.'],
    [{ label: 'y', dates: ['x, z'] }, 'Several columns? Pass `dates: ["x", "z"]`.'],
    [{ label: 'y', ignore: ['x,w'] }, 'If the first line is data, pass `header: false`.'],
  ])('is suggested for %j', (options, hint) => {
    const message = refusal('x,z,y\n1,2,a\n2,3,b', options);
    expect(message.slice(-hint.length)).toBe(hint);
  });

  it('may stand below a title', () => {
    expect(refusal('Sales of 2024\nx,y\n1,a\n2,b', { label: 'y', delimiter: ',' })).toContain(
      'got "y". If a title precedes the header, remove that line.',
    );
  });
});

describe('a marker that is a number', () => {
  it('is met by its value, and not by a code', () => {
    const text = 'x,c,y\n-999.0,-999.0,a\n1,-999.0,b\n1,008,a\n2,007,b';
    const options = { label: 'y', missing: 'drop', missingTokens: ['', '-999', '7'], categories: ['c'] } as const;
    const { schema, featureNames, dropped } = parseCsv(text, options);
    expect([dropped, featureNames]).toEqual([2, ['x', 'c=007', 'c=008']]);
    expect([...encodeRows(schema, [['-9.99e2', '008']]).values]).toEqual([]);
    expect(parseCsv('x,y\n-999.5,a\n0,b', { label: 'y', missingTokens: ['-999'] }).dropped).toBe(0);
    const codes = parseCsv('x,y\n1,007\n2,008', { label: 'y', missing: 'drop', missingTokens: ['7'] });
    expect(codes.labels).toEqual(['007', '008']);
  });
});
