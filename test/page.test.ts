// The mathematics of the page of web/, without a browser: its points, its plane and its gradient.
import * as fc from 'fast-check';
import {
  columnStatistics,
  FormatError,
  loadIris,
  optionFields,
  reference,
  SoftmaxRegression,
} from 'softmax-regression';
import { ticks, tickTexts } from '../web/charts.js';
import { inShort, type LinkState, NOTHING, readLink, writeLink } from '../web/link.js';
import type { Message, Report, TableOptions, TrainRequest } from '../web/messages.js';
import { boundInWords, endInWords } from '../web/results.js';
import { mostProbable } from '../web/shades.js';
import { decimalOf } from '../web/table.js';
import { percents, percentTick } from '../web/views.js';
import { answering } from '../web/worker/calls.js';
import type { PageData } from '../web/worker/data.js';
import { blobs, exampleData, xor } from '../web/worker/examples.js';
import { gradientOf } from '../web/worker/gradient.js';
import { affineOf } from '../web/worker/layer.js';
import { misfitOf } from '../web/worker/misfit.js';
import { Pace } from '../web/worker/pace.js';
import { logitsIn, type Plane, planeOf, principalComponents } from '../web/worker/plane.js';
import { Session } from '../web/worker/session.js';
import { errorInWords, textInWords } from '../web/worker/words.js';
import { useBackend } from './helpers/backends.js';

describe('points that are made', () => {
  it('come from their seed alone', () => {
    for (const make of [blobs, xor]) {
      expect(make(3)).toEqual(make(3));
      expect(make(4).points).not.toEqual(make(3).points);
    }
  });

  it('are in the classes that their description says', () => {
    const { points, labels } = xor(1);
    expect(points.every(([x, y]) => Math.abs(x) <= 1 && Math.abs(y) <= 1)).toBe(true);
    expect(labels).toEqual(points.map(([x, y]) => (x * y < 0 ? 1 : 0)));
    const clouds = blobs(2);
    for (const k of [0, 1, 2]) {
      const own = clouds.points.filter((_, i) => clouds.labels[i] === k);
      expect(own).toHaveLength(100);
      expect(own.reduce((sum, [x]) => sum + x, 0) / 100).toBeCloseTo(4 * k - 4, 0);
    }
  });
});

