// The built pages, served and opened in chromium, for the scripts that make pictures of them.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
// biome-ignore lint/correctness/useImportExtensions: it is an ES module for Node, as it stands
import { buildWeb, serve } from './web.mjs';

/** Runs the work with the browser and the address of the pages, which are built for it. The address ends in `/`. */
export async function inSite(work) {
  const site = mkdtempSync(join(tmpdir(), 'site-'));
  try {
    await buildWeb(site);
    const server = await serve(site);
    try {
      await inChromium((browser) => work(browser, `http://localhost:${server.address().port}/`));
    } finally {
      server.close();
    }
  } finally {
    rmSync(site, { recursive: true, force: true });
  }
}

export async function inChromium(work) {
  const executablePath = [process.env.CHROMIUM ?? '', '/usr/bin/chromium', '/usr/bin/google-chrome'].find(existsSync);
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  try {
    await work(browser);
  } finally {
    await browser.close();
  }
}
