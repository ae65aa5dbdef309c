import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { adam, type FirstOrderSolver, momentum, type Optimizer, type OptimizerState, sgd } from 'softmax-regression';
import * as optimizers from '../src/optim/first-order.js';
import { SOLVERS, solversOf } from '../src/training/solvers.js';
import golden from './golden/first-order.golden.json';
import { onEveryBackend, useBackend } from './helpers/backends.js';
import { between, PROPERTY } from './helpers/numbers.js';

type Tensors = Record<string, tf.Tensor>;

// A step is a sum of two float32 numbers: its error is judged against the larger of them.
const STEP = { rtol: 1e-6, atol: 1e-7 };

/** θ after each step, from these gradients in turn. Leaks no tensor. */
function run(
  optimizer: Optimizer,
  start: object,
  gradients: readonly object[],
  learningRate: number,
): Record<string, number[]>[] {
  return tf.tidy(() => {
    let parameters = tensors(start);
    let state = optimizer.init(parameters);
    return gradients.map((gradient) => {
      ({ parameters, state } = optimizer.update(parameters, tensors(gradient), state, tf.scalar(learningRate)));
      return Object.fromEntries(Object.entries(parameters).map(([name, tensor]) => [name, [...tensor.dataSync()]]));
    });
  });
}

function tensors(values: object): Tensors {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, tf.tensor(value)]));
}

/** One parameter of one number, in float64. */
type Oracle = (gradients: readonly number[], theta: number, learningRate: number) => number[];

/** θ after each step of the golden gradients, in float64, for a solver that the golden file lacks. */
interface GoldenRun extends Omit<(typeof golden.runs)[number], 'optimizer'> {
  /** Program, version and call. */
  readonly from: string;
}

interface Update {
  readonly optimizer: () => Optimizer;
  readonly oracle: Oracle;
  readonly golden?: GoldenRun;
}

/** One for each first-order solver of the table, with unusual arguments. */
const updates: Readonly<Record<FirstOrderSolver, Update>> = {
  sgd: {
    optimizer: () => sgd(),
    oracle: (gradients, start, rate) => {
      let theta = start;
      return gradients.map((g) => {
        theta -= rate * g;
        return theta;
      });
    },
  },
  momentum: {
    optimizer: () => momentum(0.75),
    oracle: (gradients, start, rate) => {
      let [theta, v] = [start, 0];
      return gradients.map((g) => {
        v = 0.75 * v + g;
        theta -= rate * v;
        return theta;
      });
    },
  },
  adam: {
    optimizer: () => adam(0.75, 0.875, 1e-4),
    oracle: (gradients, start, rate) => {
      let [theta, m, v] = [start, 0, 0];
      return gradients.map((g, i) => {
        m = 0.75 * m + 0.25 * g;
        v = 0.875 * v + 0.125 * g * g;
        const corrected = Math.sqrt(v / (1 - 0.875 ** (i + 1)));
        theta -= (rate * m) / (1 - 0.75 ** (i + 1)) / (corrected + 1e-4);
        return theta;
      });
    },
  },
};

const oracles = solversOf('steps').map((name) => ({ name, ...updates[name] }));
const named: Readonly<Record<FirstOrderSolver, (...args: number[]) => Optimizer>> = optimizers;
/** Every first-order optimizer with its default arguments. */
const defaults = solversOf('steps').map((name) => named[name]);
const runs = [
  ...golden.runs.map((each) => ({ ...each, optimizer: each.optimizer as FirstOrderSolver })),
  ...oracles.flatMap(({ name, golden }) => (golden === undefined ? [] : [{ ...golden, optimizer: name }])),
];

it('each first-order solver of the table has golden numbers', () => {
  expect([...new Set(runs.map(({ optimizer }) => optimizer))].sort()).toEqual([...solversOf('steps')].sort());
});

it.each(solversOf('steps'))(
  '%s has a golden run at its default arguments and the default learning rate of the table',
  (name) => {
    const rates = runs.filter((each) => each.optimizer === name && each.arguments.length === 0);
    expect(rates.map(({ learningRate }) => learningRate)).toContain(SOLVERS[name].learningRate);
  },
);

