// Columns that are no features: weights, groups, times; and classes with few rows.
import type { CsvOptions } from 'softmax-regression';
import { encodeRows } from '../src/data/table/encode-rows.js';
import { readCsvRows } from '../src/data/table/stream.js';
import { parseCsv } from '../src/data/table/table.js';
import { instantOf } from '../src/features/date.js';

const TABLE = `patient,width,weight,kind,seen
a,1,0.5,cat,2024-05-03
b,2,0,dog,2024-05-01
a,3,2,cat,2024-05-02T12:00+02:00
c,4,1e1,dog,2024-05-02 10:00:00Z
`;
const ROLES = { label: 'kind', sampleWeight: 'weight', group: 'patient', time: 'seen' } as const;

async function batchesOf(text: string, schema: ReturnType<typeof parseCsv>['schema'], options = {}) {
  const all = [];
  for await (const batch of readCsvRows([text], schema, { name: 'other.csv', ...options })) all.push(batch);
  return all;
}

describe('a table with weights, groups and times', () => {
  const table = parseCsv(TABLE, ROLES);

  it('has them beside its features, and not among them', () => {
    expect([...table.features.values]).toEqual([1, 2, 3, 4]);
    expect(table.featureNames).toEqual(['width']);
    expect([...(table.sampleWeights ?? [])]).toEqual([0.5, 0, 2, 10]);
    expect(table.groups).toEqual(['a', 'b', 'a', 'c']);
    const dates = ['2024-05-03', '2024-05-01', '2024-05-02T10:00:00Z', '2024-05-02T10:00:00Z'];
    expect([...(table.times ?? [])]).toEqual(dates.map((date) => new Date(date).getTime()));
  });

  it('has a schema that keeps the weight, and of groups and times only that they are ignored', () => {
    expect(table.schema.columns).toEqual([
      { kind: 'ignored', name: 'patient' },
      { kind: 'number', name: 'width' },
      { kind: 'weight', name: 'weight' },
      { kind: 'label', name: 'kind', type: 'string' },
      { kind: 'ignored', name: 'seen' },
    ]);
  });

  it('is read by its schema with weights where other rows have them', async () => {
    const [weighted] = await batchesOf('weight,kind,width\n3,cat,7\n0.25,dog,8\n', table.schema);
    expect([...(weighted.sampleWeights ?? [])]).toEqual([3, 0.25]);
    const [bare] = await batchesOf('kind,width\ncat,7\n', table.schema);
    expect(bare.sampleWeights).toBeUndefined();
    const [skipped] = await batchesOf('weight,kind,width\n-1,?,7\n', table.schema, { labels: 'skip' });
    expect(skipped.sampleWeights).toBeUndefined();
    expect([...encodeRows(table.schema, [{ width: 9 }]).values]).toEqual([9]);
  });

  it('is read without a header: whole, without the label, and without label and weight', async () => {
    const options = { header: false, label: 2, sampleWeight: 1 } as const;
    const { schema } = parseCsv('1,5,cat\n2,6,dog\n', options);
    for (const [row, weights] of [
      ['7,3,cat', [3]],
      ['7,3', [3]],
      ['7', undefined],
    ] as const) {
      const [{ features, sampleWeights }] = await batchesOf(`${row}\n`, schema);
      expect([...features.values]).toEqual([7]);
      expect(sampleWeights && [...sampleWeights]).toEqual(weights);
      expect([...encodeRows(schema, [row.split(',')]).values]).toEqual([7]);
    }
    expect(() => encodeRows(schema, [[7, 3, 'cat', 1]])).toThrow('rows[0]: the row must have 1 fields');
  });

  it('drops rows that lack one of them, if it drops rows', () => {
    const rows = 'p,w,x,k,t\na,1,1,u,1\n,1,2,v,2\nb,,3,u,3\nb,1,4,v,\nb,2,5,v,5\n';
    const options = { label: 'k', sampleWeight: 'w', group: 'p', time: 't', missing: 'drop' } as const;
    const { features, sampleWeights, groups, times, dropped, lines } = parseCsv(rows, options);
    expect([...features.values]).toEqual([1, 5]);
    expect([[...(sampleWeights ?? [])], groups, [...(times ?? [])]]).toEqual([
      [1, 2],
      ['a', 'b'],
      [1, 5],
    ]);
    expect([dropped, ...lines]).toEqual([3, 2, 6]);
  });

  it.each<[string, string, CsvOptions, object]>([
    [
      'a negative weight',
      'x,k,w\n1,a,1\n2,b,-1',
      { sampleWeight: 'w' },
      { where: 't.csv:3:3', argument: 'w', expected: 'be a finite number ≥ 0', actual: '"-1"' },
    ],
    [
      'an infinite weight',
      'x,k,w\n1,a,1\n2,b,1e999',
      { sampleWeight: 'w' },
      { where: 't.csv:3:3', expected: 'be a finite number ≥ 0' },
    ],
    [
      'a weight that is text',
      'x,k,w\n1,a,much\n2,b,1',
      { sampleWeight: 'w' },
      { where: 't.csv:2:3', actual: '"much"' },
    ],
    [
      'a missing weight, which is not filled in',
      'x,k,w\n1,a,1\n2,b,',
      { sampleWeight: 'w', missing: 'mean' },
      { where: 't.csv:3:3', expected: 'have a value', hint: "Pass `missing: 'drop'` to skip such rows." },
    ],
    [
      'weights that are all 0',
      'x,k,w\n1,a,0\n2,b,0',
      { sampleWeight: 'w' },
      { where: 't.csv', argument: 'w', expected: 'have a weight > 0' },
    ],
    [
      'a missing group',
      'x,k,g\n1,a,?\n2,b,1',
      { group: 'g' },
      { where: 't.csv:2:3', argument: 'g', expected: 'have a value' },
    ],
    [
      'a time that is neither number nor date',
      'x,k,t\n1,a,May\n2,b,1',
      { time: 't' },
      { where: 't.csv:2:3', argument: 't', expected: expect.stringMatching(/^be a finite number or a date/) },
    ],
    [
      'a day that is none',
      'x,k,t\n1,a,2024-02-28\n2,b,2024-02-30',
      { time: 't' },
      { where: 't.csv:3:3', expected: 'be a date, like the rows above' },
    ],
    [
      'a date that has two orders',
      'x,k,t\n1,a,04-04-2022\n2,b,09-07-2023',
      { time: 't' },
      { where: 't.csv:3:3', hint: 'Day and month have two orders here: write dates as 2024-05-31.' },
    ],
    [
      'a date among numbers',
      'x,k,t\n1,a,7\n2,b,2024-02-28',
      { time: 't' },
      { where: 't.csv:3:3', expected: 'be a finite number, like the rows above', hint: undefined },
    ],
    ['an unknown column', 'x,k\n1,a\n2,b', { group: 'patient' }, { where: 't.csv:1', argument: 'group' }],
    [
      'two roles of one column',
      'x,k\n1,a\n2,b',
      { group: 'k' },
      { code: 'DOMAIN', argument: 'group', actual: '"k", which `label` names' },
    ],
    ['no feature', 'k,w\na,1\nb,2', { sampleWeight: 'w' }, { expected: 'have at least one column of features' }],
  ])('refuses %s', (_, text, options, fields) => {
    expect(() => parseCsv(text, { name: 't.csv', label: 'k', ...options })).toThrow(
      expect.objectContaining({ code: 'FORMAT', ...fields }),
    );
  });

  it('refuses, by its schema, weights that are none, with their place', async () => {
    for (const [weight, rule] of [
      ['-1', 'be a finite number ≥ 0'],
      ['', 'have a value'],
      ['x', 'be a finite number ≥ 0'],
    ]) {
      await expect(batchesOf(`weight,kind,width\n1,cat,7\n${weight},cat,7\n`, table.schema)).rejects.toMatchObject({
        ...{ code: 'FORMAT', where: 'other.csv:3:1', argument: 'weight', expected: rule },
      });
    }
  });

  it('refuses options of another type, and a schema with two weights', () => {
    expect(() => parseCsv(TABLE, { label: 'kind', group: {} as string })).toThrow(
      expect.objectContaining({ code: 'DOMAIN', argument: 'group' }),
    );
    const columns = [...table.schema.columns, { kind: 'weight', name: 'w' } as const];
    expect(() => encodeRows({ ...table.schema, columns }, [])).toThrow('have at most one weight; got 2');
  });
});

