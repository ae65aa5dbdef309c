// The pages of web/learn/, built and served, in a browser: what is touched, what is shown, by keyboard, in two languages.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Browser, BrowserContextOptions, Page, Response } from 'playwright-core';
import {
  centralDifference,
  crossEntropy,
  crossEntropyGradient,
  dense,
  distributionCrossEntropy,
  entropy,
  klDivergence,
  oneHot,
  softmax,
  sparseCrossEntropy,
  toRows,
} from 'softmax-regression/reference';
import { type Site, startSite } from '../../scripts/start-site.js';
import { PAGE_NAMES, PAGES } from '../../web/learn/chapter.js';
import { border, loss, probabilities, train } from '../../web/learn/code/regions.js';
import { fixed, power } from '../../web/learn/format.js';
import { batchOf, firstOf, trainingSet } from '../../web/learn/pictures.js';
import { type Fault, noticeOf, SAMPLE, weightRows } from '../../web/learn/state.js';
import { en } from '../../web/learn/text/en.js';
import { zh } from '../../web/learn/text/zh.js';
import { inBrowser, launchChromium, newPage } from '../helpers/chromium.js';

const ROOT = join(__dirname, '..', '..');
const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const DESKTOP = { width: 1280, height: 900 };
const PHONE = { width: 390, height: 844 };

/** Logits of a picture by the reference. */
function logitsOf(x: readonly number[] = SAMPLE.x.initial, w = SAMPLE.w.initial, b = SAMPLE.b.initial): number[] {
  const rows = weightRows({ w });
  return toRows(
    dense(
      [x],
      x.map((_, i) => rows.map((row) => row[i])),
      b,
    ),
  )[0];
}

/** The line that names the faults of a link. */
function notice(faults: Readonly<Record<string, Fault>>, language: typeof en | typeof zh = en): string {
  const ignored = Object.entries(faults).map(([name, fault]) => ({ name, fault }));
  const fill = (key: keyof typeof en, values: Readonly<Record<string, string | number>> = {}) =>
    Object.entries(values).reduce((line, [name, value]) => line.replace(`{${name}}`, String(value)), language[key]);
  return noticeOf(ignored, fill);
}

/** Runs in the page: what cannot be seen without scrolling sideways, and numbers and words of drawings that stick out. */
function cutParts(): string[] {
  const wide = Array.from(document.querySelectorAll('html, main *:not(pre, .unseen, svg *)')).filter(
    ({ scrollWidth, clientWidth }) => clientWidth > 0 && scrollWidth > clientWidth + 1,
  );
  const labels = Array.from(document.querySelectorAll('svg text')).filter((text) => {
    const [own, whole] = [text, text.closest('svg') as Element].map((each) => each.getBoundingClientRect());
    const isBeside = own.left < whole.left - 1 || own.right > whole.right + 1;
    return isBeside || own.top < whole.top - 1 || own.bottom > whole.bottom + 1;
  });
  return [...wide, ...labels].map(
    ({ localName, className, textContent }) => `${localName} ${className} ${textContent}`,
  );
}

