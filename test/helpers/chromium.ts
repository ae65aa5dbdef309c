// A browser for tests, if one is installed: Debian's chromium, with a software GPU.
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { CHROMIUM } from '../../scripts/start-site.js';
import { BROWSER_LIMIT } from './browser-limit.js';

export { CHROMIUM };

/** Tests that need a browser: if none is found they are skipped, and their title gives the reason. */
export function inBrowser(title: string, tests: () => void): void {
  if (CHROMIUM !== undefined) describe(title, tests);
  else describe.skip(`${title} (skipped: no chromium at /usr/bin/chromium, and $CHROMIUM is not set)`, tests);
}

/** WebGPU and WebGL both compute in SwiftShader; webgpu exists only on a secure origin, such as localhost. */
const GPU_IN_SOFTWARE = [
  '--enable-unsafe-webgpu',
  '--enable-features=Vulkan',
  '--use-vulkan=swiftshader',
  '--use-webgpu-adapter=swiftshader',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--ignore-gpu-blocklist',
];

/** @param args in place of those of a software GPU */
export function launchChromium(args: readonly string[] = GPU_IN_SOFTWARE): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', ...args], timeout: BROWSER_LIMIT });
}

/**
 * A page in its own browser context, which is closed if the page no longer answers.
 *
 * @param limit of a wait, in milliseconds
 */
export async function newPage(browser: Browser, options?: BrowserContextOptions, limit = BROWSER_LIMIT): Promise<Page> {
  const page = await browser.newPage(options);
  page.setDefaultTimeout(limit);
  void closeIfStuck(page, limit);
  return page;
}

/** Closes a page whose script never ends. What reads the page at once, such as `evaluate`, has no limit of its own. */
async function closeIfStuck(page: Page, limit: number): Promise<void> {
  while (!page.isClosed()) {
    const answers = page.evaluate('0').then(
      () => true,
      () => true,
    );
    if (await Promise.race([answers, pause(limit).then(() => false)])) await pause(limit / 10);
    else await page.context().close({ reason: `the page did not answer for ${limit / 1000} s` });
  }
}

/** Node may end meanwhile. */
function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, milliseconds).unref());
}