describe('instantOf', () => {
  it('matches its docstring example', () => {
    expect(['1970-01-02', '1970-01-01T01:00+01:00', '2023-02-29'].map(instantOf)).toEqual([86400000, 0, Number.NaN]);
  });

  it.each(['2024-02-29', '1999-12-31T23:59:59Z', '2024-05-01T00:30:00.125-04:30', '0099-03-01T12:00:00Z'])(
    'agrees with Date on %s',
    (text) => expect(instantOf(text)).toBe(new Date(text).getTime()),
  );

  it('takes months, blanks for the T, and no offset for UTC', () => {
    expect(instantOf('2024-05')).toBe(Date.UTC(2024, 4));
    expect(instantOf('2024-05-01 10:20')).toBe(Date.UTC(2024, 4, 1, 10, 20));
    expect(instantOf('2024-05-01 10:20:30.5 +0200')).toBe(Date.UTC(2024, 4, 1, 8, 20, 30, 500));
  });

  it.each([
    '',
    '2024',
    '1.5.2024',
    '05/01/2024',
    '2024-13-01',
    '2024-00-01',
    '2024-05-00',
    '2024-05-01T24:00',
    '2024-05-01T10',
    '2024-05-01T10:60',
    '2024-05-01T10:00+25:00',
    'today',
  ])('refuses %p', (text) => expect(instantOf(text)).toBeNaN());
});

