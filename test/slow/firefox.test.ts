// The pages of web/ in Firefox: nothing fails, controls work, and Iris is trained.

import { type Site, startSite } from '../../scripts/start-site.js';
import { PAGE_NAMES } from '../../web/learn/chapter.js';
import { en } from '../../web/learn/text/en.js';
import { BROWSER_LIMIT } from '../helpers/browser-limit.js';
import { type Firefox, type FirefoxPage, inFirefox, launchFirefox } from '../helpers/firefox.js';

inFirefox('Firefox', () => {
  let site: Site;
  let browser: Firefox;
  let page: FirefoxPage;
  /** Errors that were thrown or written on the console. */
  let complaints: string[];

  beforeAll(async () => {
    site = await startSite();
    browser = await launchFirefox();
  });
  afterAll(async () => {
    await browser?.close();
    await site?.end();
  });
  beforeEach(async () => {
    page = await browser.newPage();
    complaints = [];
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
  });
  afterEach(async () => {
    const shown = complaints;
    await page.close();
    expect(shown).toEqual([]);
  });

  const waitFor = <A extends unknown[]>(condition: (...args: A) => unknown, ...args: A) =>
    page.waitForFunction(condition, { timeout: BROWSER_LIMIT }, ...args);
  const text = (selector: string) => page.$eval(selector, (element) => element.textContent);
  const open = async (path: string) => {
    await page.goto(`${site.url}/${path}`);
    await waitFor(() => document.querySelector('h1') !== null);
  };
  const pictures = () =>
    page.$eval('.touch', (part) => Array.from(part.querySelectorAll('svg'), (svg) => svg.outerHTML).join());

  it.each(PAGE_NAMES)(
    'moves a control of the page %s by keyboard, and the picture and the address follow',
    async (name) => {
      await open(`learn/${name}.html?lang=en`);
      expect(await text('h1')).toContain(en[`${name}.title`]);
      const before = await pictures();
      const control = { label: '.pixels button', regions: '.handle' }[name as string] ?? '.touch [type=range]';
      // puppeteer focuses elements of HTML only.
      await page.$eval(control, (element) => element.focus());
      await page.keyboard.press(name === 'label' ? 'Enter' : 'ArrowRight');
      await waitFor(() => location.search !== '?lang=en');
      expect(await pictures()).not.toBe(before);
    },
  );

  it('loads autograd when asked', async () => {
    await open('learn/gradient.html?lang=en');
    const buttons = '.touch > div > button';
    expect(await text(buttons)).toBe(en['gradient.load']);
    await page.click(buttons);
    await waitFor(
      (loaded) => document.querySelector('.touch > div > button')?.textContent === loaded,
      en['gradient.loaded'],
    );
    expect(await text('.touch tbody tr:last-child td')).toMatch(/^0\.\d{8}$/);
  });

  it('trains Iris on the page, to the accuracy and the loss of other browsers', async () => {
    const idle = () => waitFor(() => !(document.getElementById('iris') as HTMLButtonElement).disabled);
    await open('index.html');
    await idle();
    await page.click('#iris');
    await idle();
    await page.click('#train');
    await idle();
    expect(await text('#error')).toBe('');
    expect([await text('#accuracy'), await text('#loss')]).toEqual(['100.0 %', '0.231']);
    expect(await text('#proof')).toContain('All three agree on wasm');
  });
});