describe('the plane of the regions', () => {
  it('has the principal components of scikit-learn', () => {
    // PCA(2).fit(StandardScaler().fit_transform(load_iris().data)).explained_variance_ratio_, scikit-learn 1.5
    const { features } = loadIris();
    const columns = [0, 1, 2, 3].map((j) => features.map((row) => row[j]));
    const scaled = columns.map((column) => {
      const mean = column.reduce((sum, x) => sum + x, 0) / 150;
      const deviation = Math.sqrt(column.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 150);
      return column.map((x) => (x - mean) / deviation);
    });
    const rows = Float64Array.from({ length: 600 }, (_, at) => scaled[at % 4][Math.floor(at / 4)]);
    const { u, v, shares } = principalComponents(rows, 4);
    expect(shares[0]).toBeCloseTo(0.72962445, 6);
    expect(shares[1]).toBeCloseTo(0.22850762, 6);
    const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, x, j) => sum + x * b[j], 0);
    expect([dot(u, u), dot(v, v), dot(u, v)]).toBeAllClose([1, 1, 0], { rtol: 0, atol: 1e-12 });
  });

  it('has a second direction of 0 where the samples lie on a line', () => {
    // Not through 0, and of numbers that are not exact.
    const { u, v, shares } = principalComponents(Float64Array.of(5, 1, 0, 5.1, 1.2, 0.2, 5.3, 1.6, 0.6), 3);
    expect(u).toBeAllClose([1 / 3, 2 / 3, 2 / 3], { rtol: 0, atol: 1e-12 });
    expect([...v, ...shares]).toBeAllClose([0, 0, 0, 1, 0], { rtol: 0, atol: 1e-12 });
  });

  const farOf = (data: PageData): PageData => {
    const { values, shape } = data.samples.features;
    const features = { values: Float64Array.from(values, (x) => x + 1e8), shape };
    return { ...data, samples: { ...data.samples, features }, deviations: columnStatistics(features) };
  };

  it.each([
    ['blobs', 'blobs', (data: PageData) => data],
    ['iris', 'iris', (data: PageData) => data],
    ['iris without deviations, as pictures are', 'iris', (data: PageData) => ({ ...data, deviations: undefined })],
    ['iris far from 0, where the model standardises', 'iris', farOf],
  ] as const)('has the predictions of the model, for %s', async (title, name, change) => {
    await useBackend('cpu');
    const data = { ...change(await exampleData(name, 0)), plane: undefined };
    const { samples, classes, deviations } = data;
    const { model } = await SoftmaxRegression.fit(samples.features, samples.labels, { classes, standardize: true });
    expect(model.columns !== undefined).toBe(title.includes('far'));
    const plane = planeOf(data) as Plane;
    const logits = logitsIn(plane, affineOf(model), data);
    const { values, shape } = samples.features;
    const first = plane.origin.map((start, j) => {
      const z = ((values[j] as number) - (deviations?.mean[j] ?? 0)) / (deviations?.scale[j] ?? 1);
      return z - start;
    });
    const along = (axis: Float64Array) => first.reduce((sum, z, j) => sum + z * axis[j], 0);
    const place = shape[1] === 2 ? Array.from(values.slice(0, 2)) : [along(plane.u), along(plane.v)];
    expect(Array.from(plane.summary.points.slice(0, 2))).toBeAllClose(place, { rtol: 1e-12, atol: 1e-12 });
    expect(Array.from(plane.summary.labels)).toEqual(samples.labels.map((label) => classes.indexOf(label)));
    for (const [a, b] of [...Array(40).keys()].map((i) => [((i * 7) % 11) - 5, ((i * 5) % 13) / 2 - 3])) {
      const row = plane.origin.map((start, j) => {
        const z = start + a * plane.u[j] + b * plane.v[j];
        return (deviations?.mean[j] ?? 0) + (deviations?.scale[j] ?? 1) * z;
      });
      if (name === 'blobs') expect(Array.from(row)).toBeAllClose([a, b], { rtol: 1e-12, atol: 1e-12 });
      const [best] = model.predictTopK([row], 1)[0];
      const { best: own, certainty } = mostProbable(logits, a, b);
      expect(classes[own]).toBe(best.label);
      expect(certainty).toBeCloseTo((best.probability - 1 / 3) / (2 / 3), 4);
    }
  });

  it('is missing for one feature', async () => {
    const data = await exampleData('xor', 0);
    const features = { values: data.samples.features.values.slice(0, 240), shape: [240, 1] as const };
    expect(planeOf({ ...data, samples: { ...data.samples, features } })).toBeUndefined();
  });
});

describe('the gradient that the page shows', () => {
  it('is that of the mean loss, by differences', async () => {
    const data = await exampleData('iris', 0);
    const { classes } = data;
    const weight = Float32Array.from({ length: 12 }, (_, i) => Math.sin(i));
    const affine = { weight, bias: Float32Array.of(0.1, -0.2, 0.3) };
    const { values, samples } = gradientOf(affine, data, classes);
    expect(samples).toBe(120);
    const { samples: given, deviations } = data;
    const x = { rows: 120, columns: 4, values: Float64Array.from(given.features.values) };
    const labels = given.labels.map((label) => classes.indexOf(label));
    // Of features as they are: a weight of (x − m)/s is 1/s of that of x, and −m/s of the bias.
    const loss = (at: number, step: number) => {
      const [w, b] = [Float64Array.from(weight), Float64Array.from(affine.bias)];
      const [mean, scale] = [deviations?.mean[Math.floor(at / 3)] ?? 0, deviations?.scale[Math.floor(at / 3)] ?? 0];
      w[at] += step / scale;
      b[at % 3] -= (mean * step) / scale;
      return reference.sparseCrossEntropy(reference.dense(x, { rows: 4, columns: 3, values: w }, b), labels);
    };
    const differences = Float64Array.from(values, (_, at) => (loss(at, 1e-5) - loss(at, -1e-5)) / 2e-5);
    expect(values).toBeAllClose(differences, { rtol: 1e-6, atol: 1e-8 });
  });
});

