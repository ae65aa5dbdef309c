// Firefox for tests, if it is installed, and puppeteer-core, which drives it over WebDriver BiDi.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { BROWSER_LIMIT } from './browser-limit.js';

const FIREFOX = [process.env.FIREFOX ?? '', '/usr/bin/firefox-esr', '/usr/bin/firefox'].find(existsSync);
const PUPPETEER = puppeteerPath();

/** What the tests use of puppeteer-core, which need not be installed. */
export interface FirefoxPage {
  on(event: 'console', handle: (message: { type(): string; text(): string }) => void): void;
  on(event: 'pageerror', handle: (error: unknown) => void): void;
  goto(url: string): Promise<unknown>;
  click(selector: string): Promise<void>;
  readonly keyboard: { press(key: string): Promise<void> };
  $eval<R>(selector: string, read: (element: HTMLElement) => R): Promise<R>;
  waitForFunction<A extends unknown[]>(
    condition: (...args: A) => unknown,
    options: object,
    ...args: A
  ): Promise<unknown>;
  close(): Promise<void>;
}

export interface Firefox {
  newPage(): Promise<FirefoxPage>;
  close(): Promise<void>;
}

/** Tests that need Firefox: if it or puppeteer-core is missing they are skipped, and their title gives the reason. */
export function inFirefox(title: string, tests: () => void): void {
  if (FIREFOX === undefined) describe.skip(`${title} (skipped: no firefox-esr, and $FIREFOX is not set)`, tests);
  else if (PUPPETEER === undefined) describe.skip(`${title} (skipped: puppeteer-core is not installed)`, tests);
  else describe(title, tests);
}

export function canLaunchFirefox(): boolean {
  return FIREFOX !== undefined && PUPPETEER !== undefined;
}

/** @param limit of a call, in milliseconds */
export function launchFirefox(limit = BROWSER_LIMIT): Promise<Firefox> {
  const { launch } = require(PUPPETEER as string) as { launch(options: object): Promise<Firefox> };
  return launch({ browser: 'firefox', executablePath: FIREFOX, timeout: limit, protocolTimeout: limit });
}

function puppeteerPath(): string | undefined {
  try {
    return createRequire(__filename).resolve('puppeteer-core');
  } catch {
    return undefined;
  }
}
