// Makes docs/page.png, the screenshot of the README: the page after training on Fashion-MNIST's 10,000 test images.
// Needs chromium, and the data at --data (default: the folder of `softmax-regression data fetch`).
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
// biome-ignore lint/correctness/useImportExtensions: it is an ES module for Node, as it stands
import { inSite } from './site.mjs';

const { values } = parseArgs({
  options: {
    data: {
      type: 'string',
      default: join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'softmax-regression/fashion-mnist'),
    },
    out: { type: 'string', default: fileURLToPath(new URL('../docs/page.png', import.meta.url)) },
    width: { type: 'string', default: '1240' },
    height: { type: 'string', default: '1130' },
    scheme: { type: 'string', default: 'light' },
    iris: { type: 'boolean' },
    full: { type: 'boolean' },
  },
});
await inSite(async (browser, url) => {
  const [width, height] = [Number(values.width), Number(values.height)];
  const page = await browser.newPage({ viewport: { width, height }, colorScheme: values.scheme });
  await page.goto(url);
  const idle = () => page.waitForFunction(() => !document.getElementById('iris').disabled, null, { timeout: 300_000 });
  await idle();
  await page.click('label:has([value=wasm])');
  await idle();
  if (values.iris) await page.click('#iris');
  else {
    const files = ['t10k-images-idx3-ubyte', 't10k-labels-idx1-ubyte'].map((name) => join(values.data, name));
    await page.setInputFiles(
      '#files',
      files.map((file) => (existsSync(file) ? file : `${file}.gz`)),
    );
  }
  await idle();
  await page.click('#train');
  await idle();
  await page.evaluate(() => {
    document.activeElement?.blur();
    window.scrollTo(0, 0);
  });
  await page.waitForTimeout(300);
  await page.screenshot({ path: values.out, fullPage: values.full === true });
  console.log(values.out);
});
