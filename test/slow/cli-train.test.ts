// The command line from a table to a model, predictions, a report and ONNX, as people and programs run it.
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Random } from '../../src/core/random.js';
import { loadIris } from '../../src/data/iris.js';
import { take, trainTestSplit } from '../../src/data/split.js';
import { SoftmaxRegression } from '../../src/model/softmax-regression.js';
import { loadModel } from '../../src/node/model-files.js';
import { decodeModel, encodeModel } from '../../src/serialization/model-file.js';
import { COMMAND, CommandLine, ended } from '../helpers/command-line.js';

const ROOT = join(__dirname, '..', '..');
const line = new CommandLine();

beforeAll(async () => {
  mkdirSync(line.path('examples'));
  copyFileSync(join(ROOT, 'examples/iris.csv'), line.path('examples/iris.csv'));
});

afterAll(() => line.dispose());

async function done(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await line.run(...args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

/** The blocks of a page that show commands with what they print. */
function consoleBlocks(page: string): [command: string, output: string][] {
  const text = readFileSync(join(ROOT, page), 'utf8');
  return [...text.matchAll(/```console\n(.*?)```/gs)].flatMap(([, block]) =>
    block
      .split(/^\$ /m)
      .slice(1)
      .map((part): [string, string] => {
        const end = part.indexOf('\n');
        return [part.slice(0, end), part.slice(end + 1)];
      }),
  );
}

describe('the commands of the README', () => {
  it('print what it says, in order, and leave the files it names', async () => {
    const blocks = consoleBlocks('README.md');
    expect(blocks.map(([command]) => command.split(' ')[2])).toEqual(['train', 'predict', 'export']);
    for (const [command, output] of blocks)
      expect(await line.shell(command)).toEqual({ code: 0, stdout: output, stderr: '' });
    expect(readdirSync(line.folder).sort()).toEqual(['examples', 'iris.html', 'iris.onnx', 'iris.safetensors']);
    const html = readFileSync(line.path('iris.html'), 'utf8');
    expect(html).toContain('30 of 150 samples held back');
    expect(html).toContain('softmax-regression train examples/iris.csv --label species');
  });

  it('are run on the flowers of loadIris', () => {
    const { features, labels } = loadIris();
    const rows = features.map((row, i) => [...row, labels[i]].join());
    const [, ...written] = readFileSync(join(ROOT, 'examples/iris.csv'), 'utf8').trimEnd().split('\n');
    expect(written).toEqual(rows);
  });
});

describe('train', () => {
  it('fits what fit fits, with the split, penalty and standardisation that it documents', async () => {
    await done('train', 'examples/iris.csv', '--label', 'species', '-o', 'a.model');
    const { features, labels } = loadIris();
    const { train } = trainTestSplit(150, { testFraction: 0.2, stratify: labels });
    const options = { l2: 1 / 120, standardize: true } as const;
    const { model } = await SoftmaxRegression.fit(take(features, train), take(labels, train), options);
    const written = await loadModel(line.path('a.model'));
    expect(written.weight).toEqual(model.weight);
    expect(written.bias).toEqual(model.bias);
    expect(written.schema?.columns.map(({ name }) => name)).toEqual([
      ...['sepal_length', 'sepal_width', 'petal_length', 'petal_width', 'species'],
    ]);
    expect(written.featureNames).toEqual(written.schema?.columns.slice(0, 4).map(({ name }) => name));
  });

  it('cross-validates, calibrates, and says all of it as JSON', async () => {
    const text = await done(
      ...[
        'train',
        'iris',
        '--folds',
        '3',
        '--calibrate',
        '--class-weights',
        'balanced',
        '--json',
        '--report',
        'b.html',
      ],
    );
    const { data, model, fit, crossValidation, evaluation, report } = JSON.parse(text);
    expect(data).toMatchObject({ name: 'Iris', trainingSamples: 96, testSamples: 30, dropped: 0 });
    expect(model).toMatchObject({
      classes: ['setosa', 'versicolor', 'virginica'],
      options: { classWeights: 'balanced' },
    });
    expect(model.temperature).not.toBe(1);
    expect(fit).toMatchObject({ converged: true, reason: 'gradient' });
    expect(crossValidation.mean.accuracy).toBeGreaterThan(0.9);
    expect(evaluation).toMatchObject({ on: 'samples held back', samples: 30 });
    expect(report).toBe('b.html');
  });

  it('tests on another table, and trains by steps, and one-hot encodes', async () => {
    const rows = (n: number) =>
      Array.from(
        { length: n },
        (_, i) => `${i % 2 ? 1 + i / n : -1 - i / n},${i % 3 ? 'red' : 'blue'},${i % 2 ? 'dog' : 'cat'}`,
      );
    line.write('train.csv', `size,colour,kind\n${rows(40).join('\n')}\n`);
    line.write(
      'test.csv',
      `kind,size,colour\n${rows(10)
        .map((row) => row.split(','))
        .map(([a, b, c]) => [c, a, b].join())
        .join('\n')}\n`,
    );
    const steps = [
      '--solver',
      'momentum',
      '--epochs',
      '30',
      '--batch-size',
      '8',
      '--validation',
      '0.25',
      '--patience',
      '30',
    ];
    const text = await done(
      ...['train', 'train.csv', '--label', 'kind', '--strings', 'one-hot', '--test', 'test.csv', ...steps, '--json'],
    );
    const { data, evaluation, fit } = JSON.parse(text);
    expect(data).toMatchObject({ trainingSamples: 40, testSamples: 10, split: 'the 10 rows of test.csv' });
    expect(evaluation.accuracy).toBe(1);
    expect(fit.reason).toBe('epochs');
  });

  it('says that scores on the samples learnt from are just that', async () => {
    const text = await done('train', 'iris', '--test-fraction', '0');
    expect(text).toContain('150 training samples');
    expect(text).toContain('on the training samples');
  });
});

describe('a table as people have it', () => {
  const rowsOf = (n: number, of: (i: number) => string) => Array.from({ length: n }, (_, i) => of(i)).join('\n');

  it('has labels that the model does not know: an error with their place, before the training', async () => {
    line.write('seen.csv', `a,y\n${rowsOf(20, (i) => `${i},${i > 9 ? 'no' : 'yes'}`)}\n`);
    line.write('new.csv', 'a,y\n1,yes\n2,maybe\n');
    const expected = {
      code: 1,
      stderr: 'error: new.csv:3:2: y must be one of the classes "no", "yes"; got "maybe".\n',
    };
    const trained = await line.run('train', 'seen.csv', '--label', 'y', '--test', 'new.csv', '-o', 'seen.model');
    expect(trained).toMatchObject(expected);
    expect(readdirSync(line.folder)).not.toContain('seen.model');
    await done('train', 'seen.csv', '--label', 'y', '-o', 'seen.model');
    expect(await line.run('evaluate', 'seen.model', 'new.csv')).toMatchObject(expected);
  });

  it('has another decimal mark than the training, which predict takes', async () => {
    line.write('comma.csv', 'a;y\n1,5;\n');
    const { stderr } = await line.run('predict', 'seen.model', 'comma.csv');
    expect(stderr).toContain("A decimal comma? Pass --decimal ','.");
    expect(await done('predict', 'seen.model', 'comma.csv', '--decimal', ',')).toContain('\n2,yes,');
    line.write('point.csv', 'a,y\n1.5,\n');
    expect(await done('predict', 'seen.model', 'point.csv')).toBe(
      await done('predict', 'seen.model', 'comma.csv', '--decimal', ','),
    );
  });

  it('has NA as a value', async () => {
    line.write('na.csv', `a,country\n${rowsOf(20, (i) => `${i},${i > 9 ? 'NA' : 'DE'}`)}\n`);
    expect((await line.run('train', 'na.csv', '--label', 'country')).code).toBe(1);
    expect(await done('train', 'na.csv', '--label', 'country', '--no-default-missing')).toMatch(/^ {2}NA /m);
  });

  it('has more classes than 1000, if it is told', async () => {
    line.write('users.csv', `a,y\n${rowsOf(2200, (i) => `${i % 7},user${i % 1100}`)}\n`);
    const args = ['train', 'users.csv', '--label', 'y', '--test-fraction', '0', '--max-iterations', '1'];
    expect((await line.run(...args)).stderr).toContain('Otherwise raise --max-categories.');
    expect(await done(...args, '--max-categories', '1100')).toContain('1,100 classes');
  });

  it('has two features of one name, which are told apart', async () => {
    line.write('names.csv', `a,a=b,y\n${rowsOf(20, (i) => (i % 2 === 0 ? 'b=c,d,p' : 'e,c,q'))}\n`);
    await done('train', 'names.csv', '--label', 'y', '--strings', 'one-hot', '-o', 'names.model');
    expect(await done('inspect', 'names.model')).toContain('features: 4, a=b=c, a=e, a=b=c (2), a=b=d');
  });

  it('has thousands, or decimal commas: the message asks which', async () => {
    line.write('thousands.csv', 'a;y\n1,367;p\n4,173;q\n');
    expect((await line.run('train', 'thousands.csv', '--label', 'y')).stderr).toBe(
      'error: thousands.csv:2:1: a must be a number; got "1,367". Thousands? Write numbers without separators. A decimal comma? Pass --decimal \',\'.\n',
    );
  });
});

describe('an interrupted training', () => {
  const steps = ['train', 'iris', '--solver', 'adam', '--batch-size', '8', '--backend', 'wasm'];

  it('stops on Ctrl-C with 130 and a usable checkpoint, from which it ends as if nothing had been', async () => {
    await done(...steps, '--epochs', '30', '-o', 'whole.model');
    const child = line.start(...steps, '--epochs', '100000', '--checkpoint', 'run.checkpoint', '-o', 'never.model');
    const end = ended(child);
    while (!readdirSync(line.folder).includes('run.checkpoint')) await new Promise((r) => setTimeout(r, 20));
    child.kill('SIGINT');
    expect(await end).toMatchObject({
      code: 130,
      stdout: '',
      stderr:
        'error: interrupted: the training so far is saved in run.checkpoint; to continue, run the same command with --resume run.checkpoint\n',
    });
    expect(readdirSync(line.folder).filter((name) => /never|partial/.test(name))).toEqual([]);

    await done(...steps, '--epochs', '10', '--checkpoint', 'short.checkpoint');
    await done(...steps, '--epochs', '30', '--resume', 'short.checkpoint', '-o', 'resumed.model');
    expect(readFileSync(line.path('resumed.model')).equals(readFileSync(line.path('whole.model')))).toBe(true);
  });

  it('is not resumed from what is not there', async () => {
    expect(await line.run(...steps, '--resume', 'gone.checkpoint')).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'error: gone.checkpoint: this path must be a checkpoint; got no such file. To start a new one, pass --checkpoint without --resume.\n',
    });
  });
});