describe('classes with few rows', () => {
  const rows = 'x,colour,k\n1,red,a\n2,red,a\n3,blue,b\n4,grey,c\n5,blue,b\n60,red,a\n';

  it('are left out of the features, the means and the categories', () => {
    const table = parseCsv(rows, { label: 'k', strings: 'one-hot', missing: 'mean', minClassCount: 2 });
    const without = parseCsv(rows.replace('4,grey,c\n', ''), { label: 'k', strings: 'one-hot', missing: 'mean' });
    expect(table.features).toEqual(without.features);
    expect(table.schema).toEqual(without.schema);
    expect(table.classes).toEqual(['a', 'b']);
    expect(table.leftOut).toEqual({ c: 1 });
    expect([...table.lines]).toEqual([2, 3, 4, 6, 7]);
    expect(parseCsv(rows, { label: 'k', strings: 'one-hot', minClassCount: 1 }).leftOut).toBeUndefined();
  });

  it('are counted after rows with missing values are dropped, and as numbers if labels are numbers', () => {
    const dropping = parseCsv('x,k\n1,a\n2,a\n?,b\n3,b\n4,c\n5,c', { label: 'k', missing: 'drop', minClassCount: 2 });
    expect([dropping.classes, dropping.leftOut, dropping.dropped]).toEqual([['a', 'c'], { b: 1 }, 1]);
    const numbers = 'x,k\n1,1\n2,1.0\n3,2\n4,2\n5,3';
    expect(parseCsv(numbers, { label: 'k', labelType: 'number', minClassCount: 2 })).toMatchObject({
      ...{ classes: [1, 2], leftOut: { 3: 1 } },
    });
  });

  it.each<[string, number, object]>([
    ['only one class', 3, { argument: 'k', actual: 'only "a"', hint: expect.stringContaining('`minClassCount`') }],
    ['no row', 4, { argument: 'the table', actual: 'only rows of classes with too few rows' }],
  ])('are an error if %s is left', (_, minClassCount, fields) => {
    expect(() => parseCsv(rows, { label: 'k', ignore: ['colour'], minClassCount })).toThrow(
      expect.objectContaining({ code: 'FORMAT', ...fields }),
    );
    expect(() => parseCsv(rows, { label: 'k', minClassCount: 0 })).toThrow(
      expect.objectContaining({ code: 'DOMAIN', argument: 'minClassCount' }),
    );
  });
});
