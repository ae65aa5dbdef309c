// The command line from a table to a model, predictions, a report and ONNX.
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
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

/** The commands of a page, with the output that it shows. */
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
  it('print the documented output in order, and write the documented files', async () => {
    const blocks = consoleBlocks('README.md');
    expect(blocks.map(([command]) => command.split(' ')[2])).toEqual(['train', 'predict', 'export']);
    for (const [command, output] of blocks)
      expect(await line.shell(command)).toEqual({ code: 0, stdout: output, stderr: '' });
    expect(readdirSync(line.folder).sort()).toEqual(['examples', 'iris.html', 'iris.onnx', 'iris.safetensors']);
    const html = readFileSync(line.path('iris.html'), 'utf8');
    expect(html).toContain('30 of 150 samples held back');
    expect(html).toContain('softmax-regression train examples/iris.csv --label species');
  });

  it('use the data of loadIris', () => {
    const { features, labels } = loadIris();
    const rows = features.map((row, i) => [...row, labels[i]].join());
    const [, ...written] = readFileSync(join(ROOT, 'examples/iris.csv'), 'utf8').trimEnd().split('\n');
    expect(written).toEqual(rows);
  });
});

describe('train', () => {
  it('matches fit with the documented split, penalty and standardisation', async () => {
    await done('train', 'examples/iris.csv', '--label', 'species', '-o', 'a.model');
    const { features, labels } = loadIris();
    // In the order of the file.
    const train = trainTestSplit(150, { testFraction: 0.2, stratify: labels }).train.sort();
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

  it('cross-validates, calibrates, and prints everything as JSON', async () => {
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

  it('tests on another table, trains by steps, and one-hot encodes', async () => {
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

  it('reports that scores are on the training samples', async () => {
    const text = await done('train', 'iris', '--test-fraction', '0');
    expect(text).toContain('150 training samples');
    expect(text).toContain('on the training samples');
  });
});

describe('a real-world table', () => {
  const rowsOf = (n: number, of: (i: number) => string) => Array.from({ length: n }, (_, i) => of(i)).join('\n');

  it('with unknown labels is rejected with their place, before training', async () => {
    line.write('seen.csv', `a,y\n${rowsOf(20, (i) => `${i},${i > 9 ? 'no' : 'yes'}`)}\n`);
    line.write('new.csv', 'a,y\n1,yes\n2,maybe\n');
    const expected = {
      code: 1,
      stderr:
        'error: new.csv:3:2: y must be one of the classes "no", "yes"; got "maybe". Pass --unknown-label drop to leave such rows out.\n',
    };
    const trained = await line.run('train', 'seen.csv', '--label', 'y', '--test', 'new.csv', '-o', 'seen.model');
    expect(trained).toMatchObject(expected);
    expect(readdirSync(line.folder)).not.toContain('seen.model');
    await done('train', 'seen.csv', '--label', 'y', '-o', 'seen.model');
    expect(await line.run('evaluate', 'seen.model', 'new.csv')).toMatchObject(expected);
  });

  it('with another decimal mark than in training is accepted by predict', async () => {
    line.write('comma.csv', 'a;y\n1,5;\n');
    const { stderr } = await line.run('predict', 'seen.model', 'comma.csv');
    expect(stderr).toContain("A decimal comma? Pass --decimal ','.");
    expect(await done('predict', 'seen.model', 'comma.csv', '--decimal', ',')).toContain('\n2,yes,');
    line.write('point.csv', 'a,y\n1.5,\n');
    expect(await done('predict', 'seen.model', 'point.csv')).toBe(
      await done('predict', 'seen.model', 'comma.csv', '--decimal', ','),
    );
  });

  it('can have NA as a value', async () => {
    line.write('na.csv', `a,country\n${rowsOf(20, (i) => `${i},${i > 9 ? 'NA' : 'DE'}`)}\n`);
    expect((await line.run('train', 'na.csv', '--label', 'country')).code).toBe(1);
    expect(await done('train', 'na.csv', '--label', 'country', '--no-default-missing')).toMatch(/^ {2}NA /m);
  });

  it('can have more than 1000 classes with --max-categories', async () => {
    line.write('users.csv', `a,y\n${rowsOf(2200, (i) => `${i % 7},user${i % 1100}`)}\n`);
    const args = ['train', 'users.csv', '--label', 'y', '--test-fraction', '0', '--max-iterations', '1'];
    expect((await line.run(...args)).stderr).toContain('Otherwise raise --max-categories.');
    expect(await done(...args, '--max-categories', '1100')).toContain('1,100 classes');
  });

  it('gets distinct names for features with equal names', async () => {
    line.write('names.csv', `a,a=b,y\n${rowsOf(20, (i) => (i % 2 === 0 ? 'b=c,d,p' : 'e,c,q'))}\n`);
    await done('train', 'names.csv', '--label', 'y', '--strings', 'one-hot', '-o', 'names.model');
    expect(await done('inspect', 'names.model')).toContain('features: 4, a=b=c, a=e, a=b=c (2), a=b=d');
  });

  it('has quotes for a column without a name in the summary of the model', async () => {
    line.write('index.csv', `,a,y\n${rowsOf(20, (i) => `${i},${i % 7},${i % 2 === 0 ? 'p' : 'q'}`)}\n`);
    await done('train', 'index.csv', '--label', 'y', '-o', 'index.model');
    expect(await done('inspect', 'index.model')).toContain('columns: "" (ignored), a, y (label)');
  });

  it('with ambiguous commas is rejected with both hints', async () => {
    line.write('thousands.csv', 'a;y\n1,367;p\n4,173;q\n');
    expect((await line.run('train', 'thousands.csv', '--label', 'y')).stderr).toBe(
      'error: thousands.csv:2:1: a must be a number; got "1,367". Thousands? Pass --thousands. A decimal comma? Pass --decimal \',\'.\n',
    );
  });
});

describe('the columns of a table', () => {
  const shop = [
    ',when,price,share,zip,colour,note,kind',
    ...Array.from({ length: 40 }, (_, i) => {
      const day = `2024-0${1 + (i % 9)}-1${i % 10}`;
      return `${i},${day},"1,${100 + ((i * 7) % 40)}",${i}%,0${2134 + (i % 3)},${['red', '', 'blue'][i % 3]},n${i},${'ab'[i % 2]}`;
    }),
  ].join('\n');
  const flags = ['--label', 'kind', '--strings', 'one-hot', '--date', 'when', '--thousands'];
  const missing = ['--missing', 'colour=indicator', '--missing', 'drop'];

  it('are listed by a dry run, with suspect ones named, and nothing is written', async () => {
    line.write('shop.csv', shop);
    const text = await done('train', 'shop.csv', ...flags, ...missing, '--dry-run', '-o', 'dry.model');
    expect(text).toBe(
      `table: shop.csv, 40 rows
  column  kind            values  missing  features
  ""      ignored                                    no name: a row index, not read
  when    date                40        0        21  21 features: year, days, month, weekday
  price   number              40        0         1
  share   number              40        0         1  percentages: 12% is read as 0.12
  zip     number (code?)       3        0         1  values such as 02134 are read as numbers: a code? --categories zip or --ignore zip
  colour  category             2       13         3
  note    category (id?)      40        0        40  40 values in 40 rows: an id? --ignore note
  kind    label                2        0
`.replace(
        'when    date                40',
        `when    date            ${String(new Set(shop.match(/2024-\d\d-\d\d/g)).size).padStart(6)}`,
      ),
    );
    expect(existsSync(line.path('dry.model'))).toBe(false);
    const { data } = JSON.parse(await done('train', 'shop.csv', ...flags, ...missing, '--dry-run', '--json'));
    expect(data.columns).toHaveLength(8);
  });

  it('of a wide table are listed in part, and all of them by a dry run', async () => {
    const names = Array.from({ length: 40 }, (_, j) => `x${j}`);
    const rows = Array.from({ length: 30 }, (_, i) => [...names.map((_, j) => (i * j) % 11), 'ab'[i % 2]].join());
    line.write('wide.csv', [[...names, 'y'].join(), ...rows].join('\n'));
    expect(await done('train', 'wide.csv', '--label', 'y')).toContain('… and 21 others; --dry-run lists them all');
    line.write(
      'less.csv',
      [
        [...names.slice(0, 20), 'y'].join(),
        ...rows.map((row) => [...row.split(',').slice(0, 20), row.at(-1)].join()),
      ].join('\n'),
    );
    expect(await done('train', 'less.csv', '--label', 'y')).toContain('… and 1 other; --dry-run lists them all');
    expect(await done('train', 'wide.csv', '--label', 'y', '--dry-run')).toContain('x39 ');
  });

  it('are read alike by predict, which keeps columns and skips rows that do not fit', async () => {
    await done('train', 'shop.csv', ...flags, ...missing, '--ignore', 'note', '-o', 'shop.model');
    const rows = ['"1,500",2024-01-02,3%,02134,,007', '5,soon,3%,02134,red,8', '"2,500",2024-01-02,3%,02134,red,"9,5"'];
    line.write('new.csv', ['price,when,share,zip,colour,id', ...rows].join('\n'));
    const { stdout, stderr } = await line.run(
      'predict',
      'shop.model',
      'new.csv',
      '--keep',
      'id',
      '--skip-bad',
      'bad.csv',
    );
    expect(stdout).toMatch(/^line,id,label,probability\n2,007,[ab],\S+\n4,"9,5",[ab],\S+\n$/);
    expect(stderr).toBe('1 row does not fit the table: bad.csv\n');
    expect(readFileSync(line.path('bad.csv'), 'utf8')).toBe(
      'line,reason,row\n3,"new.csv:3:2: when must be a date such as 2024-01-31; got ""soon"".","5,soon,3%,02134,red,8"\n',
    );
    const { stdout: json } = await line.run(
      ...['predict', 'shop.model', 'new.csv', '--keep', 'id', '--skip-bad', 'bad.csv', '--json'],
    );
    expect(JSON.parse(json.split('\n')[0])).toMatchObject({ line: 2, kept: { id: '007' } });
  });

  it('are explained in terms that add up, with dates, indicators and weights', async () => {
    const table = shop.replace(',kind', ',kind,w').replace(/,([ab])$/gm, ',$1,2');
    line.write('weighed.csv', table);
    const use = ['--ignore', 'note', '--sample-weight', 'w', '--missing', 'indicator'];
    await done('train', 'weighed.csv', ...flags, ...use, '-o', 'weighed.model');
    const { explanation } = {
      explanation: JSON.parse(await done('explain', 'weighed.model', 'weighed.csv', '--row', '3', '--json')),
    };
    const names = JSON.stringify(explanation);
    for (const name of ['when', 'price', 'share', 'zip', 'colour']) expect(names).toContain(`"${name}"`);
    expect(names).not.toContain('"w"');
    const text = await done('explain', 'weighed.model', 'weighed.csv', '--row', '3');
    const sum = Number(/: (-?[\d.]+), the sum of/.exec(text)?.[1]);
    const terms = [...text.matchAll(/([+−-][\d.]+) towards (\S+)/g)];
    const [, first] = /log odds of (\S+) against/.exec(text) ?? [];
    const total = terms.reduce(
      (all, [, size, label]) => all + Math.abs(Number(size.replace('−', '-'))) * (label === first ? 1 : -1),
      0,
    );
    expect(Math.abs(total - sum)).toBeLessThan(0.01);
  });

  it('never overwrite an input by rows that do not fit, nor a name by --keep', async () => {
    const before = readFileSync(line.path('shop.model'));
    for (const args of [
      ['predict', 'shop.model', 'new.csv', '--skip-bad', 'shop.model'],
      ['predict', 'shop.model', 'new.csv', '--skip-bad', 'new.csv'],
      ['predict', 'shop.model', 'new.csv', '--skip-bad', 'x.csv', '-o', 'x.csv'],
      ['predict', 'shop.model', 'new.csv', '--skip-bad', '-'],
      ['learning-curve', 'shop.csv', '--label', 'kind', '--skip-bad', 'shop.csv'],
      ['predict', 'shop.model', 'new.csv', '--keep', 'id,id'],
    ]) {
      const { code, stderr } = await line.run(...args);
      expect([args, code, stderr]).toEqual([args, 2, expect.stringMatching(/^error: .*--(skip-bad|keep)/)]);
    }
    expect(readFileSync(line.path('shop.model')).equals(before)).toBe(true);
    expect(readFileSync(line.path('shop.csv'), 'utf8')).toBe(shop);
  });

  it('are refused by the flag that names them', async () => {
    const { stderr, code } = await line.run('train', 'shop.csv', '--label', 'kind', '--missing', 'colur=mean');
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^error: shop\.csv:1: --missing must be one of .*"colour"\?\n$/),
    ]);
    expect((await line.run('train', 'shop.csv', '--label', 'kind', '--missing', 'colour=mode')).code).toBe(2);
    expect((await line.run('train', 'iris', '--dry-run')).stderr).toBe(
      'error: --dry-run must be left out: Iris is not a table.\n',
    );
  });
});

describe('an interrupted training', () => {
  const steps = ['train', 'iris', '--solver', 'adam', '--batch-size', '8', '--backend', 'wasm'];

  it('exits with 130 and a checkpoint on Ctrl-C, and resumes to the same model', async () => {
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

  it('is not resumed from a missing checkpoint', async () => {
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

  it('prints the labels and probabilities of the model, for any order of columns', async () => {
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

  it('reads standard input, and writes JSON lines with the most probable classes first', async () => {
    const { stdout, code, stderr } = await line.runWith(flowers, 'predict', 'iris.model', '-', '--json', '--top', '2');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [first, second] = stdout
      .trimEnd()
      .split('\n')
      .map((text) => JSON.parse(text));
    expect(first).toMatchObject({ line: 2, top: [{ label: 'setosa' }, { label: 'versicolor' }] });
    expect(second).toMatchObject({ line: 3, top: [{ label: 'versicolor' }, { label: 'virginica' }] });
  });

  it('answers each row of a pipe before the next arrives', async () => {
    const child = line.start('predict', 'iris.model', '-');
    const end = ended(child);
    const [header, ...rows] = flowers.trimEnd().split('\n');
    child.stdin?.write(`${header}\n${rows[0]}\n`);
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    child.stdin?.end(`${rows[1]}\n`);
    expect((await end).stdout.trimEnd().split('\n')).toHaveLength(3);
  });

  it('drops rows with missing values on request, and keeps line numbers', async () => {
    line.write('holes.csv', `${flowers.replace('1.4,,6.1', '?,,6.1')}0.3,,5.0,1.5,3.4\n`);
    const { code, stdout: text, stderr } = await line.run('predict', 'iris.model', 'holes.csv', '--missing', 'drop');
    expect([code, stderr]).toEqual([0, '1 row with missing values left out\n']);
    expect(
      text
        .trimEnd()
        .split('\n')
        .map((row) => row.split(',')[0]),
    ).toEqual(['line', '2', '4']);
  });

  it('writes a complete file, without partial files or standard output', async () => {
    expect(await done('predict', 'iris.model', 'examples/iris.csv', '-o', 'labels.csv')).toBe('');
    expect(readFileSync(line.path('labels.csv'), 'utf8').trimEnd().split('\n')).toHaveLength(151);
    expect(readdirSync(line.folder).filter((name) => name.includes('partial'))).toEqual([]);
  });

  it('exits quietly if its output is closed', async () => {
    const rows = flowers + '0.3,,5.0,1.5,3.4\n'.repeat(200_000);
    line.write('many.csv', rows);
    expect(await line.shell('npx softmax-regression predict iris.model many.csv | head -1')).toEqual({
      code: 0,
      stdout: 'line,label,probability\n',
      stderr: '',
    });
  });

  it('exits with 143 on SIGTERM, and leaves no file', async () => {
    const child = line.start('predict', 'iris.model', '-', '-o', 'never.csv');
    const end = ended(child);
    child.stdin?.on('error', () => {});
    child.stdin?.write(flowers);
    // The temporary file shows that the command has started.
    while (!readdirSync(line.folder).some((name) => name.startsWith('.never.csv')))
      await new Promise((r) => setTimeout(r, 20));
    child.kill('SIGTERM');
    expect(await end).toMatchObject({ code: 143, stderr: 'error: terminated\n' });
    expect(readdirSync(line.folder).filter((name) => name.includes('never'))).toEqual([]);
  });
});

describe('a command that reads a pipe', () => {
  it.each(['train', 'learning-curve'])('exits with 143 on SIGTERM, and leaves no file: %s', async (command) => {
    const child = line.start(command, '-', '--label', 'species', '--skip-bad', 'never.csv');
    const end = ended(child);
    child.stdin?.on('error', () => {});
    child.stdin?.write('x,species\n1,a\n2,b\n');
    // The check that the file can be written makes one too, and removes it.
    for (let looks = 0; looks < 20; await new Promise((r) => setTimeout(r, 20))) {
      looks = readdirSync(line.folder).some((name) => name.startsWith('.never.csv')) ? looks + 1 : 0;
    }
    child.kill('SIGTERM');
    // The second one of `timeout`, which signals the process and its group.
    child.kill('SIGTERM');
    expect(await end).toMatchObject({ code: 143, stderr: 'error: terminated\n' });
    expect(readdirSync(line.folder).filter((name) => name.includes('never'))).toEqual([]);
  });
});

describe('evaluate, report and inspect', () => {
  beforeAll(() => done('train', 'examples/iris.csv', '--label', 'species', '-o', 'iris.model'));

  it('agree with evaluate', async () => {
    const model = await loadModel<string>(line.path('iris.model'));
    const { features, labels } = loadIris();
    const expected = await model.evaluate(features, labels);
    const { evaluation } = JSON.parse(await done('evaluate', 'iris.model', 'examples/iris.csv', '--json'));
    expect(evaluation).toEqual(JSON.parse(JSON.stringify(expected)));
    expect(await done('evaluate', 'iris.model', 'examples/iris.csv')).toContain(
      `accuracy ${expected.accuracy.toFixed(4)} on the rows of examples/iris.csv: `,
    );
  });

  it('write a report without claims about the training data', async () => {
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

  it('reach the optimum on Julian days, whose mean is far larger than their deviation', async () => {
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

  it('write the file to standard output for -o -, and everything else to standard error', async () => {
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

  it('show the contents of a model file', async () => {
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
        'Memory does not grow with a file of CSV or JSON lines.',
      ],
    ],
    ['evaluate', ['--label <column>', '--json']],
    ['report', ['-o, --output <file>', '--json']],
    ['inspect', ['--top <k>', '--json']],
    ['export', ['-o, --output <file>', '--name <name>', '--json']],
  ])('of %s lists its arguments and options', async (name, lines) => {
    const text = await done(name, '--help');
    expect(text).toMatch(new RegExp(`^Usage: softmax-regression ${name} \\[options\\] `));
    for (const each of lines) expect(text.replace(/\s+/g, ' ')).toContain(each.replace(/\s+/g, ' '));
  });

  /** The files of TensorFlow.js that a command loads, by the cache of require at its end. */
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
  ])('%s does not load TensorFlow.js', async (_, args) => {
    expect(await loaded(args)).toBe('');
  });

  it('export loads TensorFlow.js', async () => {
    expect(await loaded(['export', 'iris.model', '-o', 'iris.onnx'])).toMatch(/@tensorflow/);
  });
});
