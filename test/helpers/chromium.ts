// A browser for tests, where there is one: Debian's chromium, its GPU in software.
import { existsSync } from 'node:fs';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

export const CHROMIUM = [process.env.CHROMIUM ?? '', '/usr/bin/chromium', '/usr/bin/google-chrome'].find(existsSync);

/** Tests that need a browser: skipped where none is found, for that reason, which their title then says. */
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

export function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', ...GPU_IN_SOFTWARE], timeout: 0 });
}

/** A page in a context of its own. Waits have no limit but that of the test. */
export async function newPage(browser: Browser, options?: BrowserContextOptions): Promise<Page> {
  const page = await browser.newPage(options);
  page.setDefaultTimeout(0);
  return page;
}