describe('the pace of a training', () => {
  const never = new AbortController().signal;
  const none = () => undefined;

  it('waits where it is told to, until the wish changes', async () => {
    const pace = new Pace({ until: 3, delay: 0 });
    expect([2, 3, 4].map((epoch) => pace.waitsAfter(epoch))).toEqual([false, true, true]);
    const pauses: number[] = [];
    const waiting = pace.after(3, never, () => pauses.push(3));
    pace.change({ until: 3, delay: 5 });
    const later = new Promise((resolve) => setTimeout(resolve, 20, 'it waits'));
    expect(await Promise.race([waiting, later])).toBe('it waits');
    pace.change({ until: 4, delay: 0 });
    await waiting;
    expect(pauses).toEqual([3]);
  });

  it('waits after each epoch for its delay, without a pause', async () => {
    const pace = new Pace({ until: Number.POSITIVE_INFINITY, delay: 20 });
    expect(pace.waitsAfter(1)).toBe(true);
    await pace.after(1, never, () => {
      throw new Error('no pause');
    });
    expect(pace.waited).toBeGreaterThanOrEqual(19);
    pace.change({ until: Number.POSITIVE_INFINITY, delay: 1e8 });
    const waiting = pace.after(2, never, none);
    pace.change({ until: Number.POSITIVE_INFINITY, delay: 0 });
    await waiting;
  });

  it('ends a wait that is aborted', async () => {
    const pace = new Pace({ until: 1, delay: 0 });
    const abort = new AbortController();
    const waiting = pace.after(1, abort.signal, none);
    abort.abort();
    await waiting;
    await pace.after(1, abort.signal, none);
  });
});

describe('a training that waits for earlier work', () => {
  const request = { options: { solver: 'sgd', epochs: 50 }, pace: { until: Number.POSITIVE_INFINITY, delay: 0 } };

  it('is stopped, or paused, by what comes before it begins', async () => {
    await useBackend('cpu');
    const told: Report[] = [];
    const session = new Session((report) => told.push(report));
    await session.openExample('blobs', 0);
    session.expect(request);
    await session.stop();
    await expect(session.train(request)).rejects.toThrow('Stopped before the end of the first epoch');
    session.expect(request);
    await session.pace({ until: 0, delay: 0 });
    const training = session.train(request);
    while (!told.some(({ kind }) => kind === 'paused')) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(told.filter(({ kind }) => kind === 'paused')).toEqual([{ kind: 'paused', epoch: 1 }]);
    await session.stop();
    expect(await training).toMatchObject({ isStopped: true });
  });

  it('is stopped by a message after its own, not by one before it', async () => {
    await useBackend('cpu');
    const session = new Session(() => {});
    const answers = await new Promise<Message[]>((resolve) => {
      const posted: Message[] = [];
      const answer = answering(session, (message) => {
        posted.push(message);
        if (posted.length === 5) resolve(posted);
        // The second training is asked for while the first one runs.
        if ('id' in message && message.id === 2) answer({ id: 4, name: 'stop', args: [] });
      });
      answer({ id: 0, name: 'openExample', args: ['blobs', 0] });
      answer({ id: 1, name: 'stop', args: [] });
      answer({ id: 2, name: 'train', args: [{ ...request, options: { solver: 'sgd', epochs: 1 } }] });
      answer({ id: 3, name: 'train', args: [request] });
    });
    expect(answers.map((answer) => ('id' in answer ? answer.id : undefined))).toEqual([1, 0, 2, 4, 3]);
    expect(answers[2]).toMatchObject({ kind: 'answer', value: { isStopped: false } });
    expect(answers[4]).toMatchObject({ kind: 'failure', message: expect.stringContaining('Stopped before the end') });
  });
});

/** The reading of a file that shows its first rows; those before find out what it is. */
const LAST = 3;

describe('a table that becomes unreadable while it is opened', () => {
  it('leaves the data before it as they are', async () => {
    await useBackend('cpu');
    const session = new Session(() => {});
    await session.openExample('iris', 0);
    const file = new File(['a,b,y\n1,2,no\n3,4,yes\n'], 'lost.csv');
    let streams = 0;
    const { stream } = file;
    jest.spyOn(file, 'stream').mockImplementation(() => {
      if (++streams === LAST) throw new Error('The file could not be read.');
      return stream.call(file);
    });
    await expect(session.openFiles([file])).rejects.toThrow('could not be read');
    expect(streams).toBe(LAST);
    expect(await session.heldOut(0)).toBeDefined();
  });
});

