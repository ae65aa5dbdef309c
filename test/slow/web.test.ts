// The page of web/, built and served, in a browser: on every backend, with valid and invalid files, by keyboard.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import {
  encodeRows,
  FASHION_MNIST_CLASSES,
  loadIris,
  parseCsv,
  SoftmaxRegression,
  take,
  trainTestSplit,
} from 'softmax-regression';
import { loadModel, saveModel } from 'softmax-regression/node';
import { FASHION_MNIST } from '../../src/node/datasets/fashion-mnist.js';
import { useBackend } from '../helpers/backends.js';
import { inBrowser } from '../helpers/chromium.js';
import { idx, pictures, usePage } from '../helpers/web-page.js';

const iris = loadIris();
const split = trainTestSplit(150, { testFraction: 0.2, seed: 1, stratify: iris.labels });
// In the order of the flowers.
const train = split.train.sort();
const learnt = { features: take(iris.features, train), labels: take(iris.labels, train) };

inBrowser('the page', () => {
  const web = usePage();
  const { idle, text, error, use, click, choose, shares } = web;
  let page: Page;
  let complaints: string[];
  beforeEach(() => {
    ({ page, complaints } = web);
  });

  /** The page itself presses Stop as soon as it shows a loss; a click from the test could be too late. */
  const trainAndStop = async () => {
    await page.evaluate(() => {
      const loss = document.getElementById('loss') as HTMLElement;
      const shown = new MutationObserver(() => {
        if (loss.textContent === '–') return;
        shown.disconnect();
        document.getElementById('stop')?.click();
      });
      shown.observe(loss, { childList: true, characterData: true, subtree: true });
    });
    await click('train');
  };
  const saved = async () => {
    const [download] = await Promise.all([page.waitForEvent('download'), page.click('#save')]);
    const path = join(web.folder, `${Math.random().toString(36).slice(2)}.safetensors`);
    await download.saveAs(path);
    return loadModel(path);
  };
  /** The probabilities that the page shows for a row, by class. */
  const probabilities = async (row: Readonly<Record<string, number>>) => {
    // Each input clears the answer before the page handles it, so that only the answer to the last input appears.
    await page.evaluate(() => {
      const clear = () => document.getElementById('answer')?.replaceChildren();
      document.addEventListener('input', clear, { capture: true });
    });
    for (const [name, value] of Object.entries(row)) await page.getByLabel(name, { exact: true }).fill(String(value));
    await page.waitForFunction(() => document.getElementById('truth')?.textContent === '');
    await page.waitForSelector('#answer .bar');
    return web.shares();
  };

  it.each(['webgpu', 'webgl', 'wasm', 'cpu'] as const)(
    'trains Iris on %s to the optimum of Node, checks the gradient, and saves a model that Node loads',
    async (backend) => {
      await use(backend);
      await click('iris');
      await click('train');
      expect(await error()).toBe('');
      expect(await text('accuracy')).toBe('100.0 %');
      expect(await text('proof')).toContain(`All three agree on ${backend}`);
      const model = await saved();
      await useBackend('cpu');
      const own = await SoftmaxRegression.fit(learnt.features, learnt.labels, { standardize: true });
      expect(await text('loss')).toBe(String(Number(own.result.objective.toPrecision(3))));
      expect(model.classes).toEqual(iris.classNames);
      expect(model.featureNames).toEqual(iris.featureNames);
      const rows = [iris.features[0], iris.features[70], iris.features[120]];
      expect(model.predictProbabilities(rows)).toBeAllClose(own.model.predictProbabilities(rows), {
        rtol: 0,
        atol: 1e-5,
      });
      expect(complaints).toEqual([]);
    },
  );

  it.each(['webgpu', 'webgl', 'wasm', 'cpu'] as const)('trains Iris by steps on %s like Node', async (backend) => {
    await use(backend);
    await click('iris');
    await page.selectOption('#solver', 'momentum');
    await page.fill('#epochs', '20');
    await page.fill('#learning-rate', '0.1');
    await click('train');
    const model = await saved();
    await useBackend('cpu');
    const steps = { solver: 'momentum', epochs: 20, batchSize: 32, learningRate: 0.1, seed: 0 } as const;
    const own = await SoftmaxRegression.fit(learnt.features, learnt.labels, {
      ...steps,
      standardize: true,
    });
    expect(model.weight).toBeAllClose(own.model.weight, { rtol: 1e-4, atol: 1e-4 });
    expect(await page.locator('#loss-chart path').count()).toBe(2);
    expect(complaints).toEqual([]);
  });

  it('predicts like Node with a model trained in Node', async () => {
    await useBackend('cpu');
    const { featureNames } = iris;
    const { model } = await SoftmaxRegression.fit(iris.features, iris.labels, { l2: 0.001, featureNames });
    const path = join(web.folder, 'node.safetensors');
    await saveModel(path, model);
    await choose({ 'node.safetensors': readFileSync(path) }, 'open');
    expect(await text('model-state')).toBe('node.safetensors: 15 parameters, 3 classes.');
    // The file has no standard deviations.
    expect(await text('weights-hint')).toMatch(/^The change in the score of each class per unit of a feature/);
    for (const row of [iris.features[3], iris.features[77], iris.features[133]]) {
      const shown = await probabilities(Object.fromEntries(featureNames.map((name, j) => [name, row[j]])));
      const [own] = model.predictProbabilities([row]);
      expect(model.classes.map((label) => shown[label])).toBeAllClose(own, { rtol: 0, atol: 1e-5 });
    }
    expect(complaints).toEqual([]);
  });

  it('trains on a table with text and missing values, and predicts rows', async () => {
    const rows = Array.from({ length: 60 }, (_, i) => {
      const isDog = i % 2 === 1;
      const colour = ['black', 'white', 'red'][i % 3];
      return `${isDog ? 30 + (i % 7) : 4 + (i % 3)},${i === 8 ? '' : colour},${isDog ? 'dog' : 'cat'}`;
    });
    await use('wasm');
    await choose({ 'pets.csv': `\uFEFFweight,colour,kind\n${rows.join('\n')}\n` });
    expect(await page.inputValue('#label')).toBe('kind');
    await click('read');
    expect(await error()).toContain('pets.csv:10:2');
    await page.selectOption('#missing', 'drop');
    await click('read');
    expect(await error()).toBe('');
    expect(await text('data-state')).toContain('1 row with missing values left out.');
    await click('train');
    expect(await text('accuracy')).toBe('100.0 %');
    await page.getByLabel('colour', { exact: true }).selectOption('red');
    expect((await probabilities({ weight: 35 })).dog).toBeGreaterThan(0.9);
    expect((await probabilities({ weight: 5 })).cat).toBeGreaterThan(0.9);
    expect(complaints).toEqual([]);
  });

  it('takes the numbers of a row in the order of the features, whatever their names are', async () => {
    await useBackend('cpu');
    const rows = Array.from({ length: 30 }, (_, i) => [i % 7, (i * i) % 11]);
    const labels = rows.map(([a]) => (a < 3 ? 'few' : 'many'));
    const { model } = await SoftmaxRegression.fit(rows, labels, { featureNames: ['10', '2'], maxIterations: 3 });
    await choose({ 'numbers.safetensors': Buffer.from(model.toBytes()) }, 'open');
    const shown = await probabilities({ 10: 1, 2: 9 });
    const [own] = model.predictProbabilities([[1, 9]]);
    expect(model.classes.map((label) => shown[label])).toBeAllClose(own, { rtol: 0, atol: 1e-5 });
    expect(complaints).toEqual([]);
  });

  it('offers categories for text columns of a model from Node, and encodes rows like Node', async () => {
    const rows = Array.from(
      { length: 60 },
      (_, i) => `${i % 7},${['red', 'blue'][(i >> 1) % 2]},${['cat', 'dog'][(i >> 1) % 2]}`,
    );
    const table = parseCsv(`size,colour,kind\n${rows.join('\n')}\n`, { label: 'kind', strings: 'one-hot' });
    await useBackend('cpu');
    const { schema } = table;
    const { model } = await SoftmaxRegression.fit(table.features, table.labels, { l2: 0.01, schema });
    await choose({ 'pets.safetensors': Buffer.from(model.toBytes()) }, 'open');
    await page.getByLabel('colour', { exact: true }).selectOption('blue');
    const shown = await probabilities({ size: 3 });
    const [own] = model.predictProbabilities(encodeRows(schema, [{ size: 3, colour: 'blue' }]));
    expect(model.classes.map((label) => shown[String(label)])).toBeAllClose(own, { rtol: 0, atol: 1e-5 });
    expect((await saved()).schema).toEqual(schema);
    expect(complaints).toEqual([]);
  });

  it('asks for dates, percentages and values with indicators as Node does', async () => {
    const rows = Array.from({ length: 60 }, (_, i) => {
      const day = new Date(Date.UTC(2024, 0, 1 + i)).toISOString().slice(0, 10);
      return `${day},${i % 9 === 0 ? '' : i % 7},${i % 40}%,${['cat', 'dog'][(i >> 1) % 2]}`;
    });
    const options = { label: 'kind', dates: ['when'], missing: 'indicator' } as const;
    const table = parseCsv(`when,size,share,kind\n${rows.join('\n')}\n`, options);
    await useBackend('cpu');
    const { schema } = table;
    const fitOptions = { l2: 0.01, schema, standardize: true };
    const { model } = await SoftmaxRegression.fit(table.features, table.labels, fitOptions);
    await choose({ 'dated.safetensors': Buffer.from(model.toBytes()) }, 'open');
    await page.getByLabel('when', { exact: true }).fill('2024-02-14');
    const shown = await probabilities({ size: 3, 'share (%)': 12 });
    const row = { when: '2024-02-14', size: 3, share: '12%' };
    const [own] = model.predictProbabilities(encodeRows(schema, [row]));
    expect(model.classes.map((label) => shown[String(label)])).toBeAllClose(own, { rtol: 0, atol: 1e-5 });
    expect(complaints).toEqual([]);
  });

  it('shows the options of the solver with their defaults, and names form labels in errors', async () => {
    await use('cpu');
    await click('iris');
    const shown = async () =>
      page.$$eval('#options label:not([hidden])', (labels) =>
        labels.map((label) => [
          label.firstChild?.textContent?.trim() || label.textContent?.trim(),
          label.querySelector('input')?.placeholder ?? '',
        ]),
      );
    expect(await shown()).toEqual([
      ['Solver', ''],
      ['L2 penalty', 'default'],
      ['L1 penalty', '0'],
      ['Iterations, at most', '500'],
      ['Precision', ''],
      ['Standardise features while learning', ''],
    ]);
    await page.selectOption('#solver', 'adam');
    expect(await shown()).toEqual([
      ['Solver', ''],
      ['L2 penalty', '0'],
      ['Epochs', '10'],
      ['Batch size', '256'],
      ['Learning rate', '0.001'],
      ['Seed', '0'],
      ['Standardise features while learning', ''],
    ]);
    await page.fill('#epochs', '0');
    await click('train');
    expect(await error()).toBe('Epochs must be an integer > 0; got 0.');
    expect(complaints).toEqual([]);
  });

  it('keeps the model of a stopped L-BFGS fit', async () => {
    const { images, labels } = pictures(30_000);
    await use('cpu');
    await choose({ 'i.idx3': images, 'l.idx1': labels });
    await page.selectOption('#solver', 'lbfgs');
    await page.fill('#max-iterations', '10000');
    await page.fill('#l2', '0');
    await trainAndStop();
    expect(await error()).toBe('');
    expect(await text('status')).toMatch(
      /^Stopped after \d+ iterations?\. The model has the weights of that iteration\.$/,
    );
    expect((await saved()).options).toMatchObject({ solver: 'lbfgs', l2: 0 });
    expect(complaints).toEqual([]);
  });

  const BAD: readonly [string, Record<string, string | Buffer>, RegExp][] = [
    ['a ragged table', { 'a.csv': 'x,kind\n1,a\n2\n' }, /a\.csv:3:2: the row must have 2 fields/],
    ['a duplicate column', { 'a.csv': 'x,x\n1,a\n2,b\n' }, /a\.csv:1:2: the header must name each column once/],
    ['one class', { 'a.csv': 'x,kind\n1,a\n2,a\n' }, /class/],
    ['an empty file', { 'a.csv': '' }, /a\.csv: the table must have a header line; got an empty file/],
    ['bytes that are not text', { 'a.csv': Buffer.of(120, 44, 121, 10, 255, 254, 44, 49, 10) }, /a\.csv:2.*UTF-8/],
    [
      'images without labels',
      { 'i.idx3': pictures(4).images },
      /i\.idx3: the file of train labels must be given beside i\.idx3/,
    ],
    [
      'a wrong number of labels',
      { 'i.idx3': pictures(4).images, 'l.idx1': pictures(6).labels },
      /l\.idx1: the number of labels must be 4, the number of samples in i\.idx3; got 6/,
    ],
    [
      'an incomplete file of images',
      { 'i.idx3': pictures(4).images.subarray(0, 99), 'l.idx1': pictures(4).labels },
      /truncated/,
    ],
    [
      'a damaged gzip file',
      { 'a.csv.gz': gzipSync('x,kind\n1,a\n').subarray(0, 20) },
      /a\.csv\.gz: the gzip file is damaged or cut off: fetch it again\.$/,
    ],
    [
      'a table with labels',
      { 'a.csv': 'x,y\n1,2', 'l.idx1': pictures(4).labels },
      /the files must be one table, one model, or images and their labels/,
    ],
    ['a damaged model', { 'm.safetensors': damagedModel() }, /m\.safetensors: .*must/],
  ];

  it('explains errors in files, and works afterwards', async () => {
    await use('wasm');
    for (const [what, files, message] of BAD) {
      await choose(files);
      if ((await error()) === '' && (await page.isVisible('#read'))) await click('read');
      expect(`${what}: ${await error()}`).toMatch(message);
      await click('iris');
      await click('train');
      expect([what, await error(), await text('accuracy')]).toEqual([what, '', '100.0 %']);
    }
    expect(complaints).toEqual([]);
  });

  it('trains on dropped gzipped IDX files, shows weights as images, and stops', async () => {
    const { images, labels } = pictures(200);
    const files = { 'train-images-idx3-ubyte.gz': gzipSync(images), 'train-labels-idx1-ubyte.gz': gzipSync(labels) };
    await use('wasm');
    const transfer = await page.evaluateHandle(
      (contents: Record<string, string>) => {
        const data = new DataTransfer();
        for (const [name, content] of Object.entries(contents)) {
          const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
          data.items.add(new File([bytes], name));
        }
        return data;
      },
      Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name, bytes.toString('base64')])),
    );
    await page.dispatchEvent('body', 'drop', { dataTransfer: transfer });
    await idle();
    expect(await text('data-state')).toContain('160 samples to learn from, 40 held out; 8 × 8 pixels, 2 classes');
    await page.fill('#learning-rate', '0.05');
    await click('train');
    expect(await text('accuracy')).toBe('100.0 %');
    expect(await page.locator('#weights canvas').count()).toBe(2);
    expect(await text('truth')).toMatch(/^Held-out sample 1, true class: [01]\.$/);
    await page.fill('#epochs', '10000');
    await trainAndStop();
    expect(await text('status')).toMatch(/^Stopped after \d+ epochs?\. The model has the weights of that epoch\.$/);
    expect((await saved()).numFeatures).toBe(64);
    expect(complaints).toEqual([]);
  });

  it('predicts what is drawn, and begins a stroke anew after a touch that was cancelled', async () => {
    const { images, labels } = pictures(60);
    await choose({ 'i.idx3': images, 'l.idx1': labels });
    await click('train');
    await page.waitForSelector('#answer .bar');
    // The sections above the canvas move it when they appear.
    await page.evaluate(() => document.getElementById('findings')?.scrollIntoView());
    await page.waitForSelector('#findings-sections #mistakes');
    await page.click('#clear');
    await page.locator('#canvas').scrollIntoViewIfNeeded();
    expect(await page.locator('#answer .bar').count()).toBe(0);
    const { x = 0, y = 0, width = 0, height = 0 } = (await page.locator('#canvas').boundingBox()) ?? {};
    await page.mouse.move(x + 0.5 * width, y + 0.1 * height);
    await page.mouse.down();
    await page.mouse.move(x + 0.5 * width, y + 0.9 * height, { steps: 4 });
    await page.mouse.up();
    await page.waitForSelector('#answer .bar');
    expect((await shares())['0']).toBeGreaterThan(0.5);
    const pixels = await page.$eval('#canvas', (element) => {
      const canvas = element as HTMLCanvasElement;
      const { left, top, width: side } = canvas.getBoundingClientRect();
      // There is no such pointer to capture.
      canvas.setPointerCapture = () => undefined;
      const touch = (type: string, share: number) => {
        const [clientX, clientY] = [left + share * side, top + share * side];
        const buttons = type === 'pointerdown' || type === 'pointermove' ? 1 : 0;
        canvas.dispatchEvent(new PointerEvent(type, { bubbles: true, pointerId: 9, clientX, clientY, buttons }));
      };
      document.getElementById('clear')?.click();
      touch('pointerdown', 0.1);
      touch('pointercancel', 0.1);
      touch('pointerdown', 0.9);
      touch('pointerup', 0.9);
      // No answer comes to a drawing that is no longer there.
      const { data } = (canvas.getContext('2d') as CanvasRenderingContext2D).getImageData(0, 0, 8, 8);
      document.getElementById('clear')?.click();
      return [0, 4, 7].map((i) => data[4 * (i * 8 + i)] > 0);
    });
    expect(pixels).toEqual([true, false, true]);
    // The worker answers in order: after another turn of it, the answer has come.
    await page.workers()[0].evaluate(() => new Promise((resolve) => setTimeout(resolve, 50)));
    expect(await page.locator('#answer .bar').count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  it('trains with every solver on four files, and tests on the test files', async () => {
    const [train, tested] = [pictures(60), pictures(20)];
    await use('cpu');
    await choose({
      'train-images-idx3-ubyte.gz': gzipSync(train.images),
      'train-labels-idx1-ubyte.gz': gzipSync(train.labels),
      't10k-images-idx3-ubyte': tested.images,
      't10k-labels-idx1-ubyte': tested.labels,
    });
    expect(await error()).toBe('');
    expect(await text('data-state')).toContain('60 samples to learn from, 20 held out; 8 × 8 pixels, 2 classes');
    const solvers = await page.$$eval('#solver option', (options) =>
      options.map((option) => (option as HTMLOptionElement).value),
    );
    expect(solvers).toEqual(expect.arrayContaining(['lbfgs', 'sgd', 'momentum', 'adam']));
    for (const solver of solvers) {
      await page.selectOption('#solver', solver);
      if (solver !== 'lbfgs') {
        await page.fill('#learning-rate', '0.05');
        await page.fill('#epochs', '100');
      }
      await click('train');
      expect([solver, await error(), await text('accuracy')]).toEqual([solver, '', '100.0 %']);
    }
    expect(complaints).toEqual([]);
  });

  it('calls labels by the names of Fashion-MNIST only in its files', async () => {
    const labels = gunzipSync(readFileSync(join(__dirname, '..', 'golden', 't10k-labels-idx1-ubyte.gz')));
    const images = Buffer.concat([idx([10_000, 2, 2], []), Buffer.alloc(40_000, 7)]);
    await choose({ 'a-images-idx3-ubyte': images, 'a-labels-idx1-ubyte.gz': gzipSync(labels) });
    expect(await text('data-state')).toContain('Fashion-MNIST: 8,000 samples to learn from, 2,000 held out');
    await page.fill('#epochs', '1');
    await click('train');
    expect((await saved()).classes).toEqual(FASHION_MNIST_CLASSES);
    const digits = Buffer.from(labels);
    digits[8] = (digits[8] + 1) % 10;
    await choose({ 'a-images-idx3-ubyte': images, 'a-labels-idx1-ubyte': digits });
    await page.fill('#epochs', '1');
    await click('train');
    expect((await saved()).classes).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(complaints).toEqual([]);
  });

  it('knows the checksums of the labels of Fashion-MNIST', () => {
    const source = readFileSync(join(__dirname, '..', '..', 'web', 'worker', 'data.ts'), 'utf8');
    for (const { sha256 } of [FASHION_MNIST.files.trainLabels, FASHION_MNIST.files.testLabels])
      expect(source).toContain(`'${sha256}'`);
  });

  it('blocks foreign scripts', async () => {
    const evaluated = await page.evaluate(() => {
      const script = document.createElement('script');
      script.textContent = 'document.title = "inline"';
      document.head.append(script);
      return document.title;
    });
    expect(evaluated).toBe('Softmax regression, live');
    expect(complaints.join()).toContain('Content Security Policy');
  });

  it('can be used by keyboard alone', async () => {
    const walked: string[] = [];
    const focused = () =>
      page.evaluate(() => {
        const active = document.activeElement as HTMLInputElement;
        const style = getComputedStyle(active.type === 'file' ? (active.nextElementSibling as Element) : active);
        const marked = active.type === 'radio' ? getComputedStyle(active.nextElementSibling as Element) : style;
        return { id: active.id || active.className || active.name, outline: marked.outlineStyle };
      });
    const walkTo = async (id: string) => {
      for (let i = 0; i < 30; i++) {
        await page.keyboard.press('Tab');
        const { id: at, outline } = await focused();
        walked.push(at);
        expect([at, outline]).toEqual([at, 'solid']);
        if (at === id) return;
      }
      throw new Error(`${id} is not reached: ${walked.join(' ')}`);
    };
    await walkTo('iris');
    await page.keyboard.press('Enter');
    await idle();
    await walkTo('train');
    await page.keyboard.press('Enter');
    await idle();
    expect(walked).toEqual([
      ...['skip', 'iris', 'blobs', 'xor', 'fashion-mnist', 'files', 'backend'],
      ...['solver', 'l2', 'l1', 'max-iterations', 'precision', 'standardize', 'train'],
    ]);
    await page.waitForFunction(() => document.getElementById('accuracy')?.textContent === '100.0 %');
    await walkTo('save');
  });

  it.each([
    [390, 'light'],
    [390, 'dark'],
    [1400, 'light'],
    [1400, 'dark'],
  ] as const)('fits in %i pixels, %s, with labels for all controls and readable contrast', async (width, scheme) => {
    await page.setViewportSize({ width, height: 900 });
    await page.emulateMedia({ colorScheme: scheme });
    await use('wasm');
    await click('iris');
    await click('train');
    const seen = await page.evaluate(() => {
      const canvas = document.createElement('canvas').getContext('2d') as CanvasRenderingContext2D;
      const rgba = (colour: string) => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
        return Array.from(canvas.getImageData(0, 0, 1, 1).data);
      };
      const luminance = (colour: number[]) => {
        const [r, g, b] = colour.map((c) =>
          c / 255 <= 0.03928 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4,
        );
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const groundOf = (element: Element | null): number[] => {
        if (element === null) return [255, 255, 255];
        const colour = rgba(getComputedStyle(element).backgroundColor);
        return colour[3] === 255 ? colour : groundOf(element.parentElement);
      };
      const faint = [...document.querySelectorAll('body *')].flatMap((element) => {
        const own = [...element.childNodes].filter(({ nodeType }) => nodeType === 3);
        const words = own.map(({ textContent }) => textContent?.trim()).join('');
        const isDisabled = element.matches(':disabled, :disabled + span');
        if (words === '' || isDisabled || element.getClientRects().length === 0) return [];
        const style = getComputedStyle(element);
        const inks = [rgba(element instanceof SVGElement ? style.fill : style.color), groundOf(element)];
        const [a, b] = inks.map(luminance).sort((x, y) => y - x);
        const contrast = (a + 0.05) / (b + 0.05);
        return contrast < 4.5 ? [`${words}: ${contrast.toFixed(2)}`] : [];
      });
      const controls = [...document.querySelectorAll<HTMLInputElement>('button, input, select, canvas, progress')];
      const nameless = controls.filter((element) => {
        const label = element.getAttribute('aria-label') ?? element.labels?.[0]?.textContent ?? element.textContent;
        return (label ?? '').trim() === '';
      });
      return {
        overflow: document.documentElement.scrollWidth - window.innerWidth,
        nameless: nameless.map(({ id }) => id),
        faint,
      };
    });
    expect(seen).toEqual({ overflow: 0, nameless: [], faint: [] });
  });

  it('downloads a report of the trained model', async () => {
    await use('wasm');
    await click('iris');
    await click('train');
    const [download] = await Promise.all([page.waitForEvent('download'), page.click('#report')]);
    await idle();
    const html = readFileSync(await download.path(), 'utf8');
    expect(html).toContain('30 held back');
    expect(html).toContain('virginica');
    expect(complaints).toEqual([]);
  });
});

/** A model file without valid metadata. */
function damagedModel(): Buffer {
  const header = Buffer.from(JSON.stringify({ weight: { dtype: 'F32', shape: [1, 2], data_offsets: [0, 8] } }));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, Buffer.alloc(8)]);
}
