// What `explain` computes: the row, the baseline, and the contributions by column of the table.
import fc from 'fast-check';
import { encodeRows, parseCsv, SoftmaxRegression } from 'softmax-regression';
import type { RowBatch } from '../src/cli/commands/predict.js';
import { findRow, reasonLines, reasonsOf, type Wanted } from '../src/cli/reasons.js';
import { decodeModel } from '../src/serialization/model-file.js';
import { useBackend } from './helpers/backends.js';
import { farColumns } from './helpers/far-columns.js';
import { modelOf } from './helpers/models.js';
import { PROPERTY } from './helpers/numbers.js';
import { denseProblem } from './helpers/problems.js';

beforeAll(() => useBackend('cpu'));

const contentOf = (model: SoftmaxRegression<string>) => decodeModel(model.toBytes());

const PETS = `width,colour,tame,kind
1,red,true,cat
9,blue,false,dog
2,red,true,cat
8,blue,true,dog
3,green,false,cat
7,red,false,dog
`;

async function pets() {
  const table = parseCsv(PETS, { label: 'kind', strings: 'one-hot', unseen: 'zero' });
  const { features, labels, schema } = table;
  const { model } = await SoftmaxRegression.fit(features, labels as string[], { schema, standardize: true });
  return { ...table, model, content: contentOf(model) };
}

describe('reasonsOf', () => {
  it('sums with the baseline to the log odds of the two most probable classes', () => {
    const problem = denseProblem.filter(({ bias }) => bias.length >= 2);
    fc.assert(
      fc.property(problem, fc.boolean(), ({ features, weight, bias }, hasBaseline) => {
        const model = modelOf(
          weight,
          bias,
          bias.map((_, k) => `class ${k}`),
        );
        const row = Float64Array.from(features[0]);
        const mean = hasBaseline ? Float64Array.from(features[features.length - 1]) : undefined;
        const { label, against, probabilities, logOdds, baseline, contributions } = reasonsOf(
          contentOf(model),
          row,
          mean,
        );
        expect(label).toBe(model.predict([row])[0]);
        expect([label, against]).toEqual(probabilities.slice(0, 2).map((each) => each.label));
        const odds = (logits: ArrayLike<number>) =>
          logits[model.classes.indexOf(label as string)] - logits[model.classes.indexOf(against as string)];
        expect(logOdds).toBe(odds(model.logits([row])[0]));
        expect(baseline).toBe(odds(mean === undefined ? Float64Array.from(bias) : model.logits([mean])[0]));
        const sizes = Math.abs(baseline) + contributions.reduce((sum, each) => sum + Math.abs(each.logOdds), 0);
        const sum = contributions.reduce((total, each) => total + each.logOdds, baseline);
        expect(Math.abs(sum - logOdds)).toBeLessThanOrEqual(1e-12 * (1 + sizes) + 1e-6 * Math.hypot(...bias));
        expect(contributions).toHaveLength(weight.length);
        const magnitudes = contributions.map((each) => Math.abs(each.logOdds));
        expect(magnitudes).toEqual([...magnitudes].sort((a, b) => b - a));
      }),
      PROPERTY,
    );
  });

  it('names columns and values as the table does, and sums the features of a category', async () => {
    const { model, content, schema } = await pets();
    const features = encodeRows(schema, [{ width: 7, colour: 'red', tame: false }]);
    const mean = Float64Array.from([5, 1 / 3, 1 / 6, 1 / 2, 1 / 2]);
    const { label, contributions } = reasonsOf(content, features.values, mean);
    expect(label).toBe('dog');
    const byColumn = Object.fromEntries(contributions.map((each) => [each.column, each]));
    expect(Object.keys(byColumn).sort()).toEqual(['colour', 'tame', 'width']);
    expect([byColumn.width.value, byColumn.colour.value, byColumn.tame.value]).toEqual([7, 'red', false]);
    const parts = model.contributions([...features.values], { baseline: [...mean] }).features;
    const odds = (names: readonly string[]) =>
      parts
        .filter(({ feature }) => names.includes(feature))
        .reduce((sum, each) => sum + each.contributions[1] - each.contributions[0], 0);
    expect(byColumn.colour.logOdds).toBeCloseTo(odds(['colour=blue', 'colour=green', 'colour=red']), 12);
    expect(byColumn.tame.logOdds).toBeCloseTo(odds(['tame']), 12);
    const unseen = encodeRows(schema, [{ width: 7, colour: 'mauve', tame: true }]).values;
    const unknown = reasonsOf(content, unseen, mean).contributions.find(({ column }) => column === 'colour');
    expect(unknown?.value).toBeNull();
  });

  it('gives the values of dates, percentages and missing values as explainRecord does', async () => {
    const csv = 'd,p,n,c,w,y\n2024-01-05,5%,1,a,1,x\n2024-02-06,7%,,,2,y\n2024-03-07,9%,3,b,1,x\n';
    const options = { label: 'y', dates: ['d'], strings: 'one-hot', missing: 'indicator', sampleWeight: 'w' } as const;
    const { features, labels, schema } = parseCsv(csv, options);
    const { model } = await SoftmaxRegression.fit(features, labels as string[], { schema, l2: 0.1 });
    const record = { d: '2024-02-06', p: '7%', n: null, c: null };
    const row = encodeRows(schema, [record]).values;
    const { contributions } = reasonsOf(contentOf(model), row, undefined);
    const own = new Map(contributions.map(({ column, value }) => [column, value]));
    const { columns } = model.explainRecord(record);
    expect(own).toEqual(new Map(columns.map(({ column, value }) => [column, value])));
    expect(own).toEqual(
      new Map<string, unknown>([
        ['d', '2024-02-06'],
        ['p', 0.07],
        ['n', 2],
        ['c', null],
      ]),
    );
  });

  it('takes columns that the model standardises itself', async () => {
    const { rows, labels } = farColumns(1.7e9, 0.5);
    const features = { values: Float64Array.from(rows.flat()), shape: [rows.length, 2] } as const;
    const { model } = await SoftmaxRegression.fit(features, labels, { standardize: true });
    expect(model.columns).toBeDefined();
    const mean = Float64Array.from([0, 1], (j) => rows.reduce((sum, row) => sum + row[j] / rows.length, 0));
    const { contributions, baseline, logOdds } = reasonsOf(
      decodeModel(model.toBytes()),
      Float64Array.from(rows[3]),
      mean,
    );
    expect(contributions.reduce((sum, each) => sum + each.logOdds, baseline)).toBeCloseTo(logOdds, 5);
    expect(Math.max(...contributions.map((each) => Math.abs(each.logOdds)))).toBeLessThan(50);
  });
});

