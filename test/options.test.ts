// The table of options agrees with `fit`, model files, the command line and the docs.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crossValidate, type FitOptions, lambdaPath, loadIris, SoftmaxRegression } from 'softmax-regression';
import { inWords, rephrase } from '../src/core/mentions.js';
import {
  defaultOf,
  fitPlan,
  OPTION_NAMES,
  OPTIONS,
  type OptionName,
  type OptionRow,
  optionsOf,
  reads,
  storedOptions,
  withPenalty,
} from '../src/training/options.js';
import { DEFAULT_SOLVER, SOLVER_NAMES, SOLVERS, type Solver, solversOf } from '../src/training/solvers.js';
import { useBackend } from './helpers/backends.js';

const rows = [[0], [1], [2], [3], [4], [5]];
const labels = ['a', 'b', 'a', 'b', 'a', 'b'];
const fitRows = (options: FitOptions<string>) => SoftmaxRegression.fit(rows, labels, options);
const rowOf = (name: OptionName): OptionRow => OPTIONS[name];

/** A non-default value of each option that a model stores. */
const OTHER: Readonly<Partial<Record<OptionName, unknown>>> = {
  ...{ l2: 0.25, l1: 0.125, standardize: true, fitIntercept: false, classWeights: { a: 2, b: 1 }, validation: 0.5 },
  ...{
    tolerance: 1e-3,
    maxIterations: 7,
    precision: 'float64',
    epochs: 2,
    batchSize: 3,
    gradient: 'autograd',
    layer: { phm: 1 },
  },
  ...{ learningRate: { schedule: 'step', rate: 0.1, factor: 0.5, every: 1 }, shuffle: false, seed: 5 },
  earlyStopping: { patience: 2, minDelta: 0.5 },
};

/** An invalid value of each option that a model stores. */
const WRONG: Readonly<Partial<Record<OptionName, unknown>>> = {
  ...{
    solver: 'newton',
    l2: -1,
    l1: Number.NaN,
    standardize: 1,
    fitIntercept: 'yes',
    classWeights: 'equal',
    validation: 1,
  },
  ...{
    tolerance: 0,
    maxIterations: 0,
    precision: 'float32',
    epochs: 1.5,
    batchSize: -1,
    gradient: 'numeric',
    layer: 'phm',
  },
  ...{ learningRate: 0, shuffle: null, seed: -1, earlyStopping: { patience: 0 } },
};

describe('the table of solvers', () => {
  it('contains the default, and has one-line titles and help', () => {
    expect(SOLVER_NAMES).toContain(DEFAULT_SOLVER);
    for (const name of SOLVER_NAMES) {
      const { title, help } = SOLVERS[name];
      expect([title, help].join()).toMatch(/^[^\n]+$/);
    }
  });

  it('has a learning rate > 0 for each first-order solver', () => {
    for (const name of solversOf('steps')) expect(SOLVERS[name].learningRate).toBeGreaterThan(0);
  });
});