onEveryBackend('first-order updates', () => {
  it.each(runs)('match torch.optim: $optimizer $arguments at $learningRate', (each) => {
    const steps = run(named[each.optimizer](...each.arguments), golden.start, golden.gradients, each.learningRate);
    expect(steps).toHaveLength(each.steps.length);
    for (const [i, { weight, bias }] of steps.entries()) {
      expect(weight).toBeAllClose(each.steps[i].weight, STEP);
      expect(bias).toBeAllClose(each.steps[i].bias, STEP);
    }
  });

  it.each(oracles)('match the formula: $name', ({ optimizer, oracle }) => {
    const number = between(-4, 4).map(Math.fround);
    const gradients = fc.array(number, { minLength: 1, maxLength: 8 });
    const check = fc.property(gradients, number, fc.constantFrom(1, 0.1, 1e-3), (given, start, rate) => {
      const steps = run(
        optimizer(),
        { theta: start },
        given.map((theta) => ({ theta })),
        Math.fround(rate),
      );
      const scale = oracle(given.map(Math.abs), 0, rate).map((each) => Math.abs(start) + Math.abs(each));
      expect(steps.map(({ theta }) => theta[0])).toBeAllClose(
        oracle(given, start, Math.fround(rate)),
        { rtol: 1e-5, atol: 1e-6 },
        scale,
      );
    });
    fc.assert(check, PROPERTY);
  });

  it('match their docstring examples', () => {
    const steps = (optimizer: Optimizer, count: number) =>
      run(optimizer, { theta: 1 }, new Array(count).fill({ theta: 2 }), 0.1).map(({ theta }) => theta[0]);
    expect(steps(sgd(), 1)[0]).toBeCloseTo(0.8, 6);
    expect(steps(momentum(), 2)).toBeAllClose([0.8, 0.42], STEP);
    expect(steps(adam(), 1)[0]).toBeCloseTo(0.9, 6);
  });

  it('have a velocity, or the means of gradients, of their squares and of ones, as state', () => {
    const stateOf = (optimizer: Optimizer) =>
      tf.tidy(() => {
        const theta = { theta: tf.scalar(0) };
        const gradients = { theta: tf.scalar(2) };
        const { state } = optimizer.update(theta, gradients, optimizer.init(theta), tf.scalar(0.1));
        const again = optimizer.update(theta, gradients, state, tf.scalar(0.1)).state;
        return Object.entries(again).map(([part, of]) => [part, Object.values(of).map((each) => each.dataSync()[0])]);
      });
    expect(stateOf(momentum(0.75))).toEqual([['velocity', [3.5]]]);
    expect(stateOf(adam(0.75, 0.5))).toEqual([
      ['mean', [0.875]],
      ['square', [3]],
      ['ones', [0.4375, 0.75]],
    ]);
  });

  it('leave parameters unchanged for a zero gradient', () => {
    for (const optimizer of defaults.map((make) => make())) {
      expect(run(optimizer, { theta: [1, -2] }, [{ theta: [0, 0] }, { theta: [0, 0] }], 0.1)).toEqual([
        { theta: [1, -2] },
        { theta: [1, -2] },
      ]);
    }
  });

  it('update each parameter independently', () => {
    const gradients = [
      { a: 1, b: [2, -3] },
      { a: -1, b: [0.5, 0] },
    ];
    for (const optimizer of defaults.map((make) => make())) {
      const together = run(optimizer, { a: 1, b: [0, 5] }, gradients, 0.1);
      const alone = run(
        optimizer,
        { a: 1 },
        gradients.map(({ a }) => ({ a })),
        0.1,
      );
      expect(together.map(({ a }) => a)).toEqual(alone.map(({ a }) => a));
    }
  });

  it.each(oracles)('are pure: $name changes no argument and leaks no tensor', ({ optimizer }) => {
    const before = tf.memory().numTensors;
    const given = { parameters: tensors({ w: [1, 2] }), gradients: tensors({ w: [3, -4] }) };
    const rate = tf.scalar(0.1);
    const state = optimizer().init(given.parameters);
    const inputs = tf.memory().numTensors;
    const [once, twice] = [1, 2].map(() => optimizer().update(given.parameters, given.gradients, state, rate));
    const count = (container: OptimizerState | Tensors) =>
      Object.values(container).flatMap((each) => (each instanceof tf.Tensor ? [each] : Object.values(each))).length;
    const returned = once.state === state ? 0 : count(once.state);
    expect(tf.memory().numTensors).toBe(inputs + 2 * (count(once.parameters) + returned));
    expect([...once.parameters.w.dataSync()]).toEqual([...twice.parameters.w.dataSync()]);
    expect([...given.parameters.w.dataSync(), ...given.gradients.w.dataSync()]).toEqual([1, 2, 3, -4]);
    for (const each of Object.values(state).flatMap((part) => Object.values(part))) {
      expect(each.dataSync()[0]).toBe(0);
    }
    tf.dispose([given, rate, state, once, twice]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('can be resumed from their state alone', () => {
    for (const optimizer of defaults) {
      tf.tidy(() => {
        const rate = tf.scalar(0.1);
        const gradients = tensors({ w: [3, -4] });
        const start = tensors({ w: [1, 2] });
        const first = optimizer().update(start, gradients, optimizer().init(start), rate);
        // A new optimizer, with only the state that the first one returned.
        const resumed = optimizer().update(first.parameters, gradients, first.state, rate);
        const straight = run(optimizer(), { w: [1, 2] }, [{ w: [3, -4] }, { w: [3, -4] }], 0.1);
        expect([...resumed.parameters.w.dataSync()]).toEqual(straight[1].w);
      });
    }
  });
});

describe('the checks of first-order updates', () => {
  beforeAll(() => useBackend('cpu'));

  const [, , fromMomentum] = golden.runs;
  const fromAdam = golden.runs[4];

  it.each<[string, () => Optimizer, (typeof golden.runs)[number]]>([
    ['plain descent for momentum', () => sgd(), fromMomentum],
    ['another β', () => momentum(0.9), fromMomentum],
    ['another β₁', () => adam(0.9, 0.9, 1e-3), fromAdam],
    ['another β₂', () => adam(0.8, 0.999, 1e-3), fromAdam],
    ['another ε', () => adam(0.8, 0.9, 1e-8), fromAdam],
  ])('fail for %s', (_, optimizer, each) => {
    const steps = run(optimizer(), golden.start, golden.gradients, each.learningRate);
    const last = steps[steps.length - 1];
    expect(last.weight).not.toBeAllClose(each.steps[each.steps.length - 1].weight, STEP);
  });

  it('fail for a learning rate that is off by 1e-4', () => {
    const [each] = golden.runs;
    const steps = run(sgd(), golden.start, golden.gradients, each.learningRate * 1.0001);
    expect(steps[4].weight).not.toBeAllClose(each.steps[4].weight, STEP);
  });
});
