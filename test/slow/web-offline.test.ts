// The page of web/ without its server: the service worker keeps one build, under the same content security policy.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inBrowser } from '../helpers/chromium.js';
import { WebPage } from '../helpers/web-page.js';

inBrowser('the page offline', () => {
  const web = new WebPage();
  beforeAll(() => web.start());
  afterAll(() => web.end());

  it.each(['the worker', 'the cache'])(
    'trains where the browser refuses %s, and does not claim to work offline',
    async (what) => {
      const script = join(web.folder, 'site', 'service-worker.js');
      const own = readFileSync(script);
      const packed = ['.br', '.gz'].map((end) => [`${script}${end}`, readFileSync(`${script}${end}`)] as const);
      if (what === 'the cache') {
        for (const [path] of packed) rmSync(path);
        writeFileSync(
          script,
          `caches.open = () => Promise.reject(new DOMException('full', 'QuotaExceededError'));${own}`,
        );
      }
      try {
        await web.open({ serviceWorkers: 'allow' }, (page) =>
          page.addInitScript((refuses) => {
            if (!refuses) return;
            navigator.serviceWorker.register = () => Promise.reject(new DOMException('refused', 'SecurityError'));
          }, what === 'the worker'),
        );
        await web.click('iris');
        await web.click('train');
        expect([await web.error(), await web.text('accuracy')]).toEqual(['', '100.0 %']);
        expect([await web.page.isVisible('#offline'), web.complaints]).toEqual([false, []]);
      } finally {
        writeFileSync(script, own);
        for (const [path, content] of packed) writeFileSync(path, content);
        await web.page.context().close();
      }
    },
  );

  it('trains, saves, makes a report and reloads after its server has ended', async () => {
    await web.open({ serviceWorkers: 'allow' });
    await web.page.waitForSelector('#offline:not([hidden])');
    const kept = await web.page.evaluate(async () => {
      const [name, ...others] = await caches.keys();
      const files = (await (await caches.open(name)).keys()).map(({ url }) => new URL(url).pathname);
      return { name, others, files };
    });
    expect(kept.name).toMatch(/ [0-9a-f]{16}$/);
    expect(kept.others).toEqual([]);
    expect(kept.files).toEqual(expect.arrayContaining(['/index.html', '/main.js', '/worker.js', '/style.css']));
    await web.stopServer();
    for (const isReloaded of [false, true]) {
      if (isReloaded) {
        await web.page.reload();
        await web.idle();
      }
      await web.click('fashion-mnist');
      expect([await web.error(), await web.text('data-state')]).toEqual(['', expect.stringContaining('10 classes')]);
      await web.click('iris');
      await web.click('train');
      expect([await web.error(), await web.text('accuracy')]).toEqual(['', '100.0 %']);
      expect(await web.text('backend-state')).toBe('Computes on wasm.');
      for (const id of ['save', 'report']) {
        await Promise.all([web.page.waitForEvent('download'), web.page.click(`#${id}`)]);
        await web.idle();
      }
    }
    const title = await web.page.evaluate(() => {
      const script = document.createElement('script');
      script.textContent = 'document.title = "inline"';
      document.head.append(script);
      return document.title;
    });
    expect(title).toBe('Softmax regression, live');
    await web.page.context().close();
  });
});
