// The page of web/, built and served, in a browser.
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { type Site, startSite } from '../../scripts/start-site.js';
import { launchChromium, newPage } from './chromium.js';

/** Big-endian IDX: [n, height, width] of bytes, or [n]. */
export function idx(shape: readonly number[], values: readonly number[]): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header.set([0, 0, 8, shape.length]);
  shape.forEach((size, i) => void header.writeUInt32BE(size, 4 + 4 * i));
  return Buffer.concat([header, Buffer.from(values)]);
}

/** 8 × 8 images of vertical (0) or horizontal (1) bars. */
export function pictures(n: number): { images: Buffer; labels: Buffer } {
  const labels = Array.from({ length: n }, (_, i) => i % 2);
  const values = labels.flatMap((label, i) =>
    Array.from({ length: 64 }, (_, at) => ((label === 0 ? at % 8 : at >> 3) === i % 7 ? 255 - (i % 5) * 20 : at % 3)),
  );
  return { images: idx([n, 8, 8], values), labels: idx([n], labels) };
}

/** The files of one test by name. */
export type Files = Readonly<Record<string, string | Buffer>>;

/** The page of a test, and what a user does with it. */
export class WebPage {
  page!: Page;
  browser!: Browser;
  /** Errors on the console, violations of the policy, and requests to other hosts. */
  complaints: string[] = [];
  #site!: Site;

  get url(): string {
    return this.#site.url;
  }

  /** A folder for files of tests. */
  get folder(): string {
    return this.#site.folder;
  }

  /** @param args arguments of the browser in place of those of a software GPU */
  async start(args?: readonly string[]): Promise<void> {
    this.#site = await startSite();
    this.browser = await launchChromium(args);
  }

  async end(): Promise<void> {
    await this.browser?.close();
    await this.#site?.end();
  }

  stopServer(): Promise<void> {
    return this.#site.stopServer();
  }

  /**
   * Opens the page in a context of its own.
   *
   * @param before what to do before it loads
   */
  async open(options: BrowserContextOptions = {}, before?: (page: Page) => Promise<unknown>): Promise<void> {
    const viewport = { width: 1280, height: 900 };
    this.page = await newPage(this.browser, { viewport, acceptDownloads: true, serviceWorkers: 'block', ...options });
    this.complaints = [];
    this.page.on('console', (message) => message.type() === 'error' && this.complaints.push(message.text()));
    this.page.on('pageerror', (error) => this.complaints.push(String(error)));
    this.page.on('request', (request) => {
      if (!request.url().startsWith(`${this.url}/`) && !request.url().startsWith('blob:'))
        this.complaints.push(request.url());
    });
    await before?.(this.page);
    await this.page.goto(`${this.url}/`);
    await this.idle();
  }

  /** Waits until nothing runs. */
  idle = async (): Promise<void> => {
    await this.page.waitForFunction(() => !(document.getElementById('iris') as HTMLButtonElement).disabled);
  };

  text = async (id: string): Promise<string> => (await this.page.textContent(`#${id}`)) ?? '';

  error = async (): Promise<string> => ((await this.page.isVisible('#error')) ? this.text('error') : '');

  use = async (backend: string): Promise<void> => {
    await this.page.click(`label:has([value=${backend}])`);
    await this.idle();
    expect(await this.error()).toBe('');
    expect(await this.text('backend-state')).toBe(`Computes on ${backend}.`);
  };

  click = async (id: string): Promise<void> => {
    await this.page.click(`#${id}`);
    await this.idle();
  };

  choose = async (files: Files, id = 'files'): Promise<void> => {
    const list = Object.entries(files).map(([name, content]) => ({
      name,
      mimeType: 'application/octet-stream',
      buffer: Buffer.from(content),
    }));
    await this.page.setInputFiles(`#${id}`, list);
    await this.idle();
  };

  /** The bars of the answer: a class and its probability. */
  shares = async (): Promise<Record<string, number>> => {
    const shown = await this.page.$$eval('#answer .bar', (bars) =>
      bars.map((bar) => [bar.querySelector('.name')?.textContent, Number(bar.querySelector('data')?.value)]),
    );
    return Object.fromEntries(shown) as Record<string, number>;
  };
}

/** A page for each test, of one server and one browser. */
export function usePage(args?: readonly string[]): WebPage {
  const web = new WebPage();
  beforeAll(() => web.start(args));
  afterAll(() => web.end());
  beforeEach(() => web.open());
  afterEach(() => web.page.context().close());
  return web;
}
