// bench: the longest frame of the page during training, in a browser.
import type { Browser } from 'playwright-core';
import type { FashionMnist } from 'softmax-regression/node';
import { startSite } from '../scripts/start-site.js';
import { CHROMIUM, launchChromium } from '../test/helpers/chromium.js';

const EPOCHS = 5;

/** Set in the page by `FRAMES`: the milliseconds of each frame. */
declare var seen: { frames: number[] };

const FRAMES = `globalThis.seen = { frames: [] };
  let before = performance.now();
  const onFrame = (now) => { seen.frames.push(now - before); before = now; requestAnimationFrame(onFrame); };
  requestAnimationFrame(onFrame);`;

export interface PageRun {
  /** Milliseconds between two frames, from the click on Train until the model is shown. */
  readonly longestFrame: number;
  readonly medianFrame: number;
  /** The status of the page at the end. */
  readonly status: string;
}

/** Runs the work with a browser and the address of the built pages, which ends in `/`; undefined if there is no browser. */
export async function withPages<R>(work: (browser: Browser, url: string) => Promise<R>): Promise<R | undefined> {
  if (CHROMIUM === undefined) return undefined;
  const site = await startSite();
  try {
    const browser = await launchChromium();
    try {
      return await work(browser, `${site.url}/`);
    } finally {
      await browser.close();
    }
  } finally {
    await site.end();
  }
}

/** Trains on the 10,000 test images for 5 epochs on wasm; undefined if there is no browser. */
export function trainInPage({ test }: FashionMnist): Promise<PageRun | undefined> {
  return withPages(async (browser, url) => {
    const page = await browser.newPage({ viewport: { width: 1280, height: 1600 } });
    await page.addInitScript({ content: FRAMES });
    await page.goto(url);
    const idle = () =>
      page.waitForFunction(() => !(document.getElementById('iris') as HTMLButtonElement).disabled, null, {
        timeout: 300_000,
      });
    await idle();
    await page.click('label:has([value=wasm])');
    await idle();
    await page.setInputFiles('#files', [
      { name: 't10k-images-idx3-ubyte', mimeType: '', buffer: idx([10_000, 28, 28], test.features.values) },
      { name: 't10k-labels-idx1-ubyte', mimeType: '', buffer: idx([10_000], Uint8Array.from(test.labels)) },
    ]);
    await idle();
    await page.fill('#epochs', String(EPOCHS));
    await page.evaluate(() => {
      seen.frames = [];
    });
    await page.click('#train');
    await idle();
    const frames = await page.evaluate(() => seen.frames);
    const sorted = frames.slice(1).sort((a, b) => a - b);
    const status = (await page.textContent('#status')) ?? '';
    return { longestFrame: sorted[sorted.length - 1], medianFrame: sorted[sorted.length >> 1], status };
  });
}

function idx(shape: readonly number[], values: Uint8Array): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header.set([0, 0, 8, shape.length]);
  shape.forEach((size, i) => void header.writeUInt32BE(size, 4 + 4 * i));
  return Buffer.concat([header, values]);
}
