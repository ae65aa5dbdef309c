// A browser for tests, if one is installed: Debian's chromium, with a software GPU.
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { CHROMIUM } from '../../scripts/start-site.js';

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
  return chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', ...args], timeout: 0 });
}

/** A page in its own browser context. Only the timeout of the test limits waits. */
export async function newPage(browser: Browser, options?: BrowserContextOptions): Promise<Page> {
  const page = await browser.newPage(options);
  page.setDefaultTimeout(0);
  return page;
}
