// bench: the time until a control of the chapter's pages can be moved, in a browser without a cache.
import type { Browser, CDPSession } from 'playwright-core';
import { PAGE_NAMES, type PageName } from '../web/learn/chapter.js';
import { withPages } from './page.js';
import { median } from './timing.js';

/** A slow phone on a slow network. */
const SLOW = { cpu: 4, bitsPerSecond: 1.6e6, roundTrip: 150 } as const;

export interface FirstMove {
  readonly page: PageName;
  /** Median milliseconds from the navigation until the picture has followed the first move of a control. */
  readonly fast: number;
  /** The same with the processor and the network of `SLOW`. */
  readonly slow: number;
}

declare global {
  /** Set in the page by `MOVE`: the milliseconds since the navigation when the picture had changed. */
  var moved: number | undefined;
}

/** Moves the first control of the page by one step as soon as it is there, and waits for the frame with the new picture. */
const MOVE = `
  const move = (control) => {
    if (control.matches('button')) return control.click();
    if (control.matches('.handle')) {
      control.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight', bubbles: true }));
      return;
    }
    control.stepUp();
    control.dispatchEvent(new Event('input', { bubbles: true }));
  };
  const appears = new MutationObserver(() => {
    const control = document.querySelector('.touch :is([type=range], .pixels button, .handle)');
    if (control === null) return;
    appears.disconnect();
    const follows = new MutationObserver((changes) => {
      if (!changes.some(({ target }) => target.closest?.('svg'))) return;
      follows.disconnect();
      requestAnimationFrame(() => setTimeout(() => { globalThis.moved = performance.now(); }));
    });
    follows.observe(document.querySelector('.touch'), { childList: true, attributes: true, subtree: true });
    move(control);
  });
  appears.observe(document, { childList: true, subtree: true });`;

/** Opens each page as often as there are rounds; undefined if there is no browser. */
export function firstMoves(rounds: number): Promise<FirstMove[] | undefined> {
  return withPages(async (browser, url) => {
    const moves: FirstMove[] = [];
    for (const page of PAGE_NAMES) {
      const address = `${url}learn/${page}.html`;
      const [fast, slow]: [number[], number[]] = [[], []];
      for (let round = 0; round < rounds; round++) {
        fast.push(await firstMove(browser, address));
        slow.push(await firstMove(browser, address, slowDown));
      }
      moves.push({ page, fast: median(fast), slow: median(slow) });
    }
    return moves;
  });
}

async function firstMove(
  browser: Browser,
  address: string,
  prepare?: (session: CDPSession) => Promise<void>,
): Promise<number> {
  // A context of its own has an empty cache.
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, serviceWorkers: 'block' });
  try {
    const page = await context.newPage();
    await page.addInitScript({ content: MOVE });
    await prepare?.(await context.newCDPSession(page));
    await page.goto(address);
    const moved = await page.waitForFunction(() => globalThis.moved);
    return (await moved.jsonValue()) as number;
  } finally {
    await context.close();
  }
}

async function slowDown(session: CDPSession): Promise<void> {
  await session.send('Emulation.setCPUThrottlingRate', { rate: SLOW.cpu });
  const bytesPerSecond = SLOW.bitsPerSecond / 8;
  await session.send('Network.emulateNetworkConditions', {
    offline: false,
    latency: SLOW.roundTrip,
    downloadThroughput: bytesPerSecond,
    uploadThroughput: bytesPerSecond,
  });
}
