import { decode } from 'fast-png';
import { parseHTML } from 'linkedom';
import {
  confidentMistakes,
  type ReportInput,
  type ReportSection,
  renderReport,
  renderSections,
} from 'softmax-regression/report';
import { SoftmaxRegression } from '../src/model/softmax-regression.js';
import { logTicks } from '../src/report/chart.js';
import { thinned } from '../src/report/curves.js';
import { html } from '../src/report/html.js';
import { exact, fixed, shortened, significant } from '../src/report/numbers.js';
import { openPictures } from '../src/report/picture.js';
import { CELL_OPACITY, cellOpacity, channels, DIVERGING, PALETTES } from '../src/report/theme.js';
import { imageInput, mistake, proof, smallInput, twoClassInput } from './helpers/report-input.js';

interface Page {
  readonly text: string;
  readonly document: Document;
  /** The words of a section, with single spaces. */
  readonly section: (id: string) => string;
}

async function render(input: ReportInput): Promise<Page> {
  const text = await renderReport(input);
  const { document } = parseHTML(text);
  const words = (element: Element | null) => (element?.textContent ?? '').replace(/[\s\u00a0]+/g, ' ').trim();
  return { text, document, section: (id) => words(document.getElementById(id)) };
}

function all(document: Document, selector: string): Element[] {
  return [...document.querySelectorAll(selector)];
}

/** The page without its style sheet, whose words could match a check for NaN or null. */
function withoutStyle(text: string): string {
  return text.replace(/<style>.*?<\/style>/s, '');
}