describe('advice in the words of the page', () => {
  it.each([
    ['Give `maxIterations: 6`.', 'Set “Iterations, at most” to 6.'],
    [
      'Give `maxIterations: 6`, or `l2: 0.08`: without a penalty, weights may grow without bound.',
      'Set “Iterations, at most” to 6, or set “L2 penalty” to 0.08: without a penalty, weights may grow without bound.',
    ],
    [
      'Give `learningRate: 0.1`, or `standardize: true`: the loss or a weight overflowed.',
      'Set “Learning rate” to 0.1, or tick “Standardise features while learning”: the loss or a weight overflowed.',
    ],
    [
      'Give `standardize: true`: products of the features overflow.',
      'Tick “Standardise features while learning”: products of the features overflow.',
    ],
    ['Give a smaller `learningRate`: the loss overflowed.', 'Give a smaller “Learning rate”: the loss overflowed.'],
    ["Pass `missing: 'drop'` to skip such rows.", 'Choose “Missing values: leave the row out” to skip such rows.'],
    [
      "Pass `missing: 'drop'` to skip such rows; when training, `missing: 'mean'` or `missing: 'median'` fills it in.",
      'Choose “Missing values: leave the row out” to skip such rows, or “Missing values: become the mean” or “Missing values: become the median” to fill them in.',
    ],
    ['Give `tolerance: 2e-6`: rounding hides a smaller gradient.', ''],
    [
      'If it marks a missing value, add `missingTokens: ["-"]`.',
      'If it marks a missing value, choose “Also missing: -”.',
    ],
    ["If it is a value, pass `missingTokens: ['']`.", ''],
    ["Pass `ignore: ['constructor']` or `toString: 3`.", ''],
  ])('for %j is %j', (advice, words) => {
    expect(textInWords(advice)).toBe(words);
  });

  it.each([
    ['a.csv:5:2', 'constructor', 'a.csv:5:2: constructor must have a value; got nothing.'],
    ['a.csv:5:2', 'epochs', 'a.csv:5:2: epochs must have a value; got nothing.'],
    ['a.csv:5:2', 'label', 'a.csv:5:2: label must have a value; got nothing.'],
    ['a.csv', 'constructor', 'a.csv: constructor must have a value; got nothing.'],
    ['fit', 'epochs', 'Epochs must have a value; got nothing.'],
    ['a.csv', 'decimal', 'a.csv: Decimal mark must have a value; got nothing.'],
  ])('in %s names %s as the file does, or the page', (where, argument, words) => {
    const error = new FormatError({ where, argument, expected: 'have a value', actual: 'nothing' });
    expect(errorInWords(error)).toBe(words);
  });

  it('says what a damaged gzip file is, without the words of the browser', () => {
    const fields = {
      where: 'a.csv.gz',
      argument: 'gzip data',
      expected: 'unpack',
      actual: 'Failed to execute. Truncated.',
    };
    expect(errorInWords(new FormatError(fields))).toBe(
      'a.csv.gz: the gzip file is damaged or cut off: fetch it again.',
    );
  });
});

describe('the end of a training', () => {
  it('is the optimum only where there is one', () => {
    expect(endInWords({ reason: 'gradient', converged: true, advice: null, suboptimality: 1e-9 })).toBe(
      'at the optimum.',
    );
    expect(endInWords({ reason: 'gradient', converged: true, advice: null, suboptimality: 0.479 })).toBe('converged.');
    const ends = (['gradient', 'no-progress', 'iterations'] as const).map((reason) =>
      endInWords({
        reason,
        converged: reason === 'gradient',
        suboptimality: null,
        advice: 'Set “L2 penalty” to 0.008: the weights grow without bound.',
      }),
    );
    expect(ends.join(' ')).not.toContain('optimum');
    expect(ends[0]).toBe('converged. Set “L2 penalty” to 0.008: the weights grow without bound.');
  });

  it('has a bound, and says if nothing is known of the optimum', () => {
    expect(boundInWords({ objective: 0.231, suboptimality: 1.1e-9 })).toBe('at most 1.1e-9 above the optimum');
    expect(boundInWords({ objective: 0.0461, suboptimality: 0.0461 })).toBe(
      'at most 0.0461 above the optimum, which may be 0',
    );
    expect(boundInWords({ objective: 0.3, suboptimality: null })).toBeUndefined();
  });
});

