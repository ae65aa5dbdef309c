// The page of web/ as it lies on desktops and phones: what is in view, what is cut, and where the focus is.
import { readFileSync } from 'node:fs';
import { inBrowser } from '../helpers/chromium.js';
import { usePage } from '../helpers/web-page.js';

const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const SIZES = [
  [1280, 900],
  [390, 844],
] as const;

const LONG = 'area_of_the_largest_room_in_square_metres_as_measured_by_the_owner';
const ROWS = Array.from(
  { length: 60 },
  (_, i) => `${i % 2 === 0 ? 3e-5 * i : 41 + i},${(i * 7) % 13},${i % 2 === 0 ? 'terraced_house_in_a_row' : 'flat'}`,
);
const TABLE = `${LONG},rooms,kind\n${ROWS.join('\n')}\n`;

inBrowser('the layout of the page', () => {
  const web = usePage();

  const isInView = (id: string) =>
    web.page.$eval(`#${id}`, (element) => {
      const { top, bottom, left, right } = element.getBoundingClientRect();
      const isInside = top >= 0 && left >= 0 && bottom <= window.innerHeight && right <= window.innerWidth;
      const at = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
      return isInside && at !== null && (element.contains(at) || at.contains(element));
    });

  it.each(SIZES)(
    'keeps Train, Stop and status in view at %i × %i, wherever the page is scrolled',
    async (width, height) => {
      await web.page.setViewportSize({ width, height });
      await web.click('iris');
      for (const share of [0, 0.3, 0.6, 1]) {
        await web.page.evaluate((of) => {
          window.scrollTo(0, of * (document.documentElement.scrollHeight - window.innerHeight));
        }, share);
        for (const id of ['train', 'step', 'pause', 'stop', 'speed', 'status'])
          expect([share, id, await isInView(id)]).toEqual([share, id, true]);
      }
    },
  );

  it('keeps the words of its buttons at 320 × 640, as a desktop at 400 % has', async () => {
    await web.page.setViewportSize({ width: 320, height: 640 });
    await web.click('xor');
    const cut = await web.page.$$eval('button, .file', (buttons) =>
      buttons.filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth + 1).map(({ id }) => id),
    );
    expect(cut).toEqual([]);
    expect(await web.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBe(0);
    for (const id of ['train', 'step', 'pause', 'stop', 'speed', 'status'])
      expect([id, await isInView(id)]).toEqual([id, true]);
  });

  it.each(SIZES)('cuts off no date and no use of a column at %i × %i', async (width, height) => {
    await web.page.setViewportSize({ width, height });
    const rows = Array.from(
      { length: 30 },
      (_, i) => `${i},2024-01-${10 + (i % 20)} 10:${10 + i},${i % 2 ? 'a' : 'b'}\n`,
    );
    await web.choose({ 'when.csv': `x,when,kind\n${rows.join('')}` });
    await web.page.click('#columns-of summary');
    await web.page.selectOption('[aria-label="Use of when"]', 'dates');
    const cut = await web.page.$$eval('#columns select', (all) =>
      all.map((use) => {
        const { width: given } = use.getBoundingClientRect();
        (use as HTMLElement).style.width = 'max-content';
        return use.getBoundingClientRect().width - given;
      }),
    );
    expect(Math.max(...cut)).toBeLessThan(1);
    await web.click('read');
    await web.click('train');
    expect(await web.error()).toBe('');
    const [field, place] = await web.page.$$eval('#fields [type=datetime-local], #fields', ([form, date]) =>
      [date, form].map((each) => each.getBoundingClientRect().right),
    );
    expect(field).toBeLessThanOrEqual(place);
  });

  it('shows the key figures beside Train after a training at 1280 × 900', async () => {
    await web.click('iris');
    await web.click('train');
    for (const id of ['train', 'status', 'accuracy', 'loss', 'gap'])
      expect([id, await isInView(id)]).toEqual([id, true]);
  });

  it.each(SIZES)('cuts and breaks no name and no number at %i × %i', async (width, height) => {
    await web.page.setViewportSize({ width, height });
    await web.choose({ 'houses.csv': TABLE });
    await web.click('read');
    await web.click('train');
    await web.page.waitForSelector('#answer .bar');
    const faults = await web.page.evaluate(() => {
      const places = '.bar .name, .bar .number, .value, td, th, h3, #fields label, #columns .name, .segments span';
      return [...document.querySelectorAll<HTMLElement>(places)].flatMap((element) => {
        if (element.getClientRects().length === 0) return [];
        const text = element.textContent ?? '';
        const range = document.createRange();
        range.selectNodeContents(element);
        const box = range.getBoundingClientRect();
        const own = element.getBoundingClientRect();
        const isCut = box.right > own.right + 1 || element.scrollWidth > element.clientWidth + 1;
        const isOutside = box.right > window.innerWidth;
        const isBroken =
          element.matches('.bar .number, .value, td') &&
          box.height > 1.6 * parseFloat(getComputedStyle(element).fontSize) + 4;
        return isCut || isOutside || isBroken ? [`${element.className} ${text}`] : [];
      });
    });
    expect(faults).toEqual([]);
    const scrolls = await web.page.$eval('#proof-table', (place) => place.scrollWidth - place.clientWidth);
    expect(scrolls).toBe(0);
  });

  it.each(SIZES)(
    'has a wide table whose cells hold their text and whose end can be reached, at %i × %i',
    async (width, height) => {
      await web.page.setViewportSize({ width, height });
      const rows = Array.from(
        { length: 120 },
        (_, i) => `${(i * 7) % 13},${i % 5},the_${i % 12}_of_twelve_classes_with_a_long_name`,
      );
      await web.choose({ 'wide.csv': `${LONG},rooms,kind\n${rows.join('\n')}\n` });
      await web.click('read');
      await web.click('train');
      const { faults, columns, beside, isReached } = await web.page.$eval('#gradient .scroll', (region) => {
        const cells = [...region.querySelectorAll<HTMLElement>('th, td')];
        const wrong = cells.filter((cell) => {
          const range = document.createRange();
          range.selectNodeContents(cell);
          const [text, own] = [range.getBoundingClientRect(), cell.getBoundingClientRect()];
          const isWide = text.left < own.left - 1 || text.right > own.right + 1;
          const isHigh = text.top < own.top - 1 || text.bottom > own.bottom + 1;
          return isWide || isHigh || cell.scrollWidth > cell.clientWidth + 1;
        });
        region.scrollLeft = region.scrollWidth;
        const last = region.querySelector('tr > :last-child') as HTMLElement;
        const scrolls = region.scrollWidth <= region.clientWidth || getComputedStyle(region).overflowX === 'auto';
        return {
          faults: wrong.map(({ textContent }) => textContent),
          columns: region.querySelectorAll('thead th').length,
          beside: document.documentElement.scrollWidth - window.innerWidth,
          isReached: scrolls && last.getBoundingClientRect().right <= region.getBoundingClientRect().right + 1,
        };
      });
      expect({ faults, columns, beside, isReached }).toEqual({ faults: [], columns: 13, beside: 0, isReached: true });
    },
  );

  it('keeps the focus where it was after Iris and after Train, and gives it to Stop meanwhile', async () => {
    const focused = () => web.page.evaluate(() => document.activeElement?.id);
    await web.page.focus('#iris');
    await web.page.keyboard.press('Enter');
    await web.idle();
    expect(await focused()).toBe('iris');
    await web.page.focus('#train');
    await web.page.evaluate(() => {
      const seen = new MutationObserver(() => {
        if (!(document.getElementById('stop') as HTMLButtonElement).disabled) {
          seen.disconnect();
          setTimeout(() => {
            document.body.dataset.focus = document.activeElement?.id;
          });
        }
      });
      seen.observe(document.getElementById('stop') as Element, { attributes: true });
    });
    await web.page.keyboard.press('Enter');
    await web.idle();
    expect(await focused()).toBe('train');
    expect(await web.page.evaluate(() => document.body.dataset.focus)).toBe('stop');
  });

  it.each([
    [1280, 'light'],
    [1280, 'dark'],
    [390, 'light'],
    [390, 'dark'],
  ] as const)('has no fault by axe at %i pixels, %s, with everything shown', async (width, colorScheme) => {
    await web.page.context().close();
    // axe is a script of elsewhere, so the policy is off here.
    await web.open({ viewport: { width, height: 844 }, colorScheme, bypassCSP: true });
    await web.click('blobs');
    await web.click('train');
    await web.page.evaluate(() => document.getElementById('findings')?.scrollIntoView());
    await web.page.waitForSelector('#findings-sections #mistakes');
    await web.page.addScriptTag({ content: AXE });
    const faults = await web.page.evaluate(async () => {
      for (const details of document.querySelectorAll('details')) details.open = true;
      const { axe } = globalThis as unknown as { axe: { run(): Promise<{ violations: { id: string }[] }> } };
      return (await axe.run()).violations.map(({ id }) => id);
    });
    expect(faults).toEqual([]);
    expect(await web.page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0);
  });

  it('gives the focus only to what can be used', async () => {
    expect(await web.page.locator('canvas[tabindex]').count()).toBe(0);
  });
});
