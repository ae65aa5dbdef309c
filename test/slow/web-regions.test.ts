// The drawings of the page of web/ during training: decision regions and gradient.
import { inBrowser } from '../helpers/chromium.js';
import { usePage } from '../helpers/web-page.js';

inBrowser('the regions and the gradient of the page', () => {
  const web = usePage();
  const { text, error, click, choose } = web;
  afterEach(() => expect(web.complaints).toEqual([]));

  /** The colour of the shade at a share of the plane, or undefined where there is none. */
  const shadeAt = (across: number, up: number) =>
    web.page.evaluate(
      ([x, y]) => {
        const canvas = document.getElementById('regions-canvas') as HTMLCanvasElement;
        const edge = document.querySelector('#regions .plane-edge') as SVGRectElement;
        const of = (name: string) => Number(edge.getAttribute(name));
        const [i, j] = [of('x') + x * of('width'), of('y') + (1 - y) * of('height')];
        const pixel = canvas.getContext('2d')?.getImageData(i, j, 1, 1).data;
        if (pixel === undefined || pixel[3] === 0) return undefined;
        const style = getComputedStyle(document.documentElement);
        const distance = (k: number) => {
          const colour = Number.parseInt(style.getPropertyValue(`--class-${k}`).trim().slice(1), 16);
          const parts = [colour >> 16, (colour >> 8) & 255, colour & 255];
          return parts.reduce((sum, part, at) => sum + Math.abs(part - pixel[at]), 0);
        };
        return [...Array(10).keys()].sort((a, b) => distance(a) - distance(b))[0];
      },
      [across, up] as const,
    );

  it('show points at once, and regions as soon as there is a model', async () => {
    await click('blobs');
    expect(await web.page.locator('#regions .class-mark').count()).toBe(240);
    expect(await web.page.$$eval('#regions-classes li', (items) => items.map((item) => item.textContent))).toEqual([
      'left',
      'middle',
      'right',
    ]);
    expect(await shadeAt(0.05, 0.5)).toBeUndefined();
    await click('train');
    expect([await shadeAt(0.03, 0.5), await shadeAt(0.97, 0.5)]).toEqual([0, 2]);
    expect(await text('regions-hint')).not.toContain('principal');
    await click('xor');
    expect(await shadeAt(0.05, 0.5)).toBeUndefined();
  });

  it('follow the training while it runs', async () => {
    await click('blobs');
    await web.page.selectOption('#solver', 'sgd');
    await web.page.fill('#epochs', '1000000');
    await web.page.click('#train');
    const gradient = () => web.page.textContent('#gradient tbody');
    await web.page.waitForFunction(() => document.querySelector('#gradient tbody') !== null);
    const first = await gradient();
    await web.page.waitForFunction((old) => document.querySelector('#gradient tbody')?.textContent !== old, first);
    expect(await web.page.isEnabled('#stop')).toBe(true);
    expect(await shadeAt(0.97, 0.5)).toBe(2);
    await click('stop');
    expect(await error()).toBe('');
  });

  it('are drawn again in another size, and for another colour scheme', async () => {
    await click('blobs');
    await click('train');
    await web.page.setViewportSize({ width: 390, height: 844 });
    // The drawing has its new size, and the canvas has that of the drawing.
    await web.page.waitForFunction(() => {
      const width = Number(document.querySelector('#regions svg')?.getAttribute('viewBox')?.split(' ')[2]);
      return width < 390 && width === (document.getElementById('regions-canvas') as HTMLCanvasElement).width;
    });
    expect(await shadeAt(0.97, 0.5)).toBe(2);
    const pixels = () => web.page.$eval('#regions-canvas', (canvas) => (canvas as HTMLCanvasElement).toDataURL());
    const light = await pixels();
    await web.page.emulateMedia({ colorScheme: 'dark' });
    await web.page.waitForFunction(
      (old) => (document.getElementById('regions-canvas') as HTMLCanvasElement).toDataURL() !== old,
      light,
    );
    expect(await shadeAt(0.03, 0.5)).toBe(0);
  });

  it('lie in the plane of two principal components for more features, which the page says', async () => {
    await click('iris');
    expect(await text('regions-hint')).toContain(
      'the plane through their mean along the first two principal components',
    );
    expect(await text('regions-hint')).toMatch(/\(7\d\.\d % and 2\d\.\d % of the variance\)/);
    await click('train');
    // Setosa is alone on one side of the first component.
    expect([await shadeAt(0.03, 0.5), await shadeAt(0.97, 0.5)]).toEqual([0, 2]);
    expect(await web.page.isVisible('#weight-plane')).toBe(false);
  });

  it('have no plane for one feature', async () => {
    const rows = Array.from({ length: 40 }, (_, i) => `${i},${i < 20 ? 'low' : 'high'}`);
    await choose({ 'one.csv': `size,kind\n${rows.join('\n')}\n` });
    await click('read');
    expect(await web.page.isVisible('#regions-card')).toBe(false);
    await click('train');
    expect([await error(), await web.page.isVisible('#gradient table')]).toEqual(['', true]);
  });

  it('show the gradient as values, and as arrows for two features', async () => {
    await click('blobs');
    await web.page.selectOption('#solver', 'sgd');
    await web.page.fill('#epochs', '1');
    await web.page.fill('#learning-rate', '0.001');
    await click('train');
    expect(await web.page.locator('#weight-plane .arrow').count()).toBe(3);
    expect(await text('weight-plane')).not.toContain('No arrows');
    const cells = await web.page.$$eval('#gradient tbody tr', (rows) =>
      rows.map((row) => Array.from(row.children, (cell) => cell.textContent ?? '')),
    );
    expect(cells.map(([name]) => name)).toEqual(['x', 'y']);
    // The weight of x falls for the class at the left, and rises for the one at the right.
    expect([cells[0][1], cells[0][3]]).toEqual([
      expect.stringMatching(/^0\.\d+ ↓$/),
      expect.stringMatching(/^−0\.\d+ ↑$/),
    ]);
    const start = Number(/length is ([\d.e-]+);/.exec(await text('gradient-state'))?.[1]);
    await web.page.selectOption('#solver', 'lbfgs');
    await click('train');
    const end = Number(/length is ([\d.e-]+);/.exec(await text('gradient-state'))?.[1]);
    expect(end).toBeLessThan(start / 5);
    await click('fashion-mnist');
    await web.page.fill('#epochs', '1');
    await click('train');
    expect(await web.page.locator('#gradient canvas').count()).toBe(10);
    expect(await web.page.isVisible('#weight-plane')).toBe(false);
  });
});