describe('predict', () => {
  const flowers = 'petal_width,note,sepal_length,petal_length,sepal_width\n0.2,"a, b",5.1,1.4,3.5\n1.4,,6.1,4.7,2.9\n';

  beforeAll(async () => {
    await done('train', 'examples/iris.csv', '--label', 'species', '-o', 'iris.model');
    line.write('flowers.csv', flowers);
  });

  it('gives the labels and probabilities of the model, whatever the order of the columns', async () => {
    const [header, ...rows] = (await done('predict', 'iris.model', 'flowers.csv', '--probabilities'))
      .trimEnd()
      .split('\n');
    expect(header).toBe('line,label,probability,p(setosa),p(versicolor),p(virginica)');
    const model = await loadModel(line.path('iris.model'));
    const expected = model.predictProbabilities([
      [5.1, 3.5, 1.4, 0.2],
      [6.1, 2.9, 4.7, 1.4],
    ]);
    rows.forEach((row, i) => {
      const [number, label, probability, ...all] = row.split(',');
      expect([number, label]).toEqual([String(i + 2), ['setosa', 'versicolor'][i]]);
      expect(Number(probability)).toBe(Math.max(...all.map(Number)));
      all.map(Number).forEach((p, k) => {
        expect(Math.abs(p - expected[i][k])).toBeLessThan(1e-7);
      });
    });
  });

  it('reads standard input, and writes JSON lines, the most probable classes first', async () => {
    const { stdout, code, stderr } = await line.runWith(flowers, 'predict', 'iris.model', '-', '--json', '--top', '2');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [first, second] = stdout
      .trimEnd()
      .split('\n')
      .map((text) => JSON.parse(text));
    expect(first).toMatchObject({ line: 2, top: [{ label: 'setosa' }, { label: 'versicolor' }] });
    expect(second).toMatchObject({ line: 3, top: [{ label: 'versicolor' }, { label: 'virginica' }] });
  });

  it('answers a row of a pipe before the next one comes', async () => {
    const child = line.start('predict', 'iris.model', '-');
    const end = ended(child);
    const [header, ...rows] = flowers.trimEnd().split('\n');
    child.stdin?.write(`${header}\n${rows[0]}\n`);
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    child.stdin?.end(`${rows[1]}\n`);
    expect((await end).stdout.trimEnd().split('\n')).toHaveLength(3);
  });

  it('leaves rows out that lack a value, if it is told to, and says which are left', async () => {
    line.write('holes.csv', `${flowers.replace('1.4,,6.1', '?,,6.1')}0.3,,5.0,1.5,3.4\n`);
    const text = await done('predict', 'iris.model', 'holes.csv', '--missing', 'drop');
    expect(
      text
        .trimEnd()
        .split('\n')
        .map((row) => row.split(',')[0]),
    ).toEqual(['line', '2', '4']);
  });

  it('writes a file that appears when it is whole, and nothing on standard output', async () => {
    expect(await done('predict', 'iris.model', 'examples/iris.csv', '-o', 'labels.csv')).toBe('');
    expect(readFileSync(line.path('labels.csv'), 'utf8').trimEnd().split('\n')).toHaveLength(151);
    expect(readdirSync(line.folder).filter((name) => name.includes('partial'))).toEqual([]);
  });

  it('ends quietly when its reader has had enough', async () => {
    const rows = flowers + '0.3,,5.0,1.5,3.4\n'.repeat(200_000);
    line.write('many.csv', rows);
    expect(await line.shell('npx softmax-regression predict iris.model many.csv | head -1')).toEqual({
      code: 0,
      stdout: 'line,label,probability\n',
      stderr: '',
    });
  });

  it('stops on SIGTERM with 143, and leaves no file', async () => {
    const child = line.start('predict', 'iris.model', '-', '-o', 'never.csv');
    const end = ended(child);
    child.stdin?.on('error', () => {});
    child.stdin?.write(flowers);
    // Its temporary file shows that it is at work.
    while (!readdirSync(line.folder).some((name) => name.startsWith('.never.csv')))
      await new Promise((r) => setTimeout(r, 20));
    child.kill('SIGTERM');
    expect(await end).toMatchObject({ code: 143, stderr: 'error: terminated\n' });
    expect(readdirSync(line.folder).filter((name) => name.includes('never'))).toEqual([]);
  });
});

