// train with columns of weights, groups and times; and a trained model is not lost, whatever follows.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readSamples, SoftmaxRegression, take, trainTestSplit } from 'softmax-regression';
import { loadModel } from 'softmax-regression/node';
import { CommandLine, ended } from '../helpers/command-line.js';

const line = new CommandLine();

/** 60 visits of 12 patients over 60 days, in no order of time. */
const ROWS = Array.from({ length: 60 }, (_, i) => {
  const day = new Date(Date.UTC(2024, 0, 1 + ((i * 7) % 60))).toISOString().slice(0, 10);
  const kind = (i * 5) % 9 < 4 ? 'no' : 'yes';
  return `p${i % 12},${day},${[1, 0, 2.5][i % 3]},${kind === 'yes' ? i % 7 : -(i % 5)},${(i * i) % 11},${kind}`;
});
const HEAD = 'patient,day,weight,size,age,kind';
const TABLE = `${[HEAD, ...ROWS].join('\n')}\n`;
const LABEL = ['--label', 'kind'];

beforeAll(() => line.write('visits.csv', TABLE));
afterAll(() => line.dispose());

async function json(...args: string[]) {
  const { code, stdout, stderr } = await line.run(...args, '--json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout);
}

async function refusal(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await line.run('train', ...args);
  // The columns may be listed before the error; nothing else is printed.
  expect(stdout).toMatch(/^(table: [^\n]*\n( {2}.*\n)+\n?)?$/);
  return `${code} ${stderr.trimEnd().split('\n')[0]}`;
}

describe('train', () => {
  const ignored = ['--ignore', 'patient', '--ignore', 'day'];

  it('weighs rows in the fit and in the evaluation, and evaluate does where the table has weights', async () => {
    const columns = ['--sample-weight', 'weight', ...ignored];
    const { evaluation } = await json('train', 'visits.csv', ...LABEL, ...columns, '-o', 'w.model');
    const file = new File([TABLE], 'visits.csv');
    const options = { label: 'kind', sampleWeight: 'weight', ignore: ['patient', 'day'], testFraction: 0.2 };
    const { samples, test, schema } = await readSamples([file], options);
    const { features, labels, sampleWeights } = samples;
    const fitted = await SoftmaxRegression.fit(features, labels, { sampleWeights, schema, standardize: true });
    const written = await loadModel(line.path('w.model'));
    expect(written.weight).toEqual(fitted.model.weight);
    const tested = test as NonNullable<typeof test>;
    const expected = await fitted.model.evaluate(tested.features, tested.labels, {
      sampleWeights: tested.sampleWeights,
    });
    expect(evaluation.logLoss).toBe(expected.logLoss);
    const all = await readSamples([file], { ...options, testFraction: undefined });
    for (const [name, text, weights] of [
      ['visits.csv', TABLE, all.samples.sampleWeights],
      ['bare.csv', TABLE.replaceAll(/^([^,]*,[^,]*),[^,]*/gm, '$1'), undefined],
    ] as const) {
      line.write(name, text);
      const { logLoss } = (await json('evaluate', 'w.model', name)).evaluation;
      const scores = await written.evaluate(all.samples.features, all.samples.labels, { sampleWeights: weights });
      expect(logLoss).toBe(scores.logLoss);
    }
    const predicted = await line.run('predict', 'w.model', 'bare.csv');
    expect(predicted).toEqual(await line.run('predict', 'w.model', 'visits.csv'));
    expect(predicted.stdout.trimEnd().split('\n')).toHaveLength(61);
  });

  it('keeps the visits of a patient together, in the test part, for calibration and in folds', async () => {
    const columns = ['--group', 'patient', '--ignore', 'day', '--ignore', 'weight'];
    const whole = ['--calibrate', '--folds', '3', '--validation', '0.2'];
    const { data, model } = await json('train', 'visits.csv', ...LABEL, ...columns, ...whole);
    expect(data.split).toMatch(/^\d+ of 60 samples held back, 2 whole groups$/);
    expect(data.trainingSamples % 5).toBe(0);
    expect(model.numFeatures).toBe(2);
    expect(model.options.validation).toBe(0.2);
  });

  it('tests on the latest visits', async () => {
    const columns = ['--time', 'day', '--ignore', 'patient', '--ignore', 'weight', '--folds', '2'];
    const { data, evaluation } = await json('train', 'visits.csv', ...LABEL, ...columns, '-o', 't.model');
    expect(data.split).toBe('the latest 12 of 60 samples');
    const options = { label: 'kind', time: 'day', ignore: ['patient', 'weight'] };
    const { samples } = await readSamples([new File([TABLE], 'visits.csv')], options);
    // In the order of the file.
    const test = trainTestSplit(60, { testFraction: 0.2, times: samples.times }).test.sort();
    const model = await loadModel(line.path('t.model'));
    const { logLoss } = await model.evaluate(take(samples.features, test), take(samples.labels, test));
    expect(evaluation.logLoss).toBe(logLoss);
  });

  it('takes a weight for each class, and leaves out classes with few rows', async () => {
    line.write('more.csv', `${TABLE}p1,2024-05-01,1,1,1,rare\n`);
    const rest = [...ignored, '--ignore', 'weight', '--min-class-count', '2'];
    const byName = await json('train', 'more.csv', ...LABEL, ...rest, '--class-weights', 'yes=5,no=0.5');
    expect(byName.model.options.classWeights).toEqual({ yes: 5, no: 0.5 });
    expect([byName.data.leftOut, byName.model.classes]).toEqual([{ rare: 1 }, ['no', 'yes']]);
    line.write('odd.csv', TABLE.replaceAll(/,no$/gm, ',"a=b, c"'));
    const asJson = ['--class-weights', '{"a=b, c": 2}'];
    const odd = await json('train', 'odd.csv', ...LABEL, ...ignored, '--ignore', 'weight', ...asJson);
    expect(odd.model.options.classWeights).toEqual({ 'a=b, c': 2 });
    const { stdout } = await line.run('train', 'more.csv', ...LABEL, ...rest);
    expect(stdout).toContain('\nleft out, too few rows: rare (1)\n');
    expect(await refusal('more.csv', ...LABEL, ...rest.slice(0, -2))).toBe(
      '1 error: more.csv: the class "rare" must have at least 2 samples, one to train on and one to hold back; got 1. Pass --test-fraction 0 to train on all samples, pass --test FILE, or leave the class out with --min-class-count 2.',
    );
  });

  it.each<[string, string[], RegExp]>([
    [
      'a class that is none',
      ['--class-weights', 'yes=5,maybe=1'],
      /^2 error: --class-weights must name only the classes "no", "yes"; got "maybe"\./,
    ],
    [
      'a weight that is none',
      ['--class-weights', 'yes=much'],
      /^2 error: .*The weight of "yes" must be a finite number ≥ 0\.$/,
    ],
    [
      'a class without a weight',
      ['--class-weights', 'yes'],
      /^2 error: .*It must be balanced, or weights of classes such as yes=5,no=1/,
    ],
    ['a class with two weights', ['--class-weights', 'yes=1,yes=2'], /^2 error: .*It must give "yes" one weight\.$/],
    ['JSON that is none', ['--class-weights', '{yes: 2}'], /^2 error: .*It must be balanced, or/],
    ['groups and times', ['--group', 'patient', '--time', 'day'], /^2 error: --time must be left out with --group/],
    [
      'a class in one group',
      ['--group', 'kind2'],
      /^2 error: --group must have at least 2 groups of each class, .*; got 1 of "no"\. Pass --test-fraction 0/,
    ],
    [
      'weights that are none',
      ['--sample-weight', 'size'],
      /^1 error: one\.csv:\d+:4: size must be a finite number ≥ 0; got "-\d"\.$/,
    ],
    [
      'an unknown column',
      ['--sample-weight', 'wieght'],
      /^1 error: one\.csv:1: --sample-weight must be one of the columns .* Did you mean "weight"\?$/,
    ],
    [
      'a time that is none',
      ['--time', 'patient'],
      /^1 error: one\.csv:2:1: patient must be a finite number or a date, .*; got "p0"\.$/,
    ],
    [
      'two results in one file',
      ['-o', 'x', '--checkpoint', './x'],
      /^2 error: --output and --checkpoint must be different files\.$/,
    ],
    [
      'a model in place of the table',
      ['-o', './one.csv'],
      /^2 error: --output must be another file than DATA; got \.\/one\.csv\.$/,
    ],
    [
      'a report in place of the test table',
      ['--test', 'visits.csv', '--report', 'visits.csv'],
      /^2 error: --report must be another file than --test/,
    ],
    [
      'a checkpoint that is a folder',
      ['--solver', 'sgd', '--checkpoint', 'folder'],
      /^1 error: folder: this path must be a file, or free; got a folder\./,
    ],
    [
      'a checkpoint to go on from that is a folder',
      ['--solver', 'sgd', '--resume', 'folder'],
      /^1 error: folder: this path must be a file, or free; got a folder\./,
    ],
  ])('refuses %s before the training', async (_, args, message) => {
    mkdirSync(line.path('folder'), { recursive: true });
    const rows = ROWS.map((row) => `${row},${row.split(',')[5]}`);
    line.write('one.csv', `${[`${HEAD},kind2`, ...rows].join('\n')}\n`);
    const others = ['patient', 'day', 'kind2'].filter((name) => !args.includes(name));
    const ignore = others.flatMap((name) => ['--ignore', name]);
    expect(await refusal('one.csv', ...LABEL, ...ignore, ...args)).toMatch(message);
  });
});

describe('a report on rows with weights', () => {
  it('weighs the curves as the scores, and shows no row of weight 0 as a mistake', async () => {
    const rows = Array.from({ length: 40 }, (_, i) => `${(i * 7) % 13},${i % 3},${(i * 5) % 11 > 5 ? 'a' : 'b'}`);
    line.write('weighed.csv', ['x,w,y', ...rows].join('\n'));
    const flags = ['--label', 'y', '--sample-weight', 'w', '--test-fraction', '0', '--report', 'weighed.html'];
    const { evaluation } = await json('train', 'weighed.csv', ...flags);
    const html = readFileSync(line.path('weighed.html'), 'utf8');
    const areas = [...html.matchAll(/area (\d\.\d{4})/g)].map(([, area]) => area);
    expect(areas).toContain(evaluation.rocAuc.toFixed(4));
    const wrong = evaluation.confusion.counts[0][1] + evaluation.confusion.counts[1][0];
    expect(wrong).toBeGreaterThan(0);
    // Every third row has weight 0: lines 2, 5, 8, ….
    const [section] = html.split('id="mistakes"')[1].split('</section>');
    const lines = [...section.matchAll(/%<\/td><td class="number">(\d+)</g)].map(([, number]) => Number(number));
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.filter((number) => number % 3 === 2)).toEqual([]);
  });
});

