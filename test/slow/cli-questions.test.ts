// The commands that answer questions after a training, as people and programs run them.
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { lambdaPath, learningCurve, metrics, type SoftmaxRegression, take, trainTestSplit } from 'softmax-regression';
import { loadModel } from '../../src/node/model-files.js';
import { CommandLine } from '../helpers/command-line.js';

const ROOT = join(__dirname, '..', '..');
const line = new CommandLine();

beforeAll(async () => {
  copyFileSync(join(ROOT, 'examples/iris.csv'), line.path('iris.csv'));
  await done('train', 'iris.csv', '--label', 'species', '-o', 'a.model');
  await done('train', 'iris.csv', '--label', 'species', '--l2', '1', '-o', 'b.model');
});

afterAll(() => line.dispose());

async function done(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await line.run(...args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

async function refusal(code: number, ...args: string[]): Promise<string> {
  const ended = await line.run(...args);
  expect(ended).toMatchObject({ code, stdout: '' });
  expect(ended.stderr).not.toMatch(/\n\s+at /);
  return ended.stderr.trimEnd();
}

function iris() {
  const [, ...rows] = readFileSync(line.path('iris.csv'), 'utf8').trimEnd().split('\n');
  const fields = rows.map((row) => row.split(','));
  return { features: fields.map((row) => row.slice(0, 4).map(Number)), labels: fields.map((row) => row[4]) };
}

describe('docs/cli.md', () => {
  it('shows what learning-curve and explain print', async () => {
    const text = readFileSync(join(ROOT, 'docs/cli.md'), 'utf8');
    mkdirSync(line.path('examples'));
    copyFileSync(line.path('iris.csv'), line.path('examples/iris.csv'));
    copyFileSync(line.path('a.model'), line.path('iris.safetensors'));
    const blocks = [...text.matchAll(/```console\n\$ softmax-regression ((?:learning-curve|explain) .*)\n([^`]*)```/g)];
    expect(blocks).toHaveLength(2);
    for (const [, command, output] of blocks) expect(await done(...command.split(' '))).toBe(output);
  });
});

describe('compare', () => {
  it('prints the scores of both models, the exact test and the interval', async () => {
    const { features, labels } = iris();
    const [a, b] = [await loadModel<string>(line.path('a.model')), await loadModel<string>(line.path('b.model'))];
    const losses = (model: SoftmaxRegression<string>) =>
      model.predictProbabilities(features).map((row, i) => -Math.log(row[model.classes.indexOf(labels[i])]));
    const test = metrics.mcnemar(labels, a.predict(features), b.predict(features));
    const difference = metrics.pairedDifference(losses(a), losses(b));
    const { data, first, second, mcnemar, logLossDifference } = JSON.parse(
      await done('compare', 'a.model', 'b.model', 'iris.csv', '--json'),
    );
    expect(data).toEqual({ name: 'iris.csv', part: 'rows', samples: 150 });
    expect(mcnemar).toEqual(test);
    const { mean, standardError, lower, upper } = logLossDifference;
    expect([mean, standardError, lower, upper]).toBeAllClose(
      [difference.mean, difference.standardError, difference.lower, difference.upper],
      { rtol: 1e-9, atol: 0 },
    );
    for (const [scores, model] of [
      [first, a],
      [second, b],
    ]) {
      const { accuracy, logLoss } = await model.evaluate(features, labels);
      expect([scores.accuracy, scores.logLoss]).toBeAllClose([accuracy, logLoss], { rtol: 1e-6, atol: 0 });
    }
    const text = await done('compare', 'a.model', 'b.model', 'iris.csv');
    expect(text).toContain('150 rows of iris.csv\n');
    expect(text).toContain(`by a.model only: ${test.onlyFirst}; by b.model only: ${test.onlySecond}\n`);
    expect(text).toContain("McNemar's exact test: p = 4.01e-5\n");
    expect(text).toContain('log loss of a.model minus b.model: -0.5603, 95 % interval -0.5866 to -0.5340\n');
  });

  it('finds no difference of a model from itself, nor on named data', async () => {
    const { first, second, mcnemar, logLossDifference } = JSON.parse(
      await done('compare', 'a.model', 'a.model', 'iris', '--json'),
    );
    expect(first).toEqual(second);
    expect(mcnemar).toEqual({ onlyFirst: 0, onlySecond: 0, pValue: 1 });
    expect(logLossDifference).toEqual({ mean: 0, standardError: 0, lower: 0, upper: 0 });
  });

  it('compares on the rows that both models read', async () => {
    const rows = Array.from({ length: 20 }, (_, i) => `${i},${(7 * i) % 20},${i > 9 ? 'no' : 'yes'}`);
    line.write('full.csv', `a,b,y\n${rows.join('\n')}\n`);
    await done('train', 'full.csv', '--label', 'y', '--ignore', 'b', '-o', 'of-a.model');
    await done('train', 'full.csv', '--label', 'y', '--ignore', 'a', '--test-fraction', '0', '-o', 'of-b.model');
    const holes = rows.map((row, i) => (i < 2 ? row.replace(/^\d+/, '') : i < 5 ? row.replace(/,\d+,/, ',,') : row));
    line.write('holes.csv', `a,b,y\n${holes.join('\n')}\n`);
    const args = ['compare', 'of-a.model', 'of-b.model', 'holes.csv', '--missing', 'drop', '--json'];
    expect(JSON.parse(await done(...args)).data.samples).toBe(15);
    line.write('apart.csv', 'a,b,y\n1,,no\n,2,no\n3,,yes\n');
    args[3] = 'apart.csv';
    expect(await refusal(1, ...args)).toBe(
      'error: apart.csv: the data must have at least 2 rows that both models read; got 0.',
    );
  });

  it('refuses models of other classes or labels, and standard input', async () => {
    const rows = Array.from({ length: 20 }, (_, i) => `${i},${i > 9 ? 'no' : 'yes'},${i % 2 ? 'no' : 'yes'}`);
    line.write('two.csv', `a,y,z\n${rows.join('\n')}\n`);
    await done('train', 'two.csv', '--label', 'y', '--ignore', 'z', '-o', 'y.model');
    await done('train', 'two.csv', '--label', 'z', '--ignore', 'y', '-o', 'z.model');
    expect(await refusal(1, 'compare', 'a.model', 'y.model', 'missing.csv')).toBe(
      'error: y.model: the classes must be those of a.model, "setosa", "versicolor", "virginica"; got "no", "yes". Train both models on the same labels.',
    );
    expect(await refusal(1, 'compare', 'y.model', 'z.model', 'two.csv')).toBe(
      'error: two.csv:3: the label must be the same for both models; got "yes" and "no". They read different columns. Pass --label COLUMN.',
    );
    expect(await done('compare', 'y.model', 'z.model', 'two.csv', '--label', 'y')).toContain('20 rows');
    expect(await refusal(2, 'compare', 'y.model', 'z.model', 'two.csv', '--label', 'a')).toBe(
      'error: --label must be a column that the model does not read; got "a".',
    );
    expect(await refusal(2, 'compare', 'a.model', 'b.model', '-')).toBe(
      'error: <data> must be a file, because each model reads it; got -, standard input.',
    );
  });
});

describe('explain', () => {
  const PETS = `width,colour,kind\n1,red,cat\n9,blue,dog\n2,red,cat\n8,blue,dog\n\n3,green,cat\n7,red,dog\n`;

  beforeAll(async () => {
    line.write('pets.csv', PETS);
    const reading = ['--label', 'kind', '--strings', 'one-hot', '--unseen', 'zero', '--test-fraction', '0'];
    await done('train', 'pets.csv', ...reading, '-o', 'pets.model');
  });

  it('explains a row by the line of the file, in the words of the table', async () => {
    const text = await done('explain', 'pets.model', 'pets.csv', '--row', '8');
    const [first, second, empty, odds, ...rows] = text.trimEnd().split('\n');
    expect(first).toBe('line 8 of pets.csv: dog');
    expect(second).toMatch(/^probabilities: dog 0\.\d+, cat 0\.\d+$/);
    expect([empty, odds]).toEqual(['', expect.stringMatching(/^log odds of dog against cat: \d\.\d{3}, the sum of$/)]);
    expect(rows.map((row) => row.replace(/ +\+\d\.\d{3}/, ' N'))).toEqual([
      '  the mean of the 6 rows N towards dog',
      '  width = 7 N towards dog',
      '  colour = red N towards cat',
    ]);
  });

  it('has the same as JSON, with the probabilities of predict', async () => {
    const json = JSON.parse(await done('explain', 'pets.model', 'pets.csv', '--row', '8', '--json'));
    expect(json).toMatchObject({
      model: 'pets.model',
      data: { name: 'pets.csv', line: 8 },
      label: 'dog',
      against: 'cat',
    });
    const [{ probability }, other] = json.probabilities;
    expect(Math.log(probability / other.probability)).toBeCloseTo(json.logOdds, 10);
    const sum = json.contributions.reduce((total: number, each: { logOdds: number }) => total + each.logOdds, 0);
    expect(sum + json.baseline.logOdds).toBeCloseTo(json.logOdds, 6);
    expect(json.baseline).toMatchObject({ of: 'mean', rows: 6 });
    const predicted = await done('predict', 'pets.model', 'pets.csv');
    expect(Number(/^8,dog,(.*)$/m.exec(predicted)?.[1])).toBeCloseTo(probability, 7);
  });

  it('reads one row of a pipe against the bias, and a category that the model does not know', async () => {
    const row = 'colour,width\nmauve,3\n';
    const { stdout, code } = await line.runWith(row, 'explain', 'pets.model', '-', '--row', '2', '--baseline', 'none');
    expect(code).toBe(0);
    expect(stdout).toContain('  colour = (unknown category)  +0.000 towards cat');
    expect(await line.runWith(row, 'explain', 'pets.model', '-', '--row', '2')).toMatchObject({
      code: 1,
      stderr:
        'error: standard input: the data must have at least 2 rows, because their mean is the baseline; got 1. Pass --baseline none to explain by the weights alone.\n',
    });
  });

  it('explains images and named data by their row, from 0', async () => {
    expect(await done('explain', 'a.model', 'iris', '--row', '0', '--top', '1')).toMatch(
      /^row 0 of iris: setosa\n.* {2}petal_length = 1\.4 +\+\d\.\d{3} towards setosa\n {2}3 other columns/s,
    );
  });

  it.each([
    [6, '--row must be a line of pets.csv on which a row begins; got 6. The nearest rows: 5, 7.'],
    [1, '--row must be a line of pets.csv on which a row begins; got 1. The nearest rows: 2.'],
    [99, '--row must be a line of pets.csv on which a row begins; got 99. The nearest rows: 8.'],
  ])('refuses line %i, which is no row', async (row, message) => {
    expect(await refusal(2, 'explain', 'pets.model', 'pets.csv', '--row', String(row))).toBe(`error: ${message}`);
  });

  it('requires a row', async () => {
    expect(await refusal(2, 'explain', 'pets.model', 'pets.csv')).toContain(
      "required option '--row <n>' not specified",
    );
  });
});

describe('learning-curve', () => {
  it('prints the losses by number of training samples, as learningCurve has them', async () => {
    const options = ['--sizes', '12,60,100', '--folds', '3', '--seed', '1', '--l2', '0.01'];
    const json = JSON.parse(await done('learning-curve', 'iris.csv', '--label', 'species', ...options, '--json'));
    const { features, labels } = iris();
    const fit = { sizes: [12, 60, 100], folds: 3, seed: 1, l2: 0.01, standardize: true } as const;
    const { table } = await learningCurve(features, labels, fit);
    expect(json.data).toEqual({ name: 'iris.csv', samples: 150, dropped: 0 });
    expect(json.folds).toBe(3);
    json.table.forEach((row: (typeof table)[number], i: number) => {
      expect(row.samples).toBe(table[i].samples);
      expect([row.logLoss, row.trainingLogLoss, row.standardError]).toBeAllClose(
        [table[i].logLoss, table[i].trainingLogLoss, table[i].standardError],
        { rtol: 1e-5, atol: 0 },
      );
    });
    const text = await done('learning-curve', 'iris.csv', '--label', 'species', ...options);
    const { samples, trainingLogLoss, logLoss, standardError, accuracy } = table[2];
    const cells = [trainingLogLoss, logLoss, standardError, accuracy].map((x) => x.toFixed(4));
    expect(text.trimEnd().split('\n').at(-1)?.trim().split(/ +/)).toEqual([String(samples), ...cells]);
  });

  it('names the sizes whose fits did not converge', async () => {
    const text = await done('learning-curve', 'iris', '--sizes', '12,60', '--folds', '2', '--max-iterations', '1');
    expect(text).toContain('\nNot all fits converged: 12, 60. Raise --max-iterations.\n');
  });

  it('refuses what train refuses, and sizes out of range', async () => {
    expect(await refusal(2, 'learning-curve', 'missing.csv', '--epochs', '3')).toMatch(
      /^error: --epochs must be left out/,
    );
    expect(await refusal(2, 'learning-curve', 'iris', '--label', 'species')).toMatch(
      /^error: --label must be left out/,
    );
    expect(await refusal(2, 'learning-curve', 'iris', '--sizes', '30,121')).toBe(
      'error: --sizes must be an integer in [3, 120], from the number of classes to the training samples of a fold; got 121.',
    );
  });
});

describe('train --l2 auto', () => {
  const flags = ['--folds', '3', '--seed', '2', '--l2', '1,0.01,0.001,0.0003', '--class-weights', 'balanced'];

  it('chooses on the training samples alone what lambdaPath chooses there, and fits with it', async () => {
    const { features, labels } = iris();
    // In the order of the file.
    const train = trainTestSplit(150, { testFraction: 0.2, seed: 2, stratify: labels }).train.sort();
    const own = {
      l2: [1, 0.01, 0.001, 0.0003],
      folds: 3,
      seed: 2,
      standardize: true,
      classWeights: 'balanced',
    } as const;
    const path = await lambdaPath(take(features, train), take(labels, train), { ...own, refit: 'oneStandardError' });
    const rule = ['--l2-rule', 'one-standard-error', '-o', 'chosen.model', '--report', 'chosen.html', '--json'];
    const json = JSON.parse(await done('train', 'iris.csv', '--label', 'species', ...flags, ...rule));
    expect(json.crossValidation).toBeUndefined();
    const { best, oneStandardError, table } = json.lambdaPath;
    expect(json.lambdaPath.rule).toBe('one-standard-error');
    expect([best, oneStandardError]).toEqual([path.best, path.oneStandardError]);
    // The two rules differ here.
    expect(oneStandardError).toBeGreaterThan(best);
    expect(table.map((row: { logLoss: number }) => row.logLoss)).toBeAllClose(
      path.table.map(({ logLoss }) => logLoss),
      { rtol: 1e-5, atol: 0 },
    );
    expect(json.model.options.l2).toBe(path.oneStandardError);
    const written = await loadModel(line.path('chosen.model'));
    expect(written.weight.map((row) => [...row])).toBeAllClose(path.model.weight.map((row) => [...row]));
    const html = readFileSync(line.path('chosen.html'), 'utf8');
    expect(html.includes('id="penalty"')).toBe(true);
    expect(html.includes('within one standard error of the lowest')).toBe(true);
  });

  it('prints the search before the fit', async () => {
    const text = await done('train', 'iris.csv', '--label', 'species', ...flags);
    expect(text).toMatch(
      /^data: .*\nl2 [\d.]+ chosen by cross-validation on the training samples, 3 folds: the lowest log loss\n {2}l2 .*\n {2}1 /m,
    );
    expect(text).not.toContain('cross-validation on the training samples, 3 folds:\n');
  });

  it('refuses a rule without values to choose from, and values out of range, before it reads', async () => {
    expect(await refusal(2, 'train', 'missing.csv', '--l2', '1', '--l2-rule', 'best')).toBe(
      'error: --l2-rule must be left out without --l2 auto or a list, such as --l2 1,0.1,0.01.',
    );
    expect(await refusal(2, 'train', 'missing.csv', '--l2', '1,-1')).toContain(
      'a list of different numbers ≥ 0, or auto',
    );
    expect(await refusal(2, 'train', 'missing.csv', '--l2', '-1')).toBe(
      'error: --l2 must be a finite number ≥ 0; got -1.',
    );
    expect(await refusal(2, 'learning-curve', 'missing.csv', '--l2', 'auto')).toContain('It must be a finite number.');
  });
});
