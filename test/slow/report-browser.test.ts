// The report in Chromium, if installed: wide and narrow layouts, and rendered by the page itself.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import type { Browser } from 'playwright-core';
import { renderReport } from 'softmax-regression/report';
import { inBrowser, launchChromium, newPage } from '../helpers/chromium.js';
import { imageInput, smallInput } from '../helpers/report-input.js';

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
    expect(seen).toMatchObject({ overflow: 0, broken: 0 });
    expect(seen.wide === 0).toBe(width < 640);
    expect(seen.narrow === 0).toBe(width > 640);
    expect(seen.ground).toBe(colorScheme === 'dark' ? 'rgb(15, 17, 21)' : 'rgb(246, 245, 241)');
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