describe('the report', () => {
  let page: Page;
  beforeAll(async () => {
    page = await render(smallInput());
  });

  it('has all sections in order, each labelled by its heading and linked in the navigation', () => {
    const ids = [
      'training',
      'learning',
      'confusion',
      'classes',
      'calibration',
      'mistakes',
      'weights',
      'proof',
      'reproduce',
    ];
    const sections = all(page.document, 'section.section');
    expect(sections.map(({ id }) => id)).toEqual(ids);
    expect(all(page.document, 'nav a').map((a) => a.getAttribute('href'))).toEqual(ids.map((id) => `#${id}`));
    for (const section of sections) {
      const heading = page.document.getElementById(section.getAttribute('aria-labelledby') ?? '');
      expect(heading?.tagName).toBe('H2');
      expect(heading?.textContent).not.toBe('');
    }
  });

  it('describes data, model and date', () => {
    expect(page.document.querySelector('h1')?.textContent).toBe('Animals');
    expect(page.document.querySelector('.eyebrow')?.textContent).toContain('3 May 2031');
    const words = page.section('training');
    for (const part of [
      'Training samples12,345',
      'Test samples30',
      'Splitevery tenth',
      'Features2',
      '3 classescat, dog, fox',
    ])
      expect(words).toContain(part);
    for (const part of ['Parameters9', 'Solverlbfgs', 'Biasyes', 'L2 penalty10⁻⁷', 'Max iterations500'])
      expect(words).toContain(part);
    expect(words).toContain('6 weights and 3 biases: 9 parameters.');
  });

  it('has the headline numbers with an interval, and explains how the fit ended', () => {
    const words = page.document.querySelector('.headlines')?.textContent?.replace(/[\s\u00a0]+/g, ' ') ?? '';
    for (const part of [
      '80.0 %',
      '24 of 30 correct',
      '62.7 % to 90.5 %',
      '0.5123 nats',
      '4.3 %',
      'Always predicting the class shares: 1.0986.',
      '33.3 %',
      'converged',
    ])
      expect(words).toContain(part);
    expect(words).toContain('After 17 iterations, no entry of the gradient exceeds 6.5 × 10⁻⁷.');
    expect(words).toContain('at most 2.5 × 10⁻⁹ above its minimum');
  });

  it('says of a bound as large as the objective that the minimum may be 0', async () => {
    const input = smallInput();
    const fit = { ...input.fit, suboptimality: input.fit?.objective } as ReportInput['fit'];
    const text = await renderReport({ ...input, fit });
    expect(text).toContain('above its minimum, which may be 0.');
  });

  it('shows the three gradients, their largest differences, and every comparison', () => {
    const words = page.section('proof');
    expect(words).toContain('All three agree on tensorflow. The largest difference between any two is 1.3 × 10⁻⁷.');
    const figures = all(page.document, '#proof .wide .figure').map((element) =>
      element.textContent?.replace(/\u00a0/g, ' '),
    );
    expect(figures).toEqual(['1.3 × 10⁻⁷', '3.5 × 10⁻¹¹', '7.5 × 10⁻⁸']);
    expect(all(page.document, '#proof tbody tr')).toHaveLength(8);
    // Logits, loss, and three comparisons of each of two parameters.
    expect(all(page.document, '#proof .wide svg.plot circle')).toHaveLength(8);
    expect(words).toContain('∂ℓ/∂weightautograd − closed form61.3 × 10⁻⁷0.01');
  });

  it('says in one line at the top that the gradient was checked, and links to how', () => {
    const line = page.document.querySelector('.masthead .check');
    expect(line?.textContent?.replace(/[\s\u00a0]+/g, ' ')).toBe(
      '✓ The gradient was checked three ways, which differ by at most 1.3 × 10⁻⁷: details below',
    );
    expect(line?.querySelector('a')?.getAttribute('href')).toBe('#proof');
  });

  it('labels every axis, with units', () => {
    const labels = (id: string) =>
      all(page.document, `#${id} .wide text`)
        .map(({ firstChild }) => firstChild?.textContent ?? '')
        .filter((text) => /^[a-z]/.test(text));
    expect(labels('learning')).toEqual(
      expect.arrayContaining(['objective (nats)', 'objective − bound (nats)', 'iteration']),
    );
    expect(labels('calibration')).toEqual(expect.arrayContaining(['accuracy', 'predictions', 'confidence']));
    expect(labels('weights')).toContain('change of the score (nats)');
  });

  it('draws one mark for each iteration, cell, bin and bar', () => {
    expect(all(page.document, '#learning .wide svg')).toHaveLength(2);
    expect(all(page.document, '#learning .wide svg:first-child circle')).toHaveLength(10);
    // Cells of 0 are omitted.
    expect(all(page.document, '#confusion .wide rect')).toHaveLength(6);
    const numbers = all(page.document, '#confusion .wide text').map(({ firstChild }) => firstChild?.textContent);
    expect(numbers.filter((text) => /^\d+$/.test(text ?? ''))).toEqual(['9', '1', '2', '8', '3', '7']);
    expect(all(page.document, '#calibration .wide svg:first-child circle')).toHaveLength(2);
    expect(all(page.document, '#weights .wide rect')).toHaveLength(6);
    expect(all(page.document, '#training .wide circle')).toHaveLength(2 + 3 + 3);
  });

  it('lists confusions and the scores of each class', () => {
    expect(page.section('confusion')).toContain('foxdog330.0 %');
    expect(page.section('classes')).toContain('dog66.7 %80.0 %72.7 %10');
    expect(page.section('classes')).toContain('Brier score0.3131');
    expect(page.section('calibration')).toContain('4.3 % apart');
  });

  it('ranks weights, centred over the classes, by their effect in the data', () => {
    const rows = all(page.document, '#weights tbody tr').map((row) =>
      [...row.children].map(({ textContent }) => textContent),
    );
    expect(rows).toEqual([
      ['height', '0.00', '−6.00', '6.00'],
      ['ears', '0.25', '0.00', '−0.25'],
    ]);
  });

  it('lists command, seed, versions and checksum to reproduce the run', () => {
    const words = page.section('reproduce');
    for (const part of ['npx train animals.csv', 'Seed7', 'Node.jsv20.1.2', 'ab12'.repeat(16)])
      expect(words).toContain(part);
  });

  it('is self-contained, without scripts and URLs, with a policy against both', () => {
    expect(page.text).not.toMatch(/<script|<link|<iframe|https?:|\/\/[a-z]|@import|url\(|\son[a-z]+=/i);
    const policy = page.document.querySelector('meta[http-equiv="Content-Security-Policy"]')?.getAttribute('content');
    expect(policy).toContain("default-src 'none'");
  });

  it('has a label for each drawing, and a scope for each table head', () => {
    for (const svg of all(page.document, 'svg:not([aria-hidden])')) {
      expect(svg.getAttribute('role')).toBe('img');
      expect(svg.getAttribute('aria-label')).toMatch(/\w{3}/);
    }
    const heads = all(page.document, 'th');
    expect(heads.length).toBeGreaterThan(20);
    for (const head of heads) expect(head.getAttribute('scope')).toMatch(/^(col|row)$/);
    for (const each of all(page.document, 'table')) expect(each.querySelector('caption')?.textContent).not.toBe('');
    expect(page.document.documentElement.getAttribute('lang')).toBe('en');
  });

  it('has unique ids, and no NaN, undefined or Infinity', () => {
    const ids = all(page.document, '[id]').map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(withoutStyle(page.text)).not.toMatch(/NaN|undefined|Infinity|\[object|null/);
  });

  it('is deterministic', async () => {
    expect(await renderReport(smallInput())).toBe(page.text);
  });
});

describe('sections for another page', () => {
  const names = ['mistakes', 'confusion', 'calibration'] as const;

  it('are those of the report, in the order asked for, without inline styles', async () => {
    const report = await renderReport(smallInput());
    const sections = await renderSections(smallInput(), names);
    expect(sections.map((section) => /^<section class="section" id="(\w+)"/.exec(section)?.[1])).toEqual(names);
    for (const section of sections) {
      expect(report).toContain(section);
      expect(section).not.toMatch(/ style=|<style|<script/);
    }
  });

  it('are left out without input', async () => {
    const { data, model, evaluation } = imageInput(3);
    expect(await renderSections({ data, model, evaluation }, ['mistakes', 'penalty'])).toEqual([]);
  });

  it('must have names of sections', async () => {
    const wanted = ['toString'] as unknown as ReportSection[];
    await expect(renderSections(smallInput(), wanted)).rejects.toMatchObject({
      where: 'renderSections',
      argument: 'names[0]',
      actual: '"toString"',
    });
  });
});

describe('a report with labels that look like HTML', () => {
  const hostile = ['<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', "</title></svg></style>&amp;'"];

  it('escapes them in elements, attributes and drawings', async () => {
    const input = smallInput(hostile);
    const { text, document } = await render({
      ...input,
      data: { ...input.data, name: hostile[0], split: hostile[1] },
      model: { ...input.model, featureNames: [hostile[2], hostile[1]], options: { [hostile[0]]: hostile[1] } },
      gradcheck: proof({ backend: hostile[1] }),
      environment: { command: hostile[0], cpu: hostile[1] },
      date: hostile[1],
    });
    expect(all(document, 'script, img')).toEqual([]);
    // The parsed attribute is the label itself, including its ampersand.
    expect(document.querySelector('#confusion .wide svg')?.getAttribute('aria-label')).toContain(
      `${hostile[2]} predicted as ${hostile[1]}, 3 times`,
    );
    expect(text.match(/<\/style>/g)).toHaveLength(1);
    expect(document.querySelector('h1')?.textContent).toBe(hostile[0]);
    expect(all(document, '#classes tbody th').map(({ textContent }) => textContent)).toEqual(hostile);
    expect(all(document, 'section.section')).toHaveLength(9);
  });

  it('uses a template that escapes values', () => {
    expect(html`<b title="${'"'}">${['<', html`<i>${1}</i>`]}${undefined}</b>`.text).toBe(
      '<b title="&quot;">&lt;<i>1</i></b>',
    );
  });
});

describe('a report on two classes', () => {
  let page: Page;
  beforeAll(async () => {
    page = await render(twoClassInput());
  });

  it('has the ROC curve and the precision–recall curve, with areas, and says which class is positive', () => {
    const words = page.section('curves');
    expect(words).toContain('The positive class is yes, the second of the two in sorted order.');
    expect(words).toContain('ROC curve of yes: area 0.8750.');
    expect(words).toContain('area (average precision) 0.8333. Random scores have 0.5000');
    const svgs = all(page.document, '#curves .wide svg');
    expect(svgs.map((svg) => svg.getAttribute('aria-label'))).toEqual([
      'ROC curve of yes: area 0.8750. The table below lists thresholds.',
      'Precision–recall curve of yes: average precision 0.8333. The table below lists thresholds.',
    ]);
    for (const label of ['false positive rate (%)', 'true positive rate (%)', 'recall (%)', 'precision (%)']) {
      expect(svgs.some((svg) => svg.textContent?.includes(label))).toBe(true);
    }
    // Dashed line and curve; a dot at 50 %.
    expect(svgs.map((svg) => svg.querySelectorAll('circle').length)).toEqual([1, 1]);
    const rows = all(page.document, '#curves tbody tr').map((row) =>
      [...row.children].map(({ textContent }) => textContent?.replace(/\u00a0/g, ' ')),
    );
    expect(rows).toHaveLength(9);
    expect(rows[0]).toEqual(['90 %', '0.0 %', '0.0 %', '–']);
    expect(rows[4]).toEqual(['50 %', '50.0 %', '0.0 %', '100.0 %']);
    expect(rows[5]).toEqual(['40 %', '100.0 %', '50.0 %', '66.7 %']);
  });

  it('draws the steps whose area is the average precision', () => {
    const path = all(page.document, '#curves .wide svg')[1].querySelector(
      '[stroke-width="2"] path, path[stroke-width="2"]',
    );
    const points = (path?.getAttribute('d') ?? '')
      .split(/[ML]/)
      .slice(1)
      .map((point) => point.split(',').map(Number));
    let area = 0;
    for (let i = 1; i < points.length; i++) {
      const [[x0, y0], [x1, y1]] = [points[i - 1], points[i]];
      expect(x0 === x1 || y0 === y1).toBe(true);
      area += (x1 - x0) * (258 - y1);
    }
    // The plot is 320 − 50 − 14 = 256 wide and 300 − 14 − 42 = 244 high, above 258.
    expect(area / (256 * 244)).toBeCloseTo(0.8333, 3);
  });

  it('has no curves where all samples are of one class', async () => {
    const input = twoClassInput();
    const { curves } = input;
    const roc = { ...curves?.roc, auc: Number.NaN } as NonNullable<ReportInput['curves']>['roc'];
    const { document } = await render({ ...input, curves: { ...curves, roc } as ReportInput['curves'] });
    expect(document.getElementById('curves')).toBeNull();
  });

  it('shows one weight for both classes, categories below their column, and two categories as one line', () => {
    const rows = all(page.document, '#weights tbody tr').map((row) =>
      [...row.children].map(({ textContent }) => textContent),
    );
    expect(rows).toEqual([
      ['sex: male against female', '1.50'],
      ['color'],
      ['color: blue', '−1.00'],
      ['color: green', '1.00'],
      ['color: red', '−0.25'],
      ['age', '0.20'],
    ]);
    expect(all(page.document, '#weights thead th').map(({ textContent }) => textContent)).toEqual([
      'column',
      'log-odds of yes against no',
    ]);
    expect(page.document.querySelector('#weights tfoot')?.textContent).toBe('bias−0.50\n');
    expect(page.section('weights')).toContain('the weight of yes minus the weight of no');
    expect(all(page.document, '#weights .wide rect')).toHaveLength(5);
    expect(page.section('training')).toContain('Features6 from 3 columns');
  });

  it('names the test data of the mistakes if they are from elsewhere', async () => {
    expect(page.section('mistakes')).not.toContain('The samples are from');
    const input = twoClassInput();
    const { section } = await render({ ...input, data: { ...input.data, testName: 'te.csv' } });
    expect(section('mistakes')).toContain('others may have a wrong label. The samples are from te.csv.');
  });

  it('shows the category of a mistake, and – for one that was not seen in training', () => {
    const rows = all(page.document, '#mistakes tr').map((row) =>
      [...row.children].slice(4).map(({ textContent }) => textContent),
    );
    expect(rows).toEqual([
      ['sex', 'color', 'age'],
      ['male', 'red', '38'],
      ['female', '–', '41'],
    ]);
  });

  it('leaves out the categories with the smallest weights, and counts them', async () => {
    const input = twoClassInput();
    const categories = Array.from({ length: 100 }, (_, c) => `c${c}`);
    const { section } = await render({
      ...input,
      data: { ...input.data, featureDeviations: undefined },
      model: {
        ...input.model,
        numFeatures: 100,
        featureNames: undefined,
        weight: categories.map((_, c) => [0, c]),
        schema: { columns: [{ kind: 'category', name: 'code', categories }] },
      },
      mistakes: [],
    });
    expect(section('weights')).toMatch(/code: c9999\.0.*code: c9292\.0 92 more categories/);
    expect(section('weights')).not.toContain('c91');
  });

  it('refuses a schema of other features', async () => {
    const input = twoClassInput();
    const model = { ...input.model, schema: { columns: [{ kind: 'number', name: 'age' }] } };
    await expect(renderReport({ ...input, model })).rejects.toMatchObject({
      code: 'SHAPE',
      argument: 'model.schema',
      actual: '[1]',
    });
  });
});

describe('long text', () => {
  it('in mistakes becomes a list, with boxes that scroll', async () => {
    const input = twoClassInput();
    const long = 'x'.repeat(2000);
    const schema = {
      columns: (input.model.schema?.columns ?? []).map((column) =>
        column.name === 'color' ? { ...column, categories: ['blue', 'green', long] } : column,
      ),
    };
    const { document, section } = await render({ ...input, model: { ...input.model, schema } });
    expect(all(document, '#mistakes table')).toHaveLength(0);
    expect(all(document, '#mistakes li')).toHaveLength(2);
    expect(document.querySelector('#mistakes .text')?.textContent).toBe(long);
    expect(section('mistakes')).toContain('Confidence60.0 % row 1,234');
    // In the table of the weights it may break anywhere.
    expect(document.querySelector('#weights th.long .text')?.textContent).toBe(`color: ${long}`);
  });

  it('is shortened by the cells it takes, and between characters as readers count them', () => {
    expect(shortened('abcdef', 6)).toBe('abcdef');
    expect(shortened('abcdefg', 6)).toBe('abcde…');
    expect(shortened('👨‍👩‍👧👨‍👩‍👧👨‍👩‍👧👨‍👩‍👧', 6)).toBe('👨‍👩‍👧👨‍👩‍👧…');
    expect(shortened('漢字漢字', 6)).toBe('漢字…');
  });
});

describe('a curve', () => {
  it('is thinned to within the size, and keeps its ends and its corners', () => {
    const steps = Array.from({ length: 20001 }, (_, i) => [i / 20000, Math.floor(i / 5000) / 4] as const);
    const kept = thinned(steps, 0.01);
    expect(kept.length).toBeLessThan(120);
    expect([kept[0], kept[kept.length - 1]]).toEqual([steps[0], steps[20000]]);
    for (const corner of [4999, 5000, 9999, 10000]) expect(kept).toContainEqual(steps[corner]);
    let next = 1;
    for (const [x, y] of steps) {
      while (kept[next][0] < x) next++;
      const [[x0, y0], [x1, y1]] = [kept[next - 1], kept[next]];
      expect(Math.abs(y - (y0 + ((y1 - y0) * (x - x0)) / (x1 - x0)))).toBeLessThanOrEqual(0.01);
    }
  });

  it('with few points keeps them all', () => {
    const points = [0, 0.25, 0.5, 1].map((x) => [x, x] as const);
    expect(thinned(points, 0.01)).toEqual(points);
  });
});

describe('a report on pictures', () => {
  it("shows each mistake and each class's weights as a picture", async () => {
    const { document, text } = await render(imageInput(5));
    expect(all(document, '#mistakes img')).toHaveLength(1);
    expect(all(document, '#weights img').map((img) => img.getAttribute('alt'))).toEqual(
      Array.from({ length: 5 }, (_, k) =>
        expect.stringMatching(new RegExp(`^Weights of class ${k}, from −[\\d.]+ to [\\d.]+$`)),
      ),
    );
    expect(text).not.toMatch(/https?:/);
  });

  it('draws pixels from black to white, and weights with opacity by magnitude', async () => {
    const { image, diverging } = await openPictures({ width: 2, height: 1 });
    const read = (uri: string) => decode(Buffer.from(uri.replace('data:image/png;base64,', ''), 'base64'));
    expect(read(image([0, 5], 0, 5))).toMatchObject({
      width: 2,
      height: 1,
      channels: 1,
      data: new Uint8Array([0, 255]),
    });
    const [orange, blue] = [channels(DIVERGING.negative), channels(DIVERGING.positive)];
    expect(Array.from(read(diverging([-1, 3], 2)).data)).toEqual([...orange, 128, ...blue, 255]);
    const colour = await openPictures({ width: 1, height: 1, channels: 3 });
    expect(Array.from(read(colour.image([0, 1, 2], 0, 2)).data)).toEqual([0, 128, 255]);
  });

  it.each([2, 10, 100, 250])('stays compact for %i classes', async (numClasses) => {
    const { document, text } = await render(imageInput(numClasses));
    const cells = all(document, '#confusion .wide rect[fill-opacity]');
    expect(cells).toHaveLength(numClasses > 200 ? 0 : 2 * numClasses);
    const numbers = all(document, '#confusion .wide text').filter(({ textContent }) => /^\d+$/.test(textContent ?? ''));
    expect(numbers).toHaveLength(numClasses <= 10 ? 2 * numClasses : 0);
    expect(all(document, '#classes tbody tr')).toHaveLength(numClasses);
    // The two images of two classes would be mirrored: there is one, their difference.
    expect(all(document, '#weights img')).toHaveLength(numClasses === 2 ? 1 : Math.min(numClasses, 100));
    expect(text.length).toBeLessThan(1.5e6);
    expect(withoutStyle(text)).not.toMatch(/NaN|undefined|Infinity/);
  });
});

describe('a report', () => {
  it('omits sections without input', async () => {
    const { data, model, evaluation } = imageInput(3);
    const { document } = await render({ data: { name: data.name, trainingSamples: 1 }, model, evaluation });
    expect(all(document, 'section.section').map(({ id }) => id)).toEqual([
      'training',
      'confusion',
      'classes',
      'weights',
    ]);
    const line = document.querySelector('.masthead .check');
    expect(line?.textContent).toContain('The gradient was not checked.');
    expect(line?.textContent).not.toContain('✓');
  });

  it('warns if gradients disagree, also by NaN', async () => {
    const worst = {
      what: 'weight',
      between: 'autograd and closed form',
      maxError: 0.25,
      ratio: 9e4,
      at: 0,
      actual: Number.NaN,
      expected: 0.25,
    };
    const { section, document } = await render({
      ...smallInput(),
      gradcheck: proof({ ok: false, worst, logits: { ...worst, ratio: Number.NaN } }),
    });
    expect(section('proof')).toContain(
      'They disagree on tensorflow. Largest error: weight, autograd and closed form: – against 0.25, 90,000 times',
    );
    const line = document.querySelector('.masthead .check.bad');
    expect(line?.textContent).toMatch(/^✗ The gradient check failed: .*\sDo not trust this model/s);
    expect(line?.querySelector('a')?.getAttribute('href')).toBe('#proof');
  });

  it.each([
    ['epochs', false, 'completed', 'All epochs completed: 17 steps.'],
    ['iterations', false, 'not converged', 'Not converged after 17 iterations. Give more.'],
    ['diverged', false, 'diverged', 'the loss or the weights were not finite'],
    ['no-progress', false, 'no progress', 'rounding prevents further progress'],
    ['early-stopping', false, 'stopped early', 'the validation loss no longer fell; the model is that of epoch 3.'],
  ])('explains in words that a fit ended by %s', async (reason, converged, word, words) => {
    const input = smallInput();
    const fit = {
      ...input.fit,
      reason,
      converged,
      advice: reason === 'iterations' ? 'Give more.' : null,
      suboptimality: null,
      bestEpoch: 3,
    };
    const { document, section } = await render({ ...input, fit: fit as ReportInput['fit'] });
    const tile = all(document, '.tile').at(-1);
    expect(tile?.querySelector('.value')?.textContent).toBe(word);
    expect(section('learning')).toContain(words);
    expect(all(document, '#learning .wide svg')).toHaveLength(1);
  });

  it('draws training and validation loss, without non-finite values', async () => {
    const input = smallInput();
    const history = [1, 0.5, Number.NaN, 0.25].map((loss, i) => ({ epoch: i + 1, loss, validationLoss: loss + 0.125 }));
    const { document, section } = await render({
      ...input,
      model: { ...input.model, options: { solver: 'sgd' } },
      fit: { ...(input.fit as NonNullable<ReportInput['fit']>), history, suboptimality: null },
    });
    expect(section('learning')).toMatch(/training.*validation/);
    expect(all(document, '#learning .wide circle')).toHaveLength(6);
  });

  it('reports that no sample is misclassified', async () => {
    const input = smallInput();
    const counts = [
      [10, 0, 0],
      [0, 10, 0],
      [0, 0, 10],
    ];
    const { section } = await render({
      ...input,
      evaluation: { ...input.evaluation, accuracy: 1, confusion: { classes: input.model.classes, counts } },
      mistakes: [],
    });
    expect(section('confusion')).toContain('No sample is misclassified.');
    expect(section('mistakes')).toContain('every test sample is classified correctly');
  });

  it('accepts equal weights, unnamed features and numeric labels', async () => {
    const input = smallInput();
    const classes = [0, 1, 2];
    const { perClass, confusion } = input.evaluation;
    const { text, section } = await render({
      ...input,
      data: { name: '', trainingSamples: 3 },
      model: {
        ...input.model,
        classes,
        featureNames: undefined,
        weight: [
          [0, 0, 0],
          [0, 0, 0],
        ],
      },
      evaluation: { ...input.evaluation, perClass: { ...perClass, classes }, confusion: { ...confusion, classes } },
      mistakes: [mistake([1, 2], { label: 0, predicted: 1 })],
    });
    expect(section('weights')).toContain('feature 0');
    expect(withoutStyle(text)).not.toMatch(/NaN|undefined|Infinity/);
  });

  it.each<[string, (input: ReportInput) => ReportInput, string]>([
    ['model.bias', (input) => ({ ...input, model: { ...input.model, bias: [0] } }), '[1]'],
    ['model.weight', (input) => ({ ...input, model: { ...input.model, weight: [[0, 0, 0]] } }), '[1, 3]'],
    ['model.featureNames', (input) => ({ ...input, model: { ...input.model, featureNames: ['one'] } }), '[1]'],
    [
      'evaluation.confusion',
      (input) => ({ ...input, evaluation: { ...input.evaluation, confusion: { classes: [], counts: [] } } }),
      '[0, 0]',
    ],
    ['mistakes[0].features', (input) => ({ ...input, mistakes: [mistake([1])] }), '[1]'],
    ['data.image', (input) => ({ ...input, data: { ...input.data, image: { width: 2, height: 2 } } }), '2 × 2 × 1'],
  ])('rejects an inconsistent %s', async (argument, change, actual) => {
    await expect(renderReport(change(smallInput()))).rejects.toMatchObject({
      code: 'SHAPE',
      where: 'renderReport',
      argument,
      actual,
    });
  });

  it('accepts a model and the results of fit and evaluate directly', async () => {
    const features = [
      [0, 1],
      [1, 0],
      [0.5, 2],
      [2, 0.25],
    ];
    const labels = ['a', 'b', 'a', 'b'];
    const { model, result } = await SoftmaxRegression.fit(features, labels, { l2: 0.1 });
    const evaluation = await model.evaluate(features, labels);
    const { document } = await render({ data: { name: 'Four', trainingSamples: 4 }, model, evaluation, fit: result });
    expect(document.querySelector('.headlines')?.textContent).toContain('4 of 4 correct');
    expect(document.querySelector('#classes')?.textContent).toContain('Matthews correlation1.0000');
  });
});

describe('confidentMistakes', () => {
  it('returns the most confident mistakes first, and reads only their features', () => {
    const asked: number[] = [];
    const featuresOf = (i: number) => {
      asked.push(i);
      return [i];
    };
    const probabilities = [
      [0.9, 0.1],
      [0.2, 0.8],
      [0.3, 0.7],
      [0.05, 0.95],
      [0.2, 0.8],
    ];
    const mistakes = confidentMistakes(
      ['dog', 'dog', 'cat', 'cat', 'cat'],
      probabilities,
      ['cat', 'dog'],
      featuresOf,
      3,
    );
    expect(mistakes).toEqual([
      { index: 3, label: 'cat', predicted: 'dog', probability: 0.95, features: [3] },
      { index: 0, label: 'dog', predicted: 'cat', probability: 0.9, features: [0] },
      { index: 4, label: 'cat', predicted: 'dog', probability: 0.8, features: [4] },
    ]);
    expect(asked).toEqual([3, 0, 4]);
  });
});

describe('the colours', () => {
  const linear = (channel: number) => (channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4);
  const luminance = ([r, g, b]: readonly number[]) =>
    0.2126 * linear(r / 255) + 0.7152 * linear(g / 255) + 0.0722 * linear(b / 255);
  /** @see Web Content Accessibility Guidelines 2.2, contrast ratio */
  const contrast = (a: readonly number[], b: readonly number[]) => {
    const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x);
    return (light + 0.05) / (dark + 0.05);
  };
  const mix = (over: readonly number[], under: readonly number[], opacity: number) =>
    over.map((channel, i) => opacity * channel + (1 - opacity) * under[i]);

  it('are measured by the WCAG contrast ratio', () => {
    expect(contrast([0, 0, 0], [255, 255, 255])).toBeCloseTo(21, 10);
    expect(contrast([119, 119, 119], [255, 255, 255])).toBeCloseTo(4.478, 3);
  });

  it.each(['light', 'dark'] as const)(
    'have readable contrast in the %s palette, for text and for ink on cells',
    (name) => {
      const palette = PALETTES[name];
      for (const text of ['ink', 'muted', 'blue', 'orange'] as const) {
        for (const ground of ['paper', 'surface'] as const) {
          expect(contrast(channels(palette[text]), channels(palette[ground]))).toBeGreaterThanOrEqual(4.5);
        }
      }
      for (const fill of ['blue', 'orange'] as const) {
        for (let share = 0; share <= 1; share += 0.01) {
          const cell = mix(channels(palette[fill]), channels(palette.surface), cellOpacity(share));
          expect(contrast(channels(palette.ink), cell)).toBeGreaterThanOrEqual(4.5);
        }
      }
    },
  );

  it.each(['light', 'dark'] as const)('of weights contrast with the surface of the %s palette', (name) => {
    for (const colour of Object.values(DIVERGING)) {
      expect(contrast(channels(colour), channels(PALETTES[name].surface))).toBeGreaterThanOrEqual(3);
    }
  });

  it('deepen with the share up to a limit', () => {
    expect([0, 0.25, 1, 7].map(cellOpacity)).toEqual([0, CELL_OPACITY / 2, CELL_OPACITY, CELL_OPACITY]);
  });
});

describe('number formats', () => {
  it.each([
    [0.47681, '0.477'],
    [-12.345, '−12.3'],
    [1234567, '1.23 × 10⁶'],
    [1.9e-7, '1.90 × 10⁻⁷'],
    [0, '0'],
    [Number.NaN, '–'],
    [Number.NEGATIVE_INFINITY, '−∞'],
  ])('format %p with three significant digits', (value, text) => {
    expect(significant(value).replace(/\u00a0/g, ' ')).toBe(text);
  });

  it('print a minus for negative numbers, but not for −0.0', () => {
    expect([fixed(-1.5, 1), fixed(-0.04, 1), fixed(Number.NaN, 1)]).toEqual(['−1.5', '0.0', '–']);
  });

  it('print exact values of options', () => {
    expect([4294967295, 0.1, 1e-7, 2.5e-8, -3].map((value) => exact(value).replace(/\u00a0/g, ' '))).toEqual([
      '4294967295',
      '0.1',
      '10⁻⁷',
      '2.5 × 10⁻⁸',
      '−3',
    ]);
  });

  it('choose logarithmic ticks at powers of ten, with more in a short range', () => {
    expect(logTicks(2e-9, 0.7)).toEqual([1e-8, 1e-6, 1e-4, 1e-2]);
    expect(logTicks(0.03, 3)).toEqual([0.05, 0.1, 0.2, 0.5, 1, 2]);
  });
});