describe('evaluate, report and inspect', () => {
  beforeAll(() => done('train', 'examples/iris.csv', '--label', 'species', '-o', 'iris.model'));

  it('agree with evaluate of the model', async () => {
    const model = await loadModel<string>(line.path('iris.model'));
    const { features, labels } = loadIris();
    const expected = await model.evaluate(features, labels);
    const { evaluation } = JSON.parse(await done('evaluate', 'iris.model', 'examples/iris.csv', '--json'));
    expect(evaluation).toEqual(JSON.parse(JSON.stringify(expected)));
    expect(await done('evaluate', 'iris.model', 'examples/iris.csv')).toContain(
      `accuracy ${expected.accuracy.toFixed(4)} on the rows of examples/iris.csv: `,
    );
  });

  it('write a report that claims nothing of what it does not know', async () => {
    const { report, bytes } = JSON.parse(
      await done('report', 'iris.model', 'examples/iris.csv', '-o', 'c.html', '--json'),
    );
    expect(report).toBe('c.html');
    const html = readFileSync(line.path('c.html'), 'utf8');
    expect(Buffer.byteLength(html)).toBe(bytes);
    expect(html).toMatch(/<strong>4\sfeatures<\/strong>, tested on 150\ssamples\./);
    expect(html).not.toContain('it had not seen');
    // Mistakes are named by their line, as predict names them.
    const lines = (await done('predict', 'iris.model', 'examples/iris.csv')).trimEnd().split('\n').slice(1);
    const { labels } = loadIris();
    const wrong = lines.filter((each, i) => each.split(',')[1] !== labels[i]).map((each) => each.split(',')[0]);
    const section = html.slice(html.indexOf('id="mistakes"'));
    expect(wrong.length).toBeGreaterThan(0);
    for (const number of wrong) expect(section).toMatch(new RegExp(`<td[^>]*>${number}</td>`));
  });

  it('agree on a table of Julian days, far from 0 for their deviation, with the optimum', async () => {
    // Days and labels whose odds are 2·z: the optimum is that of z.
    const random = new Random(11);
    const z = Array.from({ length: 400 }, () => random.normal());
    const labels = z.map((each) => (random.uniform() < 1 / (1 + Math.exp(-2 * each)) ? 'after' : 'before'));
    const days = z.map((each) => 2_460_000 + each * 1e-3);
    const rows = days.map((day, i) => `${day},${labels[i]}`);
    writeFileSync(line.path('days.csv'), `jd,kind\n${rows.join('\n')}\n`);
    const { fit } = JSON.parse(
      await done('train', 'days.csv', '--label', 'kind', '--test-fraction', '0', '-o', 'days.model', '--json'),
    );
    const near = days.map((day) => [(day - 2_460_000) * 1e3]);
    const { model, result } = await SoftmaxRegression.fit(near, labels, { standardize: true });
    expect(fit).toMatchObject({ converged: true, advice: null });
    expect(fit.objective).toBeCloseTo(result.objective, 6);
    const { evaluation } = JSON.parse(await done('evaluate', 'days.model', 'days.csv', '--json'));
    expect(evaluation.logLoss).toBeCloseTo((await model.evaluate(near, labels)).logLoss, 6);
    expect(await done('export', 'days.model', '-o', 'days.onnx')).toContain('features, double [N, 1]: jd');
  });

  it('write to standard output where -o is -, and everything else to standard error', async () => {
    const trained = await line.run('train', 'examples/iris.csv', '--label', 'species', '-o', '-');
    expect(trained.stderr).toContain('model: standard output');
    expect(trained.stdout).toContain('"format":"softmax-regression"');
    const exported = await line.run('export', 'iris.model', '-o', '-');
    expect(exported.stdout).toContain('softmax-regression');
    expect(exported.stderr).toContain('ONNX: standard output');
    const reported = await line.run('report', 'iris.model', 'examples/iris.csv', '-o', '-');
    expect(reported.stdout).toMatch(/^<!doctype html>/);
    const predicted = await line.run('predict', 'iris.model', 'examples/iris.csv', '-o', '-');
    expect(predicted.stdout.split('\n')).toHaveLength(152);
    expect(readdirSync(line.path('.'))).not.toContain('-');
    const both = await line.run('export', 'iris.model', '-o', '-', '--json');
    expect(both).toMatchObject({ code: 2, stdout: '' });
    const twice = await line.run('train', 'examples/iris.csv', '--label', 'species', '-o', '-', '--report', '-');
    expect(twice).toMatchObject({
      code: 2,
      stderr: 'error: Only one of --output and --report can be -, standard output.\n',
    });
  });

  it('show what the file holds', async () => {
    const text = await done('inspect', 'iris.model', '--top', '2');
    expect(text).toContain('classes: 3, setosa, versicolor, virginica');
    expect(text).toContain('columns: sepal_length, sepal_width, petal_length, petal_width, species (label)');
    // iris.model is standardised.
    expect(text).toContain(
      'weights per standard deviation of the feature, centred over the classes, the 2 largest of 4:',
    );
    const { weight, topWeights, topWeightsPer, featureDeviations, schema, sha256 } = JSON.parse(
      await done('inspect', 'iris.model', '--json'),
    );
    expect(weight).toHaveLength(12);
    expect(topWeights).toHaveLength(4);
    expect([featureDeviations.length, topWeightsPer]).toEqual([4, 'standard deviation']);
    expect(schema.columns).toHaveLength(5);
    expect(sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it('ranks features by weight times deviation, as the report does, or per unit where the file has no deviations', async () => {
    // The numbers of `strong` are large, so its weight per unit is small.
    const rows = Array.from({ length: 40 }, (_, i) => {
      const noise = ((i * 7919) % 13) / 13;
      return [
        1000 * Math.floor(i / 20) + 100 * noise,
        (((i * 31) % 17) / 17 + Math.floor(i / 20) / 4) / 1000,
        'ab'[Math.floor(i / 20)],
      ];
    });
    writeFileSync(line.path('units.csv'), ['strong,small,kind', ...rows.map((row) => row.join()), ''].join('\n'));
    await done('train', 'units.csv', '--label', 'kind', '-o', 'units.model');
    const { featureDeviations: _, ...content } = decodeModel(readFileSync(line.path('units.model')));
    writeFileSync(line.path('raw.model'), encodeModel(content));
    const ranked = async (model: string) => {
      const { topWeights, topWeightsPer } = JSON.parse(await done('inspect', model, '--json'));
      return [topWeightsPer, ...topWeights.map(({ feature }: { feature: string }) => feature)];
    };
    expect(await ranked('units.model')).toEqual(['standard deviation', 'strong', 'small']);
    expect(await ranked('raw.model')).toEqual(['unit', 'small', 'strong']);
    const text = await done('inspect', 'raw.model');
    expect(text).toContain(
      'weights per unit of the feature (the file has no standard deviations), centred over the classes:',
    );
  });
});

describe('help', () => {
  it('names every command and the exit codes', async () => {
    const text = await done('--help');
    for (const name of [
      'train',
      'evaluate',
      'predict',
      'report',
      'inspect',
      'export',
      'gradcheck',
      'native',
      'doctor',
      'data',
    ]) {
      expect(text).toMatch(new RegExp(`^  ${name} `, 'm'));
    }
    expect(text).toContain(
      'Exit codes: 0 success, 1 failure (data, file or machine), 2 usage error, 130 interrupted, 143 terminated.',
    );
  });

  it.each([
    [
      'train',
      [
        '--label <column>',
        '-o, --output <file>',
        '--report <file>',
        '--missing <policy>',
        '--folds <k>',
        '--json',
        'iris             150 flowers, built in',
      ],
    ],
    [
      'predict',
      [
        '--format <name>',
        '--probabilities',
        '--top <k>',
        '- for standard input',
        'Memory does not grow with the file.',
      ],
    ],
    ['evaluate', ['--label <column>', '--json']],
    ['report', ['-o, --output <file>', '--json']],
    ['inspect', ['--top <k>', '--json']],
    ['export', ['-o, --output <file>', '--name <name>', '--json']],
  ])('of %s says what it takes', async (name, lines) => {
    const text = await done(name, '--help');
    expect(text).toMatch(new RegExp(`^Usage: softmax-regression ${name} \\[options\\] `));
    for (const each of lines) expect(text.replace(/\s+/g, ' ')).toContain(each.replace(/\s+/g, ' '));
  });

  /** Which files of TensorFlow.js a command has loaded: every file that is loaded by require is in its cache when the process ends. */
  async function loaded(args: readonly string[]): Promise<string> {
    line.write(
      'spy.cjs',
      "process.on('exit', () => process.stderr.write(Object.keys(require.cache).filter((f) => /@tensorflow/.test(f)).slice(0, 3).join()));",
    );
    const [node, ...rest] = COMMAND;
    const command = [node, '--require', './spy.cjs', ...rest].map((word) => `'${word}'`).join(' ');
    const { code, stderr } = await line.shell(`${command} ${args.join(' ')} > /dev/null`);
    expect(code).toBe(0);
    return stderr;
  }

  it.each([
    ['--help', ['--help']],
    ['train --help', ['train', '--help']],
    ['predict', ['predict', 'iris.model', 'flowers.csv']],
    ['inspect', ['inspect', 'iris.model']],
  ])('%s loads no TensorFlow.js', async (_, args) => {
    expect(await loaded(args)).toBe('');
  });

  it('export loads it, which is seen', async () => {
    expect(await loaded(['export', 'iris.model', '-o', 'iris.onnx'])).toMatch(/@tensorflow/);
  });
});
