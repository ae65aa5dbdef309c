// What columns, classes and keys cost is linear in their number.
import { type CsvSchema, encodeRows, metrics } from 'softmax-regression';
import { lineFormat } from '../src/cli/prediction-lines.js';
import { classIndices } from '../src/core/labels.js';
import { featureNamesOf, numberSchema } from '../src/data/table/schema.js';
import { columnEffects } from '../src/report/model/effects.js';
import { startFrom } from '../src/training/warm-start.js';
import { weightsInOrder } from '../src/training/weights.js';
import { useBackend } from './helpers/backends.js';
import { modelOf } from './helpers/models.js';
import { searched, WorkCounter } from './helpers/work.js';

const counter = new WorkCounter(/\/src\//);
beforeAll(() => useBackend('cpu'));
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

/** A model of one feature. */
const wideModel = (q: number) =>
  modelOf([Array.from({ length: q }, (_, k) => k / q)], new Array<number>(q).fill(0), [...Array(q).keys()]);

/** The work for each class, at twice as many classes relative to once. */
async function growth(prepare: (q: number) => () => unknown): Promise<number> {
  const work: number[] = [];
  for (const q of [2000, 4000]) {
    const run = prepare(q);
    counter.take();
    await run();
    work.push(counter.take() / q);
  }
  expect(work[0]).toBeGreaterThan(1);
  return work[1] / work[0];
}

describe('the work for each class does not grow with the number of classes', () => {
  it('in an evaluation', async () => {
    const prepare = (q: number) => {
      const model = wideModel(q);
      return () => model.evaluate([[-1], [1], [1], [1]], [0, q - 1, 7, 7]);
    };
    expect(await growth(prepare)).toBeLessThan(1.05);
  });

  it.each<[string, (labels: number[], predictions: number[]) => unknown]>([
    ['confusionMatrix', metrics.confusionMatrix],
    ['matthews', metrics.matthews],
    ['balancedAccuracy', metrics.balancedAccuracy],
    ['cohenKappa', (labels, predictions) => metrics.cohenKappa(labels, predictions, { weights: 'linear' })],
    ['precisionRecallFscore', (labels, predictions) => metrics.precisionRecallFscore(labels, predictions)],
  ])('in %s', async (_, metric) => {
    const prepare = (q: number) => {
      const labels = [...Array(q).keys()];
      return () => metric(labels, [...labels].reverse());
    };
    expect(await growth(prepare)).toBeLessThan(1.05);
  });

  it('in the comparison of classes with a repeated one', async () => {
    const prepare = (q: number) => {
      const classes = [...Array(q - 1).keys(), q - 2];
      return () => expect(() => metrics.confusionMatrix([0], [0], classes)).toThrow('twice');
    };
    expect(await growth(prepare)).toBeLessThan(1.05);
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
