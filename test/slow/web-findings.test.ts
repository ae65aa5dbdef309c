// The sections of the report on the page of web/: confusion matrix, calibration and the most confident mistakes.
import { inBrowser } from '../helpers/chromium.js';
import { pictures, usePage } from '../helpers/web-page.js';

inBrowser('the sections of the report on the page', () => {
  const web = usePage();
  const { text, error, click, choose } = web;
  // The policy blocks inline styles and scripts, so complaints would name them.
  afterEach(() => expect(web.complaints).toEqual([]));

  const look = async () => {
    await web.page.evaluate(() => document.getElementById('findings')?.scrollIntoView());
    await web.page.waitForSelector('#findings-sections #mistakes');
  };
  const sections = () => web.page.$$eval('#findings-sections > section', (found) => found.map(({ id }) => id));

  it('are drawn when they come into view, and again after another training', async () => {
    const charts: string[] = [];
    web.page.on('request', (request) => {
      if (/\/report-\w+\.js$/.test(request.url())) charts.push(request.url());
    });
    await click('blobs');
    await click('train');
    expect([await sections(), charts]).toEqual([[], []]);
    await look();
    expect(await sections()).toEqual(['confusion', 'calibration', 'mistakes']);
    expect(charts).toHaveLength(1);
    const [, lower, upper] = /^95 % interval: (.+) % to (.+) %, of 60 samples$/.exec(await text('accuracy-note')) ?? [];
    expect(lower.split('.')[1]).toHaveLength(upper.split('.')[1].length);
    const marks = await web.page.$$eval('#confusion svg[role=img]', ([svg]) =>
      Array.from(svg.querySelectorAll('text'), ({ textContent }) => Number(textContent)),
    );
    expect(marks.filter(Number.isInteger).reduce((sum, each) => sum + each, 0)).toBe(60);
    expect(await web.page.isVisible('#findings-empty')).toBe(false);
    await web.page.selectOption('#solver', 'sgd');
    await web.page.fill('#epochs', '1');
    await web.page.fill('#learning-rate', '1e-6');
    const before = await text('findings-sections');
    await click('train');
    await look();
    expect(await text('findings-sections')).not.toBe(before);
    await click('iris');
    expect([await sections(), await web.page.isVisible('#findings-empty')]).toEqual([[], true]);
  });

  it('are missing while a training is paused', async () => {
    await click('blobs');
    await click('train');
    await look();
    await web.page.click('#step');
    await web.page.waitForFunction(() => document.getElementById('status')?.textContent?.startsWith('Paused'));
    expect([await sections(), await web.page.isVisible('#findings-empty')]).toEqual([[], true]);
    await click('pause');
    await look();
    expect(await error()).toBe('');
  });

  it('are missing, as the report is, while their charts do not load', async () => {
    await web.page.route('**/report-*.js', (route) => route.abort());
    await click('blobs');
    await click('train');
    const message = 'The charts of the report cannot be loaded. Check the network, and try again.';
    await click('report');
    expect(await error()).toBe(message);
    await click('train');
    expect(await error()).toBe('');
    await web.page.evaluate(() => document.getElementById('findings')?.scrollIntoView());
    await web.page.waitForFunction(() => document.getElementById('error')?.hidden === false);
    expect(await error()).toBe(message);
    await web.page.unroute('**/report-*.js');
    await click('report');
    expect([await error(), await text('model-state')]).toEqual(['', 'Saved as report.html.']);
    web.complaints.length = 0;
  });

  it('show mistakes among images as pictures, and fit on a phone', async () => {
    await web.page.setViewportSize({ width: 390, height: 844 });
    const { images, labels } = pictures(100);
    // Some labels are wrong.
    for (let i = 8; i < labels.length; i += 7) labels[i] = 1 - labels[i];
    await choose({ 'i.idx3': images, 'l.idx1': labels });
    await click('train');
    await look();
    expect(await web.page.locator('#mistakes img').count()).toBeGreaterThan(0);
    expect(await web.page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0);
    const cut = await web.page.$$eval(
      '#findings-sections svg text',
      (texts) =>
        texts.filter((each) => each.getClientRects().length > 0 && each.getBoundingClientRect().left < 0).length,
    );
    expect(cut).toBe(0);
  });
});