describe('a model file', () => {
  const classes = ['setosa', 'versicolor', 'virginica'];
  const modelOf = async (inputs: number, names: readonly string[] | undefined, labels: readonly string[]) => {
    await useBackend('cpu');
    const rows = labels.map((_, i) => Array.from({ length: inputs }, (_, j) => (i + 1) * (j + 1)));
    const options = { classes: labels, maxIterations: 1, ...(names && { featureNames: names }) };
    return (await SoftmaxRegression.fit(rows, labels, options)).model;
  };
  const { featureNames } = loadIris();
  const short = ['sepal_length', 'sepal_width', 'petal_length', 'petal_width'];

  it.each<[number, readonly string[] | undefined, readonly string[], string | undefined]>([
    [4, featureNames, classes, undefined],
    [4, undefined, [...classes, 'another'], undefined],
    [1, undefined, classes, 'the model has 1 feature, and these data have 4'],
    [4, short, classes, 'the model names feature 1 “sepal_length”, and these data name it “sepal length (cm)”'],
    [4, undefined, ['setosa', 'virginica'], 'the model lacks the class “versicolor” of these data'],
  ])('of %d features named %j and classes %j fits Iris, or is refused in words', async (inputs, names, own, reason) => {
    const model = await modelOf(inputs, names, own);
    expect(misfitOf(model, await exampleData('iris', 0))).toBe(reason);
  });

  it('that does not fit the data says which data it closes, and why', async () => {
    const session = new Session(() => undefined);
    const file = (bytes: Uint8Array) => new File([bytes as Uint8Array<ArrayBuffer>], 'iris.safetensors');
    const opened = async (names: readonly string[]) =>
      session.openFiles([file((await modelOf(4, names, classes)).toBytes())]);
    await session.openExample('iris', 0);
    expect(await opened(featureNames)).not.toHaveProperty('closed');
    const reason = 'the model names feature 1 “sepal_length”, and these data name it “sepal length (cm)”';
    expect(await opened(short)).toMatchObject({ kind: 'model', closed: { name: 'Iris', reason } });
    expect(await opened(short)).not.toHaveProperty('closed');
  });
});

describe('the columns of a table', () => {
  it('must be named, and the page says where', async () => {
    const options = { label: 'a' } as TableOptions;
    const file = new File(['5.1,3.5,a\n4.9,3.0,b\n'], 'no-names.csv');
    const error = await new Session(() => undefined).openTable([file], options).catch((each: unknown) => each);
    expect(errorInWords(error)).toBe(
      'no-names.csv:1: the header must name the columns; got 5.1, 3.5, a. If the file has no header, write the names of the columns above the first row.',
    );
  });

  const notesOf = async (csv: string) => {
    const data = await new Session(() => undefined).openTable([new File([csv], 'rows.csv')], {
      label: 'k',
    } as TableOptions);
    return data.columns ?? [];
  };
  const rows = Array.from({ length: 20 }, (_, i) => `1,${i % 3},${i % 2 ? 'yes' : 'no'}\n`).join('');

  it('have one value, not 1 values', async () => {
    expect((await notesOf(`a,b,k\n${rows}`)).map(({ text }) => text)).toEqual([
      'number, 1 value',
      'number, 3 values',
      'label, 2 values',
    ]);
  });

  it('name the classes whose only row is held out', async () => {
    expect((await notesOf(`a,b,k\n${rows}`)).find(({ name }) => name === 'k')).not.toHaveProperty('note');
    const rest = ['p', 'q', 'r', 's', 't', 'u', 'v', 'w'];
    const lone = `a,b,k\n${rows}${rest.map((name) => `2,2,${name}\n`).join('')}`;
    const note = (await notesOf(lone)).find(({ name }) => name === 'k')?.note;
    expect(note).toBe(
      '2 classes, such as “p”, have one row each, which is held out, so the model cannot learn them. Add rows of them to the file, or take them out.',
    );
  });
});