describe('a model that is trained', () => {
  /** Runs train on standard input, and puts a file in place of the folder `sub` once the outputs are checked. */
  async function spoiled(...args: string[]) {
    rmSync(line.path('sub'), { recursive: true, force: true });
    const child = line.start('train', '-', ...LABEL, '--ignore', 'patient', '--ignore', 'day', ...args);
    const end = ended(child);
    child.stdin?.on('error', () => {});
    // More blank lines than a pipe holds: once they are written, they are read, which is after the checks.
    await new Promise((resolve) => child.stdin?.write(`${TABLE}${'\n'.repeat(2 ** 20)}`, resolve));
    rmSync(line.path('sub'), { recursive: true });
    writeFileSync(line.path('sub'), '');
    child.stdin?.end();
    return end;
  }

  it('is saved if the report cannot be written, and the error says so', async () => {
    const { code, stderr } = await spoiled('--calibrate', '-o', 'kept.model', '--report', 'sub/r.html');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: sub: this path must be writable; .* The model is saved in kept\.model\.\n$/);
    expect((await loadModel(line.path('kept.model'))).temperature).not.toBe(1);
  });

  it('is saved in the temporary folder if its own cannot be written', async () => {
    const { code, stderr } = await spoiled('-o', 'sub/lost.model');
    expect(code).toBe(1);
    const [, file] = /^error: sub.* The model is saved in (\S+) instead\.\n$/.exec(stderr) ?? [];
    expect((await loadModel(file)).classes).toEqual(['no', 'yes']);
    rmSync(file);
  });

  it('is on standard output if that is its place', async () => {
    const { code, stdout, stderr } = await spoiled('-o', '-', '--report', 'sub/r.html');
    expect([code, stdout.includes('__metadata__')]).toEqual([1, true]);
    expect(stderr).toMatch(/^error: sub.* The model is written to standard output\.\n$/m);
    expect(readFileSync(line.path('sub'), 'utf8')).toBe('');
  });
});