describe('the table of options', () => {
  beforeAll(() => useBackend('cpu'));

  it('has one line of help without a full stop for each option', () => {
    for (const name of OPTION_NAMES)
      expect([name, rowOf(name).help]).toEqual([name, expect.stringMatching(/^[^\n]+[^.\n]$/)]);
  });

  it('has a valid and an invalid test value for each stored option', () => {
    const kept = OPTION_NAMES.filter((name) => rowOf(name).stored);
    expect(Object.keys(WRONG).sort()).toEqual([...kept].sort());
    expect(['solver', ...Object.keys(OTHER)].sort()).toEqual([...kept].sort());
  });

  it.each(SOLVER_NAMES)('has valid defaults: %s', (solver) => {
    const plan = fitPlan({ solver }, 'fit') as unknown as Record<string, unknown>;
    for (const name of OPTION_NAMES) {
      const value = defaultOf(name, solver);
      if (name !== 'solver' && reads(solver, name) && value !== undefined)
        expect([name, plan[name]]).toEqual([name, value]);
    }
  });

  it.each(SOLVER_NAMES.flatMap((solver) => OPTION_NAMES.map((name) => [solver, name] as const)))(
    'decides whether the solver reads an option, and rejects invalid values: %s, %s',
    async (solver, name) => {
      const value = name in OTHER ? OTHER[name] : undefined;
      if (name === 'solver' || value === undefined) return;
      if (!reads(solver, name)) {
        await expect(fitRows({ solver, [name]: value })).rejects.toMatchObject({
          ...{ code: 'DOMAIN', where: 'fit', argument: name },
          expected: `be left out with \`solver: '${solver}'\``,
        });
        return;
      }
      const wrong = fitRows({ solver, validation: 0.5, [name]: WRONG[name] });
      await expect(wrong).rejects.toMatchObject({ argument: expect.stringMatching(`^${name}`) });
    },
  );

  it.each(SOLVER_NAMES)('decides which options a model and its file store: %s', async (solver) => {
    const entries = Object.entries(OTHER).filter(([name]) => reads(solver, name as OptionName));
    const given = { solver, ...Object.fromEntries(entries) } as FitOptions<string>;
    const { model } = await fitRows(given);
    expect(model.options).toEqual(given);
    expect(SoftmaxRegression.fromBytes(model.toBytes()).options).toEqual(given);
  });

  it('does not store the default of an option that earlier versions do not know', async () => {
    const { model } = await fitRows({ precision: 'auto' });
    expect(Object.keys(model.options)).not.toContain('precision');
    expect(model.toBytes()).toEqual((await fitRows({})).model.toBytes());
  });

  it('stores "function" for a learning rate function', async () => {
    const { model } = await fitRows({ solver: 'sgd', learningRate: () => 0.1 });
    expect(model.options).toMatchObject({ learningRate: 'function' });
    const read = SoftmaxRegression.fromBytes<string>(model.toBytes());
    expect(read.options).toEqual(model.options);
    await expect(read.partialFit(rows, labels)).rejects.toMatchObject({
      argument: 'learningRate',
      actual: '"function"',
    });
    expect((await read.partialFit(rows, labels, { learningRate: 0.1 })).model.options).toMatchObject({
      learningRate: 0.1,
    });
  });

  it('rejects unknown options in every function, and suggests the nearest', async () => {
    const odd = { maxIteration: 3 } as object;
    const hint = 'Did you mean maxIterations?';
    await expect(fitRows(odd)).rejects.toMatchObject({ where: 'fit', argument: 'options', hint });
    await expect(crossValidate(rows, labels, odd)).rejects.toMatchObject({ where: 'crossValidate', hint });
    await expect(lambdaPath<string>(rows, labels, odd)).rejects.toMatchObject({ where: 'lambdaPath', hint });
    const untrained = SoftmaxRegression.untrained({ classes: ['a', 'b'], numFeatures: 1, batchsize: 3 } as never);
    await expect(untrained).rejects.toMatchObject({ where: 'untrained', hint: 'Did you mean batchSize?' });
    const l1 = SoftmaxRegression.untrained({ classes: ['a', 'b'], numFeatures: 1, l1: 1 } as never);
    await expect(l1).rejects.toMatchObject({
      where: 'untrained',
      hint: 'It is an option of fit, crossValidate, lambdaPath, learningCurve.',
    });
    await expect(crossValidate(rows, labels, null as never)).rejects.toMatchObject({
      argument: 'options',
      actual: 'null',
    });
    await expect(lambdaPath(rows, labels, null as never)).rejects.toMatchObject({
      argument: 'options',
      actual: 'null',
    });
    const model = await SoftmaxRegression.untrained<string>({ classes: ['a', 'b'], numFeatures: 1 });
    const part = model.partialFit(rows, labels, { epoch: 3 } as never);
    await expect(part).rejects.toMatchObject({ where: 'partialFit', hint: 'Did you mean epochs?' });
  });

  it('excludes single-fit options from crossValidate and lambdaPath', () => {
    for (const name of ['checkpoint', 'resume', 'warmStart'] as const) {
      expect(rowOf(name).readers).not.toContain('crossValidate');
    }
    expect(optionsOf('lambdaPath')).not.toContain('l2');
  });
});

