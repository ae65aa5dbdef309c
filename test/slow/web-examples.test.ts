// The examples of the page of web/: data without files.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FASHION_MNIST_CLASSES } from 'softmax-regression';
import { inBrowser } from '../helpers/chromium.js';
import { usePage } from '../helpers/web-page.js';

inBrowser('the examples of the page', () => {
  const web = usePage();
  const { text, error, click } = web;
  afterEach(() => expect(web.complaints).toEqual([]));

  it('parts blobs, and makes others from another seed', async () => {
    await click('blobs');
    expect(await text('data-state')).toBe('Blobs: 240 samples to learn from, 60 held out; 2 features, 3 classes. ');
    await click('train');
    const share = Number.parseFloat(await text('accuracy'));
    expect(share).toBeGreaterThan(90);
    expect(await web.page.isVisible('#lesson')).toBe(false);
    const loss = await text('loss');
    await web.page.fill('#data-seed', '5');
    await web.page.press('#data-seed', 'Tab');
    await web.idle();
    expect(await text('loss')).toBe('–');
    await click('train');
    expect(await text('loss')).not.toBe(loss);
    await web.page.fill('#data-seed', '-1');
    await web.page.press('#data-seed', 'Tab');
    await web.idle();
    expect(await error()).toBe('Seed of the points must be an integer in [0, 2^32); got -1.');
    await click('iris');
    expect([await error(), await web.page.isVisible('#data-seed')]).toEqual(['', false]);
    // A seed that nobody sees and could correct is no reason to refuse the points.
    await click('blobs');
    expect([await error(), await web.page.inputValue('#data-seed')]).toEqual(['', '']);
  });

  it('fails on XOR, and says why', async () => {
    await click('xor');
    await click('train');
    expect(Number.parseFloat(await text('accuracy'))).toBeLessThan(75);
    expect(await text('lesson')).toContain('no straight line separates them');
    expect(await web.page.isVisible('#lesson')).toBe(true);
    const ticks = await web.page.$$eval('#loss-chart svg text', (texts) => texts.map(({ textContent }) => textContent));
    expect(new Set(ticks).size).toBe(ticks.length);
    // The arrows vanish at the optimum; the plot says why.
    expect(await web.page.locator('#weight-plane .arrow').count()).toBe(0);
    expect(await text('weight-plane')).toContain('No arrows: each gradient is below 0.032.');
    await click('blobs');
    await click('train');
    expect(await web.page.locator('#weight-plane .arrow').count()).toBe(0);
    expect(await text('weight-plane')).toContain('No arrows: each gradient is below 0.032.');
    await click('iris');
    expect(await web.page.isVisible('#lesson')).toBe(false);
    await click('train');
    expect([await text('accuracy'), await web.page.isVisible('#lesson')]).toEqual(['100.0 %', false]);
  });

  it('trains on a thousand images of Fashion-MNIST, which are served packed', async () => {
    const encodings: (string | undefined)[] = [];
    web.page.on('response', async (response) => {
      if (response.url().includes('fashion-mnist/images')) encodings.push(response.headers()['content-encoding']);
    });
    await click('fashion-mnist');
    expect(await error()).toBe('');
    expect(await text('data-state')).toBe(
      'Fashion-MNIST, 1,000 images: 800 samples to learn from, 200 held out; 28 × 28 pixels, 10 classes. ',
    );
    await click('train');
    expect(Number.parseFloat(await text('accuracy'))).toBeGreaterThan(70);
    expect(await web.page.$$eval('#weights figcaption', (names) => names.map((name) => name.textContent))).toEqual(
      FASHION_MNIST_CLASSES,
    );
    expect(encodings.every((encoding) => encoding === 'br' || encoding === 'gzip')).toBe(true);
    expect(encodings.length).toBeGreaterThan(0);
  });

  it('says in words that Fashion-MNIST cannot be loaded, and keeps the data', async () => {
    await click('iris');
    await web.page.route('**/fashion-mnist/**', (route) => route.fulfill({ status: 404, body: '' }));
    await click('fashion-mnist');
    expect(await error()).toBe('Fashion-MNIST cannot be loaded. Check the network, and try again.');
    await click('train');
    expect([await error(), await text('accuracy')]).toEqual(['', '100.0 %']);
    web.complaints = [];
  });

  it('have no button for Fashion-MNIST if the build has no data for it, and the build says so', () => {
    const folder = join(web.folder, 'without');
    const { stdout } = spawnSync(process.execPath, ['scripts/web.mjs', '--out', folder], {
      cwd: join(__dirname, '..', '..'),
      env: { ...process.env, FASHION_MNIST_DIR: join(web.folder, 'nothing') },
      encoding: 'utf8',
    });
    expect(stdout).toMatch(/\nThe page has no button for Fashion-MNIST\. .+\n$/);
    const html = readFileSync(join(folder, 'index.html'), 'utf8');
    expect(html).toContain('id="xor"');
    expect(html).not.toContain('fashion-mnist');
    expect(existsSync(join(folder, 'fashion-mnist'))).toBe(false);
  });
});
