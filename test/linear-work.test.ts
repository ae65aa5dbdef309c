// What columns, classes and keys cost is linear in their number.
import { type CsvSchema, encodeRows } from 'softmax-regression';
import { lineFormat } from '../src/cli/prediction-lines.js';
import { classIndices } from '../src/core/labels.js';
import { featureNamesOf, numberSchema } from '../src/data/table/schema.js';
import { columnEffects } from '../src/report/model/effects.js';
import { startFrom } from '../src/training/warm-start.js';
import { weightsInOrder } from '../src/training/weights.js';
import { modelOf } from './helpers/models.js';
import { searched, WorkCounter } from './helpers/work.js';

const counter = new WorkCounter(/\/src\//);
afterAll(() => counter[Symbol.dispose]());

const names = (n: number) => Array.from({ length: n }, (_, i) => `c${i}`);
const linear = (n: number) =>
  modelOf(
    names(n).map((_, j) => [j, -j]),
    [0, 0],
    ['a', 'b'],
    names(n),
  );

/** A call for n columns, classes or keys. What the call needs is made before it is measured. */
const CALLS: readonly (readonly [what: string, prepare: (n: number) => () => unknown])[] = [
  [
    'the names of features, where a schema repeats one name',
    (n) => {
      const schema: CsvSchema = numberSchema(Array(n).fill('a'), n);
      return () => featureNamesOf(schema);
    },
  ],
  [
    'the keys of a record',
    (n) => {
      const schema = numberSchema(names(n), n);
      const record = Object.fromEntries(names(n).map((name) => [name, 1]));
      return () => encodeRows(schema, [record], { strict: true });
    },
  ],
  [
    'classes of which the last is there twice',
    (n) => {
      const classes = [...names(n), `c${n - 1}`];
      return () => expect(() => classIndices([], classes, 'a')).toThrow(`"c${n - 1}" twice`);
    },
  ],
  [
    'named weights of classes',
    (n) => {
      const named = Object.fromEntries(names(n).map((name) => [name, 1]));
      return () => weightsInOrder(named, names(n), 'a');
    },
  ],
  [
    'columns to keep',
    (n) => {
      const options = { format: 'csv', number: 'line', probabilities: false, top: undefined, keep: names(n) } as const;
      const model = linear(1);
      return () => lineFormat(model as never, ['a', 'b'], options);
    },
  ],
];

describe('the work is linear in the number of', () => {
  it.each(CALLS)('%s', (_, prepare) => {
    const work = (n: number) => {
      const call = prepare(n);
      return counter.count(call) + searched(call);
    };
    work(10);
    const [once, twice] = [work(2000), work(4000)];
    expect(once).toBeGreaterThan(0);
    expect(twice / once).toBeLessThan(2.1);
  });
});

describe('the weights of a model, which are copied at each access, are read once', () => {
  it.each([
    ['by a report', (model: ReturnType<typeof linear>) => columnEffects({ model, data: { name: 'a' } })],
    ['by a warm start', (model: ReturnType<typeof linear>) => startFrom(model, ['a', 'b'], [1, 1], 50, true, 'a')],
  ])('%s', (_, read) => {
    const model = linear(50);
    const { weight } = model;
    let reads = 0;
    Object.defineProperty(model, 'weight', {
      get: () => {
        reads++;
        return weight;
      },
    });
    read(model);
    // The check that there are weights is another one.
    expect(reads).toBeLessThan(3);
  });
});
