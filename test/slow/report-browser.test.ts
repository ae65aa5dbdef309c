// The report in Chromium, if installed: wide and narrow layouts, and rendered by the page itself.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import type { Browser } from 'playwright-core';
import { renderReport } from 'softmax-regression/report';
import { inBrowser, launchChromium, newPage } from '../helpers/chromium.js';
import { imageInput, longTextInput, mistake, smallInput, twoClassInput } from '../helpers/report-input.js';

inBrowser('the report in a browser', () => {
  let browser: Browser;
  let folder: string;
  beforeAll(async () => {
    browser = await launchChromium();
    folder = mkdtempSync(join(tmpdir(), 'report-browser-'));
  });
  afterAll(async () => {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each([
    [1280, 'light', smallInput],
    [390, 'dark', smallInput],
    [390, 'light', () => imageInput(10)],
    [1280, 'dark', () => imageInput(100)],
    [390, 'light', twoClassInput],
    [1280, 'light', longTextInput],
    [390, 'dark', longTextInput],
  ] as const)('fits in %i pixels, %s, without requests and errors', async (width, colorScheme, input) => {
    const file = join(folder, 'report.html');
    writeFileSync(file, await renderReport(input()));
    const page = await newPage(browser, { viewport: { width, height: 900 }, colorScheme });
    const requests: string[] = [];
    const complaints: string[] = [];
    page.on('request', (request) => requests.push(request.url()));
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.goto(pathToFileURL(file).href);
    const seen = await page.evaluate(() => {
      const isDisplayed = (element: Element) => element.getClientRects().length > 0;
      return {
        // A table of many columns may scroll, but mistakes with long text wrap.
        hidden: [...document.querySelectorAll('#mistakes .records, #mistakes .text')].filter(
          (element) => element.scrollWidth > element.clientWidth,
        ).length,
        overflow: document.documentElement.scrollWidth - window.innerWidth,
        wide: [...document.querySelectorAll('.wide')].filter(isDisplayed).length,
        narrow: [...document.querySelectorAll('.narrow')].filter(isDisplayed).length,
        broken: [...document.images].filter((image) => image.naturalWidth === 0).length,
        ground: getComputedStyle(document.body).backgroundColor,
      };
    });
    await page.close();
    expect(requests.filter((url) => !url.startsWith('data:'))).toEqual([pathToFileURL(file).href]);
    expect(complaints).toEqual([]);
    expect(seen).toMatchObject({ overflow: 0, hidden: 0, broken: 0 });
    expect(seen.wide === 0).toBe(width < 640);
    expect(seen.narrow === 0).toBe(width > 640);
    expect(seen.ground).toBe(colorScheme === 'dark' ? 'rgb(15, 17, 21)' : 'rgb(246, 245, 241)');
  });

  it('fits on paper', async () => {
    const file = join(folder, 'print.html');
    const input = smallInput();
    const values = Array.from({ length: 6 }, (_, j) => 1000.1 * (j + 1));
    const model = {
      ...input.model,
      numFeatures: 6,
      featureNames: values.map((_, j) => `symmetry ${j}`),
      weight: values.map(() => [1, 2, 3]),
    };
    const data = { ...input.data, featureDeviations: undefined };
    const mistakes = [mistake(values, { label: 'a class of many words', predicted: 'another class of words' })];
    writeFileSync(file, await renderReport({ ...input, data, model, mistakes }));
    // A4 without its margins.
    const page = await newPage(browser, { viewport: { width: 688, height: 1000 } });
    await page.goto(pathToFileURL(file).href);
    await page.emulateMedia({ media: 'print' });
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    await page.close();
    expect(overflow).toBe(0);
  });

  it('can be rendered in a page, with the same marks', async () => {
    const entry = join(__dirname, '../../src/report.ts');
    const { outputFiles } = await build({
      entryPoints: [entry],
      bundle: true,
      write: false,
      format: 'iife',
      globalName: 'report',
      external: ['linkedom'],
    });
    const page = await newPage(browser);
    await page.addScriptTag({ content: outputFiles[0].text });
    const text: string = await page.evaluate(`report.renderReport(${JSON.stringify(smallInput())})`);
    await page.close();
    const marks = (html: string) =>
      ['<circle', '<rect', '<text', '<path', '<tr'].map((mark) => html.split(mark).length);
    expect(marks(text)).toEqual(marks(await renderReport(smallInput())));
  });
});