describe('the report of the page', () => {
  const own = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
  // Node 20 has none.
  beforeAll(() => Object.defineProperty(globalThis, 'navigator', { value: { userAgent: 'test' }, configurable: true }));
  afterAll(() => {
    if (own === undefined) Reflect.deleteProperty(globalThis, 'navigator');
    else Object.defineProperty(globalThis, 'navigator', own);
  });

  it('has the weights that the page shows, also where the model standardises a column that is far from 0', async () => {
    await useBackend('cpu');
    const session = new Session(() => undefined);
    const rows = Array.from(
      { length: 60 },
      (_, i) => `${1e6 + ((i * 7) % 23) + 9 * (i % 2)},${(i * 5) % 9},${i % 2}\n`,
    );
    await session.openTable([new File([`far,near,k\n${rows.join('')}`], 'far.csv')], { label: 'k' } as TableOptions);
    const request = {
      options: { solver: 'lbfgs', standardize: true },
      pace: { until: Number.POSITIVE_INFINITY, delay: 0 },
    };
    session.expect(request as TrainRequest);
    const { model } = await session.train(request as TrainRequest);
    const { view } = model;
    const { data, model: reported } = await session.report();
    const { weight, columns } = reported;
    expect(columns).toBeDefined();
    const shown = [0, 1].map((j) => {
      const row = Array.from(weight[j], (w) => w * (columns?.factor[j] ?? 1) * (data.featureDeviations?.[j] ?? 1));
      const mean = (row[0] + row[1]) / 2;
      return row.map((w) => w - mean);
    });
    expect(view.weights).toMatchObject({ kind: 'bars', features: ['far', 'near'] });
    const drawn = (view.weights as unknown as { weights: readonly Float64Array[] }).weights;
    for (const j of [0, 1]) expect(drawn[j]).toBeAllClose(shown[j], { rtol: 1e-6, atol: 1e-9 });
    // Opened without data, the weights are those of the file, per standard deviation, which it stores.
    const alone = new Session(() => undefined);
    const opened = await alone.openFiles([new File([await session.save('safetensors')], 'far.safetensors')]);
    const again = (opened as unknown as { model: { view: { weights: { weights: Float64Array[]; per: string } } } })
      .model.view.weights;
    expect(again.per).toBe('deviation');
    for (const j of [0, 1]) expect(again.weights[j]).toBeAllClose(drawn[j], { rtol: 1e-6, atol: 1e-9 });
  });
});

describe('numbers that stand together', () => {
  it('have as many digits as it takes to tell ticks apart', () => {
    expect(tickTexts([0.684, 0.6845, 0.685])).toEqual(['0.684', '0.6845', '0.685']);
    expect(tickTexts([0, 0.5, 1])).toEqual(['0', '0.5', '1']);
    expect(tickTexts([12_345_600, 12_345_650, 12_345_700])).toEqual(['1.23456e+7', '1.234565e+7', '1.23457e+7']);
    expect(tickTexts([0, 2e-5, 4e-5])).toEqual(['0', '2e-5', '4e-5']);
    expect(tickTexts([0.99, 0.9905, 0.991], percentTick)).toEqual(['99 %', '99.05 %', '99.1 %']);
    fc.assert(
      fc.property(
        fc.double({ min: -1e6, max: 1e6, noNaN: true }),
        fc.double({ min: 1e-3, max: 1e6, noNaN: true }),
        (least, width) => {
          const values = ticks(least, least + width, 5);
          const step = (values[1] ?? 1) - (values[0] ?? 0);
          tickTexts(values).forEach((text, i) => {
            expect(Math.abs(Number(text) - values[i])).toBeLessThan(step / 1000);
          });
        },
      ),
    );
  });

  it('have the same digits in shares', () => {
    expect(percents([0.911, 0.9971])).toEqual(['91.10 %', '99.71 %']);
    expect(percents([0.393, 0.638])).toEqual(['39.3 %', '63.8 %']);
    expect(percents([1, 0.911])).toEqual(['100.0 %', '91.1 %']);
  });
});

describe('the decimal mark of a table', () => {
  it.each([
    ['x;y\n1,5;a\n2;b', ','],
    ['x;y\n1.5;a\n2,5;b', '.'],
    ['x\ty\n"-1,25"\ta', ','],
    ['x,y\n1,5\n2,7', '.'],
    ['x;y\nred, blue;a', '.'],
    ['0,5;y\n1;a\n2;b', '.'],
    ['x;y', '.'],
  ] as const)('of %j is %j', (preview, mark) => {
    expect(decimalOf(preview)).toBe(mark);
  });
});

