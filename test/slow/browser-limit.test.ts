// The limits of the tests in a browser: none waits for ever for a page.
import type { Browser, Page } from 'playwright-core';
import { inBrowser, launchChromium, newPage } from '../helpers/chromium.js';

/** Long enough for a page that only waits for its turn on a busy machine. */
const LIMIT = 20_000;

inBrowser('a page of a test', () => {
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    page = await newPage(browser, {}, LIMIT);
    await page.setContent('<h1>Here</h1>');
  });
  afterEach(() => page.context().close());

  it('ends a wait for what never comes, and names it', async () => {
    await expect(page.textContent('#nowhere')).rejects.toThrow(/Timeout 20000ms exceeded[\s\S]*#nowhere/);
  });

  it('is closed when a script of it never ends, also where the browser sets no limit', async () => {
    await page.evaluate(() => {
      setTimeout(() => {
        for (;;);
      });
    });
    await expect(page.locator('h1').allTextContents()).rejects.toThrow('the page did not answer for 20 s');
  });
});