describe('the default of l2', () => {
  beforeAll(() => useBackend('cpu'));
  const iris = loadIris();

  it('is 1/S with lbfgs, and 2/S for two classes', async () => {
    const three = await SoftmaxRegression.fit(iris.features, iris.labels);
    expect(three.model.options.l2).toBe(1 / 150);
    expect((await fitRows({})).model.options.l2).toBe(2 / 6);
    expect(withPenalty(fitPlan({}, 'fit'), 120, 3).l2).toBe(1 / 120);
    expect(() => withPenalty(fitPlan({}, 'fit'), 1e-312, 3)).toThrow('sampleWeights must have a sum S for which 1/S');
  });

  it('uses the sample and class weights of the training rows only', async () => {
    expect((await fitRows({ sampleWeights: [1, 2, 3, 0, 0.5, 0.5] })).model.options.l2).toBe(2 / 7);
    expect((await fitRows({ classWeights: { a: 3, b: 1 } })).model.options.l2).toBe(2 / 12);
    expect((await fitRows({ classWeights: 'balanced' })).model.options.l2).toBeCloseTo(2 / 6, 15);
    expect((await fitRows({ validation: 1 / 3 })).model.options.l2).toBe(2 / 4);
  });

  it('is computed for each fold', async () => {
    const seen = await crossValidate(rows, labels, { folds: 3 });
    const { result } = await SoftmaxRegression.fit(rows.slice(0, 4), labels.slice(0, 4));
    expect(seen.folds.map(({ test }) => test.length)).toEqual([2, 2, 2]);
    const own = await crossValidate(rows, labels, { folds: 3, l2: 2 / 4 });
    expect(seen.folds.map((fold) => fold.result.objective)).toEqual(own.folds.map((fold) => fold.result.objective));
    expect(result.converged).toBe(true);
  });

  it('is 0 with l1, and for first-order solvers', async () => {
    expect((await fitRows({ l1: 0.1 })).model.options.l2).toBe(0);
    for (const solver of solversOf('steps')) expect((await fitRows({ solver })).model.options.l2).toBe(0);
  });

  it('is not used if l2 is given, even as 0', async () => {
    expect((await fitRows({ l2: 0 })).model.options.l2).toBe(0);
  });

  it('is not used by a resumed fit, which takes l2 from its checkpoint', async () => {
    let kept: Uint8Array | undefined;
    const write = (bytes: Uint8Array) => {
      kept = bytes;
    };
    const whole = await fitRows({ l2: 0.125, checkpoint: { write } });
    const { model } = await fitRows({ resume: kept });
    expect(model.options).toEqual(whole.model.options);
    expect(model.weight).toEqual(whole.model.weight);
  });
});

describe('rephrasing of messages', () => {
  const flags = (option: string, value?: string) => `--${option}${value === undefined ? '' : ` ${value}`}`;

  it.each([
    ['Increase `maxIterations`.', 'Increase --maxIterations.'],
    ["Give `solver: 'sgd'` or `l2: 0.1`.", "Give --solver 'sgd' or --l2 0.1."],
    ['Pass `ignore: ["a`b"]`.', 'Pass --ignore ["a`b"].'],
    ['No option: `two words`, `` or `1`.', 'No option: `two words`, `` or `1`.'],
  ])('rewrites %s', (message, expected) => {
    expect(rephrase(message, flags)).toBe(expected);
  });

  it('replaces the subject of an error', async () => {
    const error = await fitRows({ l2: -1 }).catch((cause) => cause);
    expect(inWords(error, flags, 'L2 penalty')).toBe('L2 penalty must be a finite number ≥ 0; got -1.');
    expect(inWords(error, flags)).toBe(error.message);
    expect(inWords('Give `l2: 0.1`.', (option, value) => `${option} ${value}`)).toBe('Give l2 0.1.');
  });

  it('leaves unknown options as they are', () => {
    expect(rephrase('Give `l2`, or `seed`.', (option) => (option === 'l2' ? 'L2 penalty' : undefined))).toBe(
      'Give L2 penalty, or `seed`.',
    );
  });
});

describe('solvers outside the table', () => {
  /** Code that decides by the name of a solver would miss a new one. */
  it('are not named in the sources', () => {
    const names = SOLVER_NAMES.join('|');
    const sources = [
      'training/prepare.ts',
      'training/stream.ts',
      'training/first-order.ts',
      'training/checkpoint/checkpoints.ts',
    ];
    for (const path of [
      ...sources,
      'model/cross-validate.ts',
      'cli/output.ts',
      'cli/train/training.ts',
      'cli/commands/train.ts',
    ]) {
      const source = readFileSync(join(__dirname, '..', 'src', path), 'utf8').replace(/\/\/.*|\/\*[\s\S]*?\*\//g, '');
      const found = source.match(new RegExp(`['"](?:${names})['"]`, 'g')) ?? [];
      expect([path, found.filter((name) => name !== "'sgd'")]).toEqual([path, []]);
    }
  });

  it('do not type-check as solvers', () => {
    // @ts-expect-error a solver that is not in the table
    const unknown: Solver = 'newton';
    expect(SOLVER_NAMES).not.toContain(unknown);
    expect(storedOptions(withPenalty(fitPlan({}, 'fit'), 1, 3)).solver).toBe(DEFAULT_SOLVER);
  });
});