describe('a link', () => {
  const fields = optionFields();
  const examples = ['iris', 'blobs', 'xor'];
  const read = (query: string) => readLink(query, fields, examples);

  it('holds a state, whatever it is', () => {
    const numbers = fields.filter(({ input }) => input === 'number' || input === 'integer').map(({ name }) => name);
    const options = fc
      .record({
        solver: fc.constantFrom('lbfgs', 'sgd', 'momentum', 'adam'),
        standardize: fc.boolean(),
        numbers: fc.dictionary(fc.constantFrom(...numbers), fc.double({ noNaN: true, noDefaultInfinity: true })),
      })
      // A form has no −0.
      .map(({ numbers: of, ...others }) => {
        const entries = Object.entries(of).map(([name, value]) => [name, value + 0]);
        return { ...others, ...Object.fromEntries(entries) };
      });
    const states = fc.record({
      data: fc.constantFrom('blobs' as const, 'xor' as const),
      dataSeed: fc.nat(2 ** 32 - 1),
      options,
      backend: fc.constantFrom(undefined, 'wasm' as const, 'webgpu' as const),
      at: fc.oneof(
        fc.constant('end' as const),
        fc.constant(undefined),
        fc.integer({ min: 1, max: 1e6 }),
        fc.integer({ min: 1, max: 1e6 }).map((epoch) => `${epoch}-stopped` as const),
      ),
    });
    fc.assert(
      fc.property(states, (state: LinkState) => {
        expect(read(writeLink(state))).toEqual({ state, wrong: [] });
      }),
    );
  });

  it('is empty for data from files', () => {
    expect(writeLink({ ...NOTHING, at: 'end', options: { epochs: 3 } })).toBe('');
    expect(read('')).toEqual({ state: NOTHING, wrong: [] });
  });

  it.each([
    ['data=mars', 'In the link, data must be one of iris, blobs, xor; got “mars”.'],
    ['data=fashion-mnist', 'In the link, data must be one of iris, blobs, xor; got “fashion-mnist”.'],
    ['data=xor&epochs=many', 'In the link, epochs must be a number; got “many”.'],
    ['data=xor&epochs=', 'In the link, epochs must be a number; got “”.'],
    ['data=xor&epochs=Infinity', 'In the link, epochs must be a number; got “Infinity”.'],
    ['data=xor&standardize=1', 'In the link, standardize must be true or false; got “1”.'],
    ['data=xor&solver=newton', 'In the link, solver must be one of lbfgs, sgd, momentum, adam; got “newton”.'],
    ['data=xor&at=0', 'In the link, at must be an integer > 0, such an integer with -stopped, or end; got “0”.'],
    [
      'data=xor&data-seed=4294967296',
      'In the link, data-seed must be an integer from 0 to 4294967295; got “4294967296”.',
    ],
    ['data=xor&backend=abacus', 'In the link, backend must be one of webgpu, webgl, wasm, cpu; got “abacus”.'],
    ['data=xor&__proto__=1', 'The page has no use for “__proto__” in the link.'],
    [`data=xor&${'x'.repeat(99)}=1`, `The page has no use for “${'x'.repeat(40)}…” in the link.`],
    ['epochs=3', 'The link names no data.'],
    [
      'data=xor&at=3-paused',
      'In the link, at must be an integer > 0, such an integer with -stopped, or end; got “3-paused”.',
    ],
    ['data=xor&epochs=3&epochs=4', 'In the link, epochs occurs more than once: the first one counts.'],
  ])('says what is wrong in %s, and keeps the rest', (query, sentence) => {
    const { state, wrong } = read(query);
    expect(wrong).toEqual([sentence]);
    // Nothing that is refused; of what occurs twice, the first.
    const data = query.startsWith('data=xor') ? 'xor' : undefined;
    const options = query.includes('epochs=3') ? { epochs: 3 } : {};
    expect(state).toEqual({ ...NOTHING, data, options });
  });

  it('has at most three sentences of its faults', () => {
    const { wrong } = read('data=xor&a&b&c&d&e');
    expect(inShort(wrong)).toBe(`${wrong.slice(0, 3).join(' ')} And 2 more faults.`);
    expect(inShort(wrong.slice(0, 4))).toMatch(/ And 1 more fault\.$/);
    expect(inShort(wrong.slice(0, 3))).toBe(wrong.slice(0, 3).join(' '));
  });
});
