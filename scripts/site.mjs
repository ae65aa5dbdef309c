// The built pages, served and opened in chromium, for the scripts that make pictures of them.
import { chromium } from 'playwright-core';
import { CHROMIUM, startSite } from './start-site.js';

/** Runs the work with the browser and the address of the pages, which are built for it. The address ends in `/`. */
export async function inSite(work) {
  const site = await startSite();
  try {
    await inChromium((browser) => work(browser, `${site.url}/`));
  } finally {
    await site.end();
  }
}

export async function inChromium(work) {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  try {
    await work(browser);
  } finally {
    await browser.close();
  }
}