inBrowser('the chapter', () => {
  let browser: Browser;
  let site: Site;
  let url: string;
  let page: Page;
  /** Errors on the console, violations of the policy, and requests to other hosts. */
  let complaints: string[];

  beforeAll(async () => {
    site = await startSite();
    url = `${site.url}/learn`;
    browser = await launchChromium();
  });

  afterAll(async () => {
    await browser?.close();
    await site?.end();
  });

  afterEach(async () => {
    const shown = complaints;
    await page.context().close();
    expect(shown).toEqual([]);
  });

  async function open(name: string, query = '', options: BrowserContextOptions = {}): Promise<void> {
    page = await newPage(browser, { viewport: DESKTOP, locale: 'en-GB', serviceWorkers: 'block', ...options });
    complaints = [];
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('request', (request) => {
      if (!request.url().startsWith(`${site.url}/`)) complaints.push(request.url());
    });
    await page.goto(`${url}/${name}.html${query}`);
    await page.waitForSelector('h1');
  }

  const text = async (selector: string) => (await page.locator(selector).first().textContent()) ?? '';
  const texts = (selector: string) => page.locator(selector).allTextContents();
  /** Waits for the address to hold the state, and gives its query. */
  const addressWith = async (part: string) => {
    await page.waitForFunction((wanted) => location.search.includes(wanted), part);
    return new URL(page.url()).search;
  };
  /** Presses a key on the control of that label until the page has answered. */
  const press = async (label: string, ...keys: string[]) => {
    await page.getByLabel(label, { exact: true }).focus();
    for (const key of keys) await page.keyboard.press(key);
  };

  describe.each([...PAGE_NAMES, 'index'] as const)('%s', (name) => {
    it.each([
      ['light', 'en-GB', DESKTOP],
      ['dark', 'zh-CN', DESKTOP],
      ['light', 'zh-CN', PHONE],
      ['dark', 'en-GB', PHONE],
    ] as const)('has no fault by axe and nothing cut, %s, %s, %j', async (colorScheme, locale, viewport) => {
      // axe is a script of elsewhere, so the policy is off here.
      await open(name, '', { colorScheme, locale, viewport, bypassCSP: true });
      await page.addScriptTag({ content: AXE });
      const faults = await page.evaluate(async () => {
        for (const details of document.querySelectorAll('details')) details.open = true;
        const { axe } = globalThis as unknown as { axe: { run(): Promise<{ violations: { id: string }[] }> } };
        return (await axe.run()).violations.map(({ id }) => id);
      });
      expect(faults).toEqual([]);
      expect(await page.evaluate(cutParts)).toEqual([]);
      const { language, title } =
        locale === 'zh-CN' ? { language: 'zh-Hans', title: zh } : { language: 'en', title: en };
      expect(await page.getAttribute('html', 'lang')).toBe(language);
      expect(await text('h1')).toContain(title[name === 'index' ? 'site' : (`${name}.title` as keyof typeof en)]);
    });
  });

  describe.each([...PAGE_NAMES, 'index'] as const)('%s', (name) => {
    it('reaches each control by Tab in the order of the page, with a visible focus and a name', async () => {
      await open(name);
      const expected = await page.evaluate(() => {
        const all = document.querySelectorAll<HTMLElement>('a[href], button, input, summary, [tabindex="0"]');
        // One of several radio buttons has the focus of all.
        const stops = Array.from(all).filter((each) => {
          const { type, name } = each as HTMLInputElement;
          if (type !== 'radio') return true;
          const group = `[name=${name}]`;
          return each === (document.querySelector(`${group}:checked`) ?? document.querySelector(group));
        });
        stops.forEach((each, i) => void each.setAttribute('data-stop', String(i)));
        return stops.map((_, i) => [String(i), true]);
      });
      const reached: unknown[] = [];
      for (const _ of expected) {
        await page.keyboard.press('Tab');
        const stop = await page.evaluate(() => {
          const active = document.activeElement as HTMLElement;
          // The label of a segment shows the focus of its radio button.
          const shown = active.closest('.segments') === null ? active : (active.nextElementSibling as HTMLElement);
          const { outlineStyle, outlineWidth } = getComputedStyle(shown);
          const { width, height } = shown.getBoundingClientRect();
          const isSeen = outlineStyle === 'solid' && outlineWidth === '2px' && Math.min(width, height) > 8;
          return [active.getAttribute('data-stop'), isSeen];
        });
        reached.push(stop);
      }
      expect(reached).toEqual(expected);
      const client = await page.context().newCDPSession(page);
      const { nodes } = await client.send('Accessibility.getFullAXTree');
      const controls = nodes.filter(
        ({ role, properties }) =>
          !['RootWebArea', 'main'].includes(role?.value) &&
          properties?.some(({ name, value }) => name === 'focusable' && value.value),
      );
      expect(controls.length).toBeGreaterThanOrEqual(expected.length);
      expect(controls.filter(({ name }) => !/\S/.test(name?.value ?? '')).map(({ role }) => role?.value)).toEqual([]);
    });
  });

  describe.each(PAGE_NAMES)('%s', (name) => {
    it('shows the code that runs, and links what it uses', async () => {
      await open(name);
      const source = readFileSync(join(ROOT, `web/learn/code/${name}.ts`), 'utf8');
      expect(await text('pre')).toBe(source.slice(source.indexOf('\n') + 1));
      const links = await page.$$eval('.sources a', (list) => list.map((a) => (a as HTMLAnchorElement).href));
      expect(links.length).toBeGreaterThan(1);
      for (const link of links) {
        await page.goto(link);
        expect([link, await page.locator(':target').count()]).toEqual([link, 1]);
      }
    });

    it('has its title, the pages and the languages in one row of a desktop', async () => {
      await open(name);
      const middles = await page.$$eval('.chapter > *', (parts) =>
        parts.map((part) => part.getBoundingClientRect()).map(({ top, height }) => Math.round(top + height / 2)),
      );
      expect(new Set(middles).size).toBe(1);
    });

    it('asks for a guess, and answers by keyboard', async () => {
      await open(name);
      expect(await text('.verdict')).toBe('');
      const radios = page.locator('.guess input');
      const verdicts: string[] = [];
      await radios.first().focus();
      await page.keyboard.press('Space');
      for (let i = 0; i < 3; i++) {
        verdicts.push(await text('.verdict'));
        await page.keyboard.press('ArrowDown');
      }
      expect(verdicts.filter((verdict) => verdict.startsWith(en['guess.right'])).length).toBe(1);
      expect(verdicts.every((verdict) => verdict.endsWith(en[`${name}.because`]))).toBe(true);
      await page.locator('summary').focus();
      await page.keyboard.press('Enter');
      expect(await page.locator('details p').first().isVisible()).toBe(true);
    });

    it('takes what it cannot use of a link as if it were not there, and says so', async () => {
      const query = '?x=1,2,<b>&class=7&w=&lang=xx&other=1&b=1,2,3&b=1,2,3';
      const faults = {
        x: 'invalid',
        class: 'invalid',
        w: 'invalid',
        lang: 'invalid',
        other: 'unknown',
        b: 'repeated',
      } as const;
      for (const [locale, language, other] of [
        ['en-GB', en, '[data-language=zh]'],
        ['zh-CN', zh, '[data-language=en]'],
      ] as const) {
        await open(name, query, { locale });
        expect(await texts('[role=alert]')).toEqual([notice(faults, language)]);
        expect(await text('h1')).toBe(`${PAGES[name]}${language[`${name}.title`]}`);
        await page.waitForFunction(() => location.search === '');
        await page.click(other);
        expect(await texts('[role=alert]')).toEqual([notice(faults, language === en ? zh : en)]);
        await page.goto(`${url}/${name}.html?class=1`);
        await page.waitForSelector('h1');
        expect(await texts('[role=alert]')).toEqual([]);
        await page.context().close();
      }
    });

    it('is small', async () => {
      const sizes: Promise<number>[] = [];
      page = await newPage(browser, { locale: 'en-GB', serviceWorkers: 'block' });
      complaints = [];
      const sizeOf = async (response: Response) => gzipSync(await response.body()).length;
      page.on('response', (response) => void sizes.push(sizeOf(response)));
      await page.goto(`${url}/${name}.html`, { waitUntil: 'networkidle' });
      const bytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
      expect(bytes).toBeGreaterThan(5_000);
      expect(bytes).toBeLessThan(60_000);
    });
  });

  it('keeps the guess, the open answer and the place on the page when the language changes', async () => {
    await open('softmax');
    await page.getByLabel(en['softmax.guess2']).check();
    await page.click('details summary');
    const language = page.locator('[data-language=zh]');
    await page.evaluate(() => scrollTo(0, 120));
    await language.evaluate((button: HTMLElement) => button.click());
    expect(await text('h1')).toContain(zh['softmax.title']);
    expect(await page.getByLabel(zh['softmax.guess2']).isChecked()).toBe(true);
    expect(await text('.verdict')).toBe(`${zh['guess.right']} ${zh['softmax.because']}`);
    expect(await page.locator('.verdict').getAttribute('class')).toBe('verdict right');
    expect(await page.locator('details').getAttribute('open')).not.toBeNull();
    expect(await page.evaluate(() => scrollY)).toBe(120);
    expect(await page.evaluate(() => (document.activeElement as HTMLElement).dataset.language)).toBe('zh');
  });

  it('carries the picture and the language from page to page, and a link shows the same', async () => {
    await open('network');
    /** The queries of all links to pages of the chapter. */
    const links = async () => {
      const queries = await page.$$eval('a[data-page]', (all) =>
        all.map((a) => new URL((a as HTMLAnchorElement).href).search),
      );
      expect(queries.length).toBeGreaterThan(PAGE_NAMES.length);
      return [...new Set(queries)];
    };
    await press('x₁', 'End');
    expect(await links()).toEqual(['?x=1,0.9,0.8,0.2']);
    await page.click('[data-language=zh]');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('简体中文');
    expect(await text('h1')).toContain(zh['network.title']);
    const query = await addressWith('lang=zh');
    expect(query).toBe('?x=1,0.9,0.8,0.2&lang=zh');
    const shown = await texts('.sum strong');
    expect(await links()).toEqual([query]);
    await page.click('.home');
    await page.waitForSelector('.contents');
    expect(new URL(page.url()).search).toBe(query);
    await page.click('.contents a[data-page=network]');
    await page.waitForSelector('.sum');
    expect(await texts('.sum strong')).toEqual(shown);
    expect(new URL(page.url()).search).toBe(query);
  });

  describe('label', () => {
    const column = (k: number) => texts(`tbody tr > :nth-child(${k})`);

    it('shows distances of codes that depend on their order, and of one-hot vectors that do not', async () => {
      await open('label');
      const [cat, chicken, dog] = toRows(oneHot([0, 1, 2], 3));
      const pairs = [
        [cat, chicken],
        [cat, dog],
        [chicken, dog],
      ];
      const lengths = pairs.map(([a, b]) => fixed(Math.hypot(...a.map((each, k) => each - b[k])), 4));
      expect(await column(2)).toEqual(['1', '1', '2']);
      expect(await column(3)).toEqual(lengths);
      expect(await texts('.result')).toEqual([
        expect.stringContaining('Its class: dog\nAs a code: 1\nOne-hot: y = (0, 0, 1)'),
        expect.stringContaining(
          'the mean of dog and chicken. As a code it is 2, the code of cat. One-hot it is (0, 0.5, 0.5)',
        ),
      ]);
      await page.locator('[name=middle]:checked').press('ArrowRight');
      expect(await column(2)).toEqual(['1', '2', '1']);
      expect(await column(3)).toEqual(lengths);
      expect((await texts('.result'))[1]).toContain('mean of cat and dog. As a code it is 2, the code of chicken.');
      expect(await addressWith('middle')).toBe('?middle=1');
    });

    it('takes nonsense for its own state as if it were not there', async () => {
      await open('label', '?middle=1.5');
      expect(await texts('[role=alert]')).toEqual([notice({ middle: 'invalid' })]);
      expect(await column(2)).toEqual(['1', '1', '2']);
    });

    it('takes pixels and the class, by keyboard and pointer, for all pages', async () => {
      await open('label', '?x=0.7,0.6,0.1,0');
      await page.getByRole('button', { name: 'x₁ = 0.7', exact: false }).press('Enter');
      await page.getByRole('button', { name: 'x₁ = 0.9', exact: false }).press('Enter');
      await page.getByRole('button', { name: 'x₁ = 1', exact: false }).press('Enter');
      await page.getByRole('button', { name: 'x₄ = 0', exact: false }).click();
      await page.locator('[name=class]:checked').press('ArrowLeft');
      expect(await text('.result')).toContain('x = (0, 0.6, 0.1, 0.2)\nIts class: chicken\nAs a code: 3\n');
      expect(await addressWith('class')).toBe('?x=0,0.6,0.1,0.2&class=1');
      await page.click('a[data-page=network]');
      await page.waitForSelector('.sum');
      expect(await texts('.sum strong')).toEqual(logitsOf([0, 0.6, 0.1, 0.2]).map((o) => `= ${fixed(o, 3)}`));
      expect(await text('.result')).toContain('The picture shows: chicken.');
    });
  });

  describe('network', () => {
    it('shows the logits of the reference, for the pixels and weights that are set by keyboard', async () => {
      await open('network');
      const sums = (o: readonly number[]) => o.map((value) => `= ${fixed(value, 3)}`);
      expect(await texts('.sum strong')).toEqual(sums(logitsOf()));
      expect(await texts('.sum >> nth=1 >> .term')).toEqual(['0.1·0', '0.9·2', '0.8·(−3)', '0.2·0.25', '(−1)']);
      await press('x₂', 'Home', 'ArrowRight');
      expect(await texts('.sum strong')).toEqual(sums(logitsOf([0.1, 0.05, 0.8, 0.2])));
      await page.locator('.sum').nth(1).locator('button').nth(2).focus();
      await page.keyboard.press('Enter');
      await press('w₂₃, the weight from x₃ to chicken', 'End');
      const w = SAMPLE.w.initial.map((value, i) => (i === 6 ? 5 : value)) as unknown as typeof SAMPLE.w.initial;
      expect(await texts('.sum strong')).toEqual(sums(logitsOf([0.1, 0.05, 0.8, 0.2], w)));
      expect(await text('.result')).toContain('that of chicken');
      expect(await addressWith('&w=')).toBe(`?edge=7&x=0.1,0.05,0.8,0.2&w=${w.join(',')}`);
    });

    it('chooses the edge under the pointer', async () => {
      await open('network');
      await page.locator('[data-edge="14"]').hover();
      expect(await texts('.term[aria-pressed=true]')).toEqual(['0.5']);
      // Not again, while it rests there.
      await page.locator('.term').first().press('Enter');
      expect(await texts('.term[aria-pressed=true]')).toEqual(['0.1·1']);
    });
  });

  describe('cost', () => {
    const numbers = () => texts('.costs .number');

    it('shows the numbers of examples/parameter-cost.ts, and the saving', async () => {
      await open('cost');
      expect(await numbers()).toEqual(['12,560', '1,568', '512', '2,096']);
      expect(await text('.result')).toContain('2,096 numbers instead of 12,560, 5.99 times fewer.');
      await page.getByRole('button', { name: en['cost.fashion'] }).press('Enter');
      expect(await numbers()).toEqual(['7,850', '–', '–', '–']);
      expect(await text('.result')).toContain('The largest n that does is 2.');
      await press('n', 'ArrowLeft', 'ArrowLeft');
      expect(await numbers()).toEqual(['7,850', '3,920', '8', '3,938']);
      expect(await addressWith('n=2')).toBe('?q=10&n=2');
    });

    it('says where PHM does not pay, for sizes that are set by keyboard', async () => {
      await open('cost');
      await press('n', 'End');
      await press('d, the inputs', 'Home');
      await press('q, the outputs', 'Home', 'ArrowRight');
      expect(await text('.result')).toContain(
        'n must divide d = 4 and q = 4, and 64 does not. The largest n that does is 4.',
      );
      await press('n', 'Home', 'ArrowRight');
      // That is the exercise: 8 + 8 of 16 weights, and 4 biases.
      expect(await numbers()).toEqual(['20', '8', '8', '20']);
      expect(await text('.result')).toContain('does not pay with n = 2');
      await press('n', 'ArrowRight');
      expect(await numbers()).toEqual(['20', '4', '64', '72']);
      expect(await addressWith('n=4')).toBe('?d=4&q=4&n=4');
    });

    it('takes whole numbers between the stops of the sliders from a link, and no others', async () => {
      await open('cost', '?d=100&q=50&n=5');
      expect(await numbers()).toEqual(['5,050', '1,000', '125', '1,175']);
      expect(await texts('output')).toEqual(['100', '50', '5']);
      await page.context().close();
      await open('cost', '?d=0&q=1e9&n=2.5');
      expect(await texts('[role=alert]')).toEqual([notice({ d: 'invalid', q: 'invalid', n: 'invalid' })]);
      expect(await numbers()).toEqual(['12,560', '1,568', '512', '2,096']);
    });
  });

  describe('softmax', () => {
    /** The column of the table, from 1. */
    const column = (k: number) => texts(`tbody tr > :nth-child(${k})`);
    const shown = (o: readonly number[]) => toRows(softmax([o]))[0].map((p) => fixed(p, 4));

    it('shows the probabilities of the reference, for logits and temperature that are set by keyboard', async () => {
      await open('softmax');
      expect(await column(5)).toEqual(shown(logitsOf()));
      expect(await texts('.shares .number')).toEqual(shown(logitsOf()));
      await press('o₁ cat', 'End');
      await press('o₃ dog', 'Home');
      expect(await column(5)).toEqual(shown([8, -1.55, -8]));
      await press('Temperature T', 'End');
      expect(await column(5)).toEqual(shown([0.8, -0.155, -0.8]));
      await press('Temperature T', 'Home');
      expect(await column(5)).toEqual(['1.0000', '0.0000', '0.0000']);
      // The bias moved, so that the logits are those of the network page too.
      await page.click('a[data-page=network]');
      await page.waitForSelector('.sum');
      expect(await texts('.sum strong')).toEqual(['= 8.000', '= −1.550', '= −8.000']);
    });

    it('overflows as written, and not with the maximum subtracted', async () => {
      await open('softmax');
      await press('Added to all logits: c', 'End');
      expect(await column(3)).toEqual(['∞', '∞', '∞']);
      expect(await column(4)).toEqual(['NaN', 'NaN', 'NaN']);
      expect(await column(5)).toEqual(shown(logitsOf()));
      const logSum = 1000 + Math.log(logitsOf().reduce((sum, o) => sum + Math.exp(o), 0));
      expect(await text('.result')).toContain(`naive ∞, stable ${fixed(logSum)}`);
      expect(await addressWith('plus')).toBe('?plus=1000');
      await press('Temperature T', 'End');
      const z = logitsOf().map((o) => (o + 1000) / 10);
      expect(await column(2)).toEqual(z.map((each) => fixed(each)));
      expect(await column(3)).toEqual(z.map((each) => power(Math.exp(each))));
    });

    it('shows what the chosen exp gives: probabilities, or plainly NaN', async () => {
      await open('softmax');
      await page.getByLabel('stable').press('ArrowRight');
      expect(await texts('.shares .number')).toEqual(shown(logitsOf()));
      await press('Added to all logits: c', 'End');
      expect(await texts('.shares .number')).toEqual(['NaN', 'NaN', 'NaN']);
      expect(await text('[role=status].result')).toBe(en['softmax.no-number']);
      expect(await page.locator('.picture circle').count()).toBe(0);
      expect(await addressWith('plus=1000')).toBe('?plus=1000&naive=1');
      await page.goto(page.url());
      await page.getByLabel('naive').press('ArrowLeft');
      expect(await texts('.shares .number')).toEqual(shown(logitsOf()));
      expect(await page.locator('.picture circle').count()).toBe(1);
      // Powers that all underflow: 0/0.
      await page.goto(`${url}/softmax.html?b=-8,-8,-9&temperature=0.01&naive=1`);
      expect(await texts('.shares .number')).toEqual(['NaN', 'NaN', 'NaN']);
      await page.goto(`${url}/softmax.html?naive=0.5`);
      expect(await texts('[role=alert]')).toEqual([notice({ naive: 'invalid' })]);
    });
  });

  describe('regions', () => {
    /** Shows the whole plane, without scrolling. */
    const TALL = { viewport: { ...DESKTOP, height: 1600 } };
    const handles = () => page.locator('.handle');
    const handle = (name: string) => page.getByRole('slider', { name, exact: true });
    const at = async (name: string) => (await handle(name).getAttribute('aria-valuetext')) ?? '';
    const plane = async () => {
      const box = await page.locator('.plane').boundingBox();
      return [box?.x ?? 0, box?.y ?? 0, box?.width ?? 0];
    };
    const numbersIn = (text: string) => Array.from(text.matchAll(/= ([\d.]+)/g), ([, number]) => Number(number));
    /** The twelve points, as they are read out. */
    const points = async () => {
      const texts = await handles().evaluateAll((list) =>
        list.map((each) => each.getAttribute('aria-valuetext') ?? ''),
      );
      return texts.slice(0, 12).map((each) => numbersIn(each));
    };
    const model = async (classes: number) => {
      const features = await points();
      const targets = features.map((_, i) =>
        Array.from({ length: classes }, (_, k) => Number(k === Math.floor((i * classes) / 12))),
      );
      const fitted = train(features, targets);
      return { fitted, loss: fixed(loss(fitted, features, targets), 4) };
    };
    const equations = () => texts('tbody td');

    it('shows the classifier of the points, for points that are moved by keyboard', async () => {
      await open('regions');
      const before = await equations();
      expect(await text('.result')).toContain('12 of 12 points');
      await handle('chicken, point 7 of 12').focus();
      for (const key of [
        'ArrowUp',
        'ArrowUp',
        'ArrowUp',
        'ArrowUp',
        'ArrowUp',
        'ArrowUp',
        'ArrowUp',
        'ArrowUp',
        'ArrowRight',
      ])
        await page.keyboard.press(key);
      expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe(
        'chicken, point 7 of 12',
      );
      expect(await at('chicken, point 7 of 12')).toBe('x₁ = 0.67, x₂ = 0.7');
      const now = await model(3);
      expect(await text('.result')).toContain(
        `11 of 12 points lie in the region of their class. Mean loss: ${now.loss}.`,
      );
      const [a, b, c] = border(now.fitted, 0, 2);
      const expected = `${fixed(a, 2)}·x₁ ${b < 0 ? '−' : '+'} ${fixed(Math.abs(b), 2)}·x₂ ${c < 0 ? '−' : '+'} ${fixed(Math.abs(c), 2)} = 0`;
      expect((await equations())[1]).toBe(expected);
      expect(await equations()).not.toEqual(before);
      const query = await addressWith('moved');
      const shown = await equations();
      const numbers = await texts('.shares .number');
      await page.context().close();
      await open('regions', query);
      expect(await equations()).toEqual(shown);
      expect(await texts('.shares .number')).toEqual(numbers);
      expect(await at('chicken, point 7 of 12')).toBe('x₁ = 0.67, x₂ = 0.7');
    });

    it('keeps points in the plane', async () => {
      await open('regions');
      await handle('cat, point 2 of 12').focus();
      for (let i = 0; i < 6; i++) await page.keyboard.press('ArrowUp');
      expect(await at('cat, point 2 of 12')).toBe('x₁ = 0.85, x₂ = 1');
    });

    it('classifies the picture of all pages, which can be dragged', async () => {
      await open('regions', '', TALL);
      const { fitted } = await model(3);
      const shares = (x: readonly number[]) => probabilities(fitted, [x])[0].map((p) => fixed(p, 4));
      expect(await texts('.shares .number')).toEqual(shares([0.1, 0.9]));
      expect((await texts('.result'))[1]).toContain('in the region of dog. Its label is dog.');
      const [left, top, side] = await plane();
      await page.mouse.move(left + 0.1 * side, top + 0.1 * side);
      await page.mouse.down();
      await page.mouse.move(left + 0.8 * side, top + 0.35 * side, { steps: 5 });
      await page.mouse.up();
      const [x1, x2] = numbersIn(await at('the picture'));
      expect([x1, x2]).toBeAllClose([0.8, 0.65], { rtol: 0, atol: 0.01 });
      expect(await texts('.shares .number')).toEqual(shares([x1, x2]));
      expect((await texts('.result'))[1]).toContain('in the region of cat. Its label is dog.');
      expect(await addressWith(`x=${x1},${x2}`)).toBe(`?x=${x1},${x2},0.8,0.2`);
    });

    it('takes a finger, and leaves scrolling to the rest of the plane', async () => {
      await open('regions', '', { viewport: { ...PHONE, height: 1600 }, hasTouch: true, isMobile: true });
      const touch = (selector: string) =>
        page.$eval(selector, (element) => getComputedStyle(element).getPropertyValue('touch-action'));
      expect([await touch('.handle'), await touch('.plane svg:last-child')]).toEqual(['none', 'auto']);
      const [, , side] = await plane();
      const box = await handle('dog, point 9 of 12').boundingBox();
      const [x, y] = [(box?.x ?? 0) + (box?.width ?? 0) / 2, (box?.y ?? 0) + (box?.height ?? 0) / 2];
      expect(Math.min(box?.width ?? 0, box?.height ?? 0)).toBeGreaterThan(36);
      const client = await page.context().newCDPSession(page);
      const send = (type: 'touchStart' | 'touchMove' | 'touchEnd', ...touchPoints: { x: number; y: number }[]) =>
        client.send('Input.dispatchTouchEvent', { type, touchPoints });
      await send('touchStart', { x, y });
      for (let i = 1; i <= 5; i++) await send('touchMove', { x: x + 10 * i, y: y + 10 * i });
      await send('touchEnd');
      const numbers = numbersIn(await at('dog, point 9 of 12'));
      expect(numbers).toBeAllClose([0.14 + 50 / side, 0.7 - 50 / side], { rtol: 0, atol: 0.01 });
    });

    it('fails on XOR, and says why, until the points are moved', async () => {
      await open('regions', '', TALL);
      await page.getByRole('button', { name: en['regions.xor'] }).press('Enter');
      const now = await model(2);
      expect(await text('.result')).toContain(
        `6 of 12 points lie in the region of their class. Mean loss: ${now.loss}.`,
      );
      expect(Number(now.loss)).toBeAllClose(Math.LN2, { rtol: 0, atol: 1e-3 });
      expect(await text('.reason')).toBe(en['regions.why']);
      expect((await texts('.shares .number'))[1]).toBe('0.0000');
      expect((await equations()).length).toBe(1);
      expect(await addressWith('data')).toBe('?data=1');
      const [x, y, side] = await plane();
      for (const number of [1, 2, 3]) {
        const box = await handle(`cat, point ${number} of 12`).boundingBox();
        await page.mouse.move((box?.x ?? 0) + (box?.width ?? 0) / 2, (box?.y ?? 0) + (box?.height ?? 0) / 2);
        await page.mouse.down();
        await page.mouse.move(x + (0.5 + number / 10) * side, y + 0.05 * side);
        await page.mouse.up();
      }
      expect(await text('.reason')).toBe(en['regions.separated']);
      await page.getByRole('button', { name: en['regions.clusters'] }).press('Enter');
      expect(await text('.reason')).toBe('');
      expect(await text('.result')).toContain('12 of 12');
      // The points that were moved are not moved in another set.
      expect(await at('cat, point 1 of 12')).toBe('x₁ = 0.72, x₂ = 0.62');
    });

    it('takes nonsense for its own state as if it were not there', async () => {
      await open('regions', `?data=2&moved=${Array(24).fill(2).join(',')}`);
      expect(await texts('[role=alert]')).toEqual([notice({ data: 'invalid', moved: 'invalid' })]);
      expect(await text('.result')).toContain('12 of 12');
    });
  });

  describe('gradient', () => {
    const row = (name: string) => texts(`table >> nth=0 >> tr:has(th:text-is("${name}")) td`);
    const digits = (values: readonly number[], count = 8) => values.map((value) => fixed(value, count));
    const gradientOf = (y: readonly number[]) => toRows(crossEntropyGradient([logitsOf()], [y]))[0];

    it('shows the gradient of the reference in two ways, and loads TensorFlow.js for the third when asked', async () => {
      await open('gradient');
      expect(await row('formula')).toEqual(digits(gradientOf([0, 0, 1])));
      const numeric = centralDifference((o) => crossEntropy([o], [[0, 0, 1]]), logitsOf(), { step: 1e-5 });
      expect(await row('differences')).toEqual(digits([...numeric]));
      expect(await text('.result')).toContain(`Loss ${fixed(crossEntropy([logitsOf()], [[0, 0, 1]]), 4)}.`);
      expect(await text('.result')).toContain('agree');
      expect(await row('autograd')).toEqual(['–', '–', '–']);
      await page.getByRole('button', { name: en['gradient.load'] }).press('Enter');
      await page.getByText(en['gradient.loaded']).waitFor();
      const tape = (await row('autograd')).map((cell) => Number(cell.replace('−', '-')));
      expect(tape).toBeAllClose(gradientOf([0, 0, 1]), { rtol: 1e-5, atol: 1e-6 });
      // Another language does not ask for it again.
      const shown = await row('autograd');
      await page.locator('[data-language=zh]').press('Enter');
      await page.getByText(zh['gradient.loaded']).waitFor();
      expect(await row(zh['gradient.autograd'])).toEqual(shown);
    });

    it('takes a soft target by sliders, by buttons and by dragging', async () => {
      await open('gradient');
      await press('y₃ dog', 'Home');
      expect(await row('formula')).toEqual(digits(gradientOf([0.5, 0.5, 0])));
      await page.getByRole('button', { name: en['gradient.smooth'] }).press('Enter');
      expect(await row('y')).toEqual(['0.0333', '0.0333', '0.9333']);
      await page.getByRole('button', { name: 'y = ŷ' }).press('Enter');
      expect((await row('formula')).map((cell) => Math.abs(Number(cell.replace('−', '-'))))).toBeAllClose([0, 0, 0], {
        rtol: 0,
        atol: 1e-5,
      });
      const box = await page.locator('svg.draggable').boundingBox();
      await page.mouse.move((box?.x ?? 0) + 20, (box?.y ?? 0) + 20);
      await page.mouse.down();
      await page.mouse.move((box?.x ?? 0) + (box?.width ?? 0) / 2, (box?.y ?? 0) + 2, { steps: 4 });
      await page.mouse.up();
      expect(await row('y')).toEqual(['0.0000', '1.0000', '0.0000']);
      expect(await row('formula')).toEqual(digits(gradientOf([0, 1, 0])));
      expect(await addressWith('y=0,1,0')).toBe('?y=0,1,0');
      // A link may have any weights; they are scaled to sum 1.
      await page.goto(`${url}/gradient.html?y=1,0.5,0.5`);
      expect(await row('y')).toEqual(['0.5000', '0.2500', '0.2500']);
      expect(await row('formula')).toEqual(digits(gradientOf([0.5, 0.25, 0.25])));
    });

    it('notices a broken formula, and steps that are too small or too large', async () => {
      await open('gradient');
      for (const key of ['ArrowRight', 'ArrowRight']) {
        await page.locator('[name=formula]:checked').press(key);
        expect(await text('.result')).toContain('differ by up to');
      }
      await page.locator('[name=formula]:checked').press('ArrowRight');
      expect(await text('.result')).toContain('agree');
      for (const end of ['Home', 'End']) {
        await press('Step of the differences: h', end);
        expect(await text('.result')).toContain('differ by up to');
      }
    });

    it('has the Hessian diag(ŷ) − ŷŷᵀ', async () => {
      await open('gradient');
      const [p] = toRows(softmax([logitsOf()]));
      const expected = p.map((a, j) =>
        digits(
          p.map((b, k) => Number(j === k) * a - a * b),
          4,
        ),
      );
      const rows = await page.locator('table >> nth=1 >> tbody tr').all();
      expect(await Promise.all(rows.map((row) => row.locator('td').allTextContents()))).toEqual(expected);
    });
  });

  describe('bits', () => {
    const words = (language: typeof en | typeof zh = en) =>
      Promise.all(
        ([language.cat, language.chicken, language.dog] as const).map((name) =>
          page.getByLabel(language['bits.word'].replace('{class}', name)).inputValue(),
        ),
      );
    const type = async (name: string, word: string) => {
      await page.getByLabel(`Word of ${name}`).focus();
      await page.keyboard.press('Control+A');
      await page.keyboard.press('Backspace');
      await page.keyboard.type(word);
    };
    const bits = { unit: 'bits' } as const;
    const lengths = () => texts('.shares .number');
    const [q] = toRows(softmax([logitsOf()]));

    it('says whether the code is prefix-free, and what it needs, while words are typed', async () => {
      await open('bits');
      expect(await words()).toEqual(['00', '01', '10']);
      const p = [0.25, 0.25, 0.5];
      const all = fixed(distributionCrossEntropy([p], [q], bits), 4);
      expect(await lengths()).toEqual(['1.5000', '2.0000', all]);
      expect(await text('.result')).toContain('Prefix-free. Kraft’s sum: 0.25 + 0.25 + 0.25 = 0.75. It is below 1');
      await type('dog', '1');
      expect(await text('.result')).toContain('0.25 + 0.25 + 0.5 = 1. No room');
      expect(await lengths()).toEqual(['1.5000', '1.5000', all]);
      await type('cat', '0');
      expect(await text('.result')).toContain('Not prefix-free: 01 (chicken) begins with 0 (cat)');
      expect(await text('.result')).toContain('0.5 + 0.25 + 0.5 = 1.25. It is above 1, so no prefix code');
      await type('dog', '');
      expect(await text('.result')).toContain('dog has no bits yet');
      await type('dog', '2x0 19');
      expect(await words()).toEqual(['0', '01', '01']);
      const query = await addressWith('words=2,5,5');
      await page.click('[data-language=zh]');
      expect(await words(zh)).toEqual(['0', '01', '01']);
      await page.goto(`${url}/bits.html${query}`);
      expect(await words()).toEqual(['0', '01', '01']);
    });

    it('shows entropy, cross-entropy and divergence of the reference', async () => {
      await open('bits');
      await press('P(dog)', 'End');
      expect((await lengths())[0]).toBe('0.0000');
      await press('P(cat)', 'PageUp');
      const cat = Number(await page.getByLabel('P(cat)').inputValue());
      const p = [cat, 0, 1 - cat];
      expect(cat).toBeGreaterThan(0);
      const [least, , costs] = await lengths();
      expect(least).toBe(fixed(entropy([p], bits), 4));
      expect(costs).toBe(fixed(distributionCrossEntropy([p], [q], bits), 4));
      expect(await text('.result >> nth=1')).toContain(`${fixed(klDivergence([p], [q], bits), 4)} bits`);
      await page.getByRole('button', { name: 'P = Q' }).press('Enter');
      expect(await text('.result >> nth=1')).toContain('= 0.0000 bits');
      await page.getByRole('button', { name: '1/3' }).press('Enter');
      expect((await lengths())[0]).toBe(fixed(Math.log2(3), 4));
      expect(await addressWith('p=1')).toBe('?p=1,1,1');
    });

    it('shows the surprisal of flowers as examples/surprisal.ts does, and that of the picture', async () => {
      await open('bits');
      const rows = await page.locator('table >> nth=1 >> tbody tr').all();
      const cells = await Promise.all(rows.map((row) => row.locator('th, td').allTextContents()));
      expect(cells.map((row) => row.slice(0, 4))).toEqual([
        ['setosa', '0.9978', '0.0032', 'setosa'],
        ['virginica', '0.9977', '0.0034', 'virginica'],
        ['setosa', '0.9435', '0.0839', 'setosa'],
        ['virginica', '0.6312', '0.6639', 'virginica'],
        ['versicolor', '0.4373', '1.1935', 'virginica'],
        ['virginica', '0.4140', '1.2723', 'versicolor'],
      ]);
      const loss = crossEntropy([logitsOf()], [[0, 0, 1]]);
      expect(await text('.result >> nth=2')).toContain(`${fixed(loss / Math.LN2, 4)} bits = ${fixed(loss, 4)} nats`);
    });

    it.each(['p=1,2,0', 'p=1,1', 'p=0,0,0', 'words=0,1,2', 'words=16,2,3', 'words=2.5,2,3', 'words=00,01,10'])(
      'takes the nonsense %s as if it were not there, and says so',
      async (query) => {
        await open('bits', `?${query}`);
        expect(await texts('[role=alert]')).toEqual([notice({ [query.split('=')[0]]: 'invalid' })]);
        expect([await words(), (await lengths())[0]]).toEqual([['00', '01', '10'], '1.5000']);
      },
    );

    it('shows an infinite divergence where Q is 0 and P is not', async () => {
      await open('bits', '?b=-1000,0,1000');
      expect((await lengths())[2]).toBe('∞');
      expect(await text('.result >> nth=1')).toContain('= ∞ bits');
    });
  });

  describe('train', () => {
    /** The loss of all pictures and the prediction for the first, after steps written out in plain loops. */
    function trained(steps: number, batch: number, rate: number, seed = 1) {
      const { x, labels } = trainingSet(seed, SAMPLE.x.initial, 2);
      const w = x[0].map(() => [0, 0, 0]);
      const b = [0, 0, 0];
      for (let done = 0; done < steps; done++) {
        const members = batchOf(seed, batch, done);
        const p = toRows(softmax(dense(pick(x, members), w, b)));
        for (const [i, member] of members.entries()) {
          for (const j of b.keys()) {
            const error = (rate * (p[i][j] - Number(labels[member] === j))) / members.length;
            for (const k of w.keys()) w[k][j] -= error * x[member][k];
            b[j] -= error;
          }
        }
      }
      const logits = dense(x, w, b);
      const right = toRows(logits).filter((o, i) =>
        o.every((each, j) => j === labels[i] || each < o[labels[i]]),
      ).length;
      const loss = fixed(sparseCrossEntropy(logits, labels), 4);
      return { w, b, loss, right, first: toRows(softmax(logits))[firstOf(2)].map((p) => fixed(p, 4)) };
    }
    const pick = <T>(list: readonly T[], places: readonly number[]) => places.map((place) => list[place]);
    const shows = async ({ loss, right, first }: ReturnType<typeof trained>) => {
      expect(await text('.result')).toContain(`Mean loss ${loss}. Right: ${right} of 24 pictures.`);
      expect(await texts('.shares .number')).toEqual(first);
    };
    const done = () => page.getByLabel(en['train.steps'], { exact: true }).inputValue();
    const click = (name: string) => page.getByRole('button', { name, exact: true }).press('Enter');

    it('goes step by step, with the batch size and the learning rate that are set by keyboard', async () => {
      await open('train');
      await shows(trained(0, 4, 0.5));
      expect(await text('.result')).toContain(`Mean loss ${fixed(Math.log(3), 4)}. Right: 0 of 24`);
      await click('Step');
      await click('Step');
      await shows(trained(2, 4, 0.5));
      await press(en['train.batch'], 'End');
      await shows(trained(2, 24, 0.5));
      await press(en['train.rate'], 'End');
      await shows(trained(2, 24, 10));
      await press(en['train.steps'], 'End');
      await shows(trained(300, 24, 10));
      await click('Other pictures');
      await shows(trained(300, 24, 10, 2));
      expect(await addressWith('seed=2')).toBe('?seed=2&steps=300&batch=24&rate=10');
      await page.goto(page.url());
      await shows(trained(300, 24, 10, 2));
      await click('Start again');
      await shows(trained(0, 24, 10, 2));
    });

    it('plays and pauses, and a language or the end stops it', async () => {
      await open('train');
      await click('Play');
      await page.waitForFunction(() => Number((document.querySelector('[id=slider-0]') as HTMLInputElement).value) > 2);
      expect(await page.getAttribute('.result', 'aria-live')).toBe('off');
      await click('Pause');
      const paused = Number(await done());
      await addressWith(`steps=${paused}`);
      await shows(trained(paused, 4, 0.5));
      expect(await page.getAttribute('.result', 'aria-live')).toBe('polite');
      await press(en['train.steps'], 'End', 'ArrowLeft', 'ArrowLeft');
      await click('Play');
      await page.waitForFunction(() => (document.querySelector('[id=slider-0]') as HTMLInputElement).value === '300');
      await page.getByRole('button', { name: 'Play' }).waitFor();
      expect(await done()).toBe('300');
      await press(en['train.steps'], ...new Array(5).fill('ArrowLeft'));
      await page.getByRole('button', { name: 'Play' }).evaluate((play: HTMLElement) => {
        play.click();
        document.querySelector<HTMLElement>('[data-language=zh]')?.click();
      });
      const query = await addressWith('lang=zh');
      expect(query).toContain('steps=295&');
      // Five steps more would end, and write the address.
      await page.waitForTimeout(1500);
      expect(new URL(page.url()).search).toBe(query);
    });

    it('marks each class with the shape and the colour of the page of the regions', async () => {
      const looks = async (marks: string) =>
        new Set(
          await page.$$eval(marks, (list) =>
            list.map((each) => `${each.getAttribute('d')} ${getComputedStyle(each).fill}`),
          ),
        );
      await open('regions');
      const expected = await looks('.legend path');
      expect(expected.size).toBe(3);
      await page.goto(`${url}/train.html`);
      expect(await looks('.picture path[transform]')).toEqual(expected);
    });

    it('gives its weights to the other pages', async () => {
      await open('train', '?steps=100');
      await click(en['train.take']);
      await page.getByText('step 100').waitFor();
      await page.click('[data-language=zh]');
      expect(await text('.taken-weights')).toBe(zh['train.taken'].replace('{steps}', '100'));
      const { w, b } = trained(100, 4, 0.5);
      await page.click('a[data-page=network]');
      await page.waitForSelector('.sum');
      const [o] = toRows(dense([SAMPLE.x.initial], w, b));
      expect(await texts('.sum strong')).toEqual(o.map((value) => `= ${fixed(value, 3)}`));
    });

    it('shows a likelihood that underflows, and a logarithm that does not, as examples/likelihood.ts does', async () => {
      await open('train');
      const row = (k: number) => page.locator(`tbody tr >> nth=${k} >> td`).allTextContents();
      expect(await row(0)).toEqual(['2.1e−35', '2.1e−35', '79.9']);
      expect((await row(1))[2]).toBe(fixed(24 * Math.log(3), 1));
      expect(await text('.result >> nth=1')).toContain('from 130 labels on in float32, and from 933 on in float64');
      await press(en['train.n'], 'End');
      expect(await row(0)).toEqual(['0', '0', '798.5']);
      await press(en['train.p'], 'Home');
      expect(await row(0)).toEqual(['0', '0', fixed(-1000 * Math.log(0.05), 1)]);
      expect(await addressWith('p=')).toBe('?n=1000&p=0.05');
      // Float32 underflows before float64.
      await page.goto(`${url}/train.html?p=0.35`);
      expect(await row(0)).toEqual(['0', '2.6e−46', '105.0']);
    });

    it.each(['seed=-1', 'seed=1.5', 'steps=301', 'batch=0', 'batch=25', 'rate=0', 'rate=1e9', 'n=0', 'p=0.9'])(
      'takes the nonsense %s as if it were not there, and says so',
      async (query) => {
        await open('train', `?${query}`);
        expect(await texts('[role=alert]')).toEqual([notice({ [query.split('=')[0]]: 'invalid' })]);
        await shows(trained(0, 4, 0.5));
      },
    );
  });

  it('works offline, from any of its pages, once one is loaded', async () => {
    await open('softmax', '?plus=1000', { serviceWorkers: 'allow' });
    await page.evaluate(() => navigator.serviceWorker.ready);
    await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
    await page.context().setOffline(true);
    await page.reload();
    expect(await text('h1')).toContain(en['softmax.title']);
    expect(await texts('.shares .number')).toEqual(toRows(softmax([logitsOf()]))[0].map((p) => fixed(p, 4)));
    expect(await page.evaluate(() => getComputedStyle(document.body).margin)).toBe('0px');
    for (const name of PAGE_NAMES) {
      await page.goto(`${url}/${name}.html`);
      expect(await text('h1')).toContain(en[`${name}.title`]);
    }
    await page.goto(`${url}/gradient.html`);
    await page.getByRole('button', { name: en['gradient.load'] }).press('Enter');
    await page.getByText(en['gradient.loaded']).waitFor();
    await page.locator('.sources a').first().press('Enter');
    await page.waitForURL('**/mathematics.html#*');
    expect(await text('h1')).toBe('docs/mathematics.md');
  });

  it('draws the pictures of docs/mathematics.md', async () => {
    await open('index');
    const out = join(site.folder, 'pictures');
    const args = ['scripts/pictures.mjs', '--out', out, '--url', `${site.url}/`];
    execFileSync(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] });
    // Browsers may pack the same pixels in another way.
    const withoutPixels = (path: string) => readFileSync(path, 'utf8').replace(/href="data:[^"]+"/, '');
    const read = (from: string) => readdirSync(from).map((name) => [name, withoutPixels(join(from, name))]);
    const kept = join(ROOT, 'docs/learn');
    expect(read(out)).toEqual(read(kept));
    const text = readFileSync(join(ROOT, 'docs/mathematics.md'), 'utf8');
    expect(readdirSync(kept).filter((name) => !text.includes(`](learn/${name})`))).toEqual([]);
  });
});