describe('findRow', () => {
  const wanted: Wanted = { name: 'a.csv', unit: 'line', number: 4, baseline: 'mean', drops: false };

  async function* batches(...lines: number[]): AsyncGenerator<RowBatch> {
    for (const line of lines) {
      yield { features: { values: Float64Array.of(line, 10 * line), shape: [1, 2], scale: 10 }, numbers: [line] };
    }
  }

  const find = (more: Partial<Wanted>, ...lines: number[]) =>
    findRow(batches(...lines), { ...wanted, ...more }, () => {});

  it('returns the row and the mean of all rows, without their scale', async () => {
    const { features, mean, rows } = await find({}, 2, 4, 9);
    expect([...features]).toEqual([0.4, 4]);
    expect(mean).toBeAllClose([0.5, 5], { rtol: 1e-15, atol: 0 });
    expect(rows).toBe(3);
  });

  it.each<[string, Partial<Wanted>, number[], object]>([
    ['a line between rows', {}, [2, 3, 6, 7], { hint: 'The nearest rows: 3, 6.' }],
    ['a line before the rows', { number: 1 }, [2, 3], { hint: 'The nearest rows: 2.' }],
    ['a line after them', {}, [2, 3], { hint: 'The nearest rows: 3.' }],
    ['an empty file', {}, [], { hint: 'There is no row.' }],
    ['a row that is left out', { drops: true }, [3, 5], { hint: expect.stringContaining('pass --missing mean') }],
    ['an image', { unit: 'row' }, [0, 1], { expected: 'be a row of a.csv, from 0' }],
  ])('refuses %s', async (_, more, lines, fields) => {
    const expected = 'be a line of a.csv on which a row begins';
    await expect(find(more, ...lines)).rejects.toMatchObject({ code: 'DOMAIN', argument: 'row', expected, ...fields });
  });

  it('refuses the mean of one row as the baseline', async () => {
    await expect(find({}, 4)).rejects.toMatchObject({ code: 'FORMAT', actual: '1' });
    expect((await find({ baseline: 'none' }, 4)).rows).toBe(1);
  });
});

describe('reasonLines', () => {
  it('says towards which class each column points, and sums those it does not show', async () => {
    const { content, schema, features } = await pets();
    const mean = Float64Array.from({ length: 5 }, (_, j) => {
      return Array.from({ length: 6 }, (_, i) => features.values[5 * i + j] / 6).reduce((a, b) => a + b);
    });
    const reasons = reasonsOf(content, features.values.slice(25, 30), mean);
    const lines = reasonLines(
      reasons,
      { name: 'pets.csv', unit: 'line', number: 7, baseline: 'mean', drops: false },
      6,
      2,
    );
    expect(schema.columns).toHaveLength(4);
    expect(lines[0]).toBe('line 7 of pets.csv: dog');
    expect(lines[1]).toMatch(/^probabilities: dog 0\.\d+, cat 0\.\d+$/);
    expect(lines[3]).toMatch(/^log odds of dog against cat: \d\.\d{3}, the sum of$/);
    const one = { name: 'pets.csv', unit: 'line', number: 7, baseline: 'mean', drops: false } as const;
    expect(reasonLines(reasons, one, 1, 2)[4]).toMatch(/^ {2}the mean of the 1 row /);
    expect(lines.slice(4).map((each) => each.replace(/ {2,}\+\d\.\d{3}/, ' N'))).toEqual([
      '  the mean of the 6 rows N towards dog',
      '  width = 7 N towards dog',
      '  tame = false N towards dog',
      '  1 other column N towards cat',
    ]);
  });
});
