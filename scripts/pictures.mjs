// Makes docs/learn/*.svg, the pictures of docs/mathematics.md, from the pages of web/learn/. Needs chromium. --out writes
// them elsewhere; --url takes pages that are served already.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
// biome-ignore lint/correctness/useImportExtensions: it is an ES module for Node, as it stands
import { inChromium, inSite } from './site.mjs';

/**
 * By file: the page and its state, and what is drawn there. Several layers are drawn on top of each other; the view box is
 * that of the last one.
 */
const PICTURES = {
  'label-codes': ['label.html', '.picture >> nth=0'],
  'label-one-hot': ['label.html', '.picture >> nth=1'],
  network: ['network.html', '.picture'],
  regions: ['regions.html', '.plane > *'],
  'regions-xor': ['regions.html?data=1', '.plane > *'],
  cost: ['cost.html', '.picture'],
  softmax: ['softmax.html', '.picture'],
  gradient: ['gradient.html?y=0.1,0.6,0.3', '.picture >> nth=0'],
  differences: ['gradient.html', '.picture >> nth=1'],
  loss: ['train.html?steps=300', '.picture >> nth=0'],
  predictions: ['train.html?steps=300', '[viewBox="0 0 320 250"]'],
  code: ['bits.html?words=6,7,2', '.picture'],
};

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: fileURLToPath(new URL('../docs/learn', import.meta.url)) },
    url: { type: 'string' },
  },
});
mkdirSync(values.out, { recursive: true });
if (values.url === undefined) await inSite(draw);
else await inChromium((browser) => draw(browser, values.url));

async function draw(browser, url) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, locale: 'en-GB', colorScheme: 'light' });
  for (const [name, [address, selector]] of Object.entries(PICTURES)) {
    await page.goto(`${url}learn/${address}`);
    await page.waitForSelector('h1');
    const picture = await page.locator(selector).evaluateAll(standalone);
    const path = join(values.out, `${name}.svg`);
    writeFileSync(path, picture);
    console.log(`${path}: ${picture.length} bytes`);
  }
}

/** Runs in the page: one drawing with the looks of the layers written out, on the ground of the card. */
function standalone(layers) {
  const INHERITED = ['fill', 'fill-opacity', 'stroke', 'stroke-width', 'stroke-dasharray', 'paint-order'];
  const OWN = ['opacity'];
  const FONT = ['font-size', 'font-weight', 'text-anchor'];
  const GEOMETRY = /^(?:id|d|points|transform|viewBox|c?[xy][12]?|r|width|height|orient|marker.*|ref[XY])$/;
  const MARGIN = 10;
  const INITIAL = {
    fill: '#000000',
    'fill-opacity': '1',
    stroke: 'none',
    'stroke-width': '1',
    'stroke-dasharray': 'none',
    'paint-order': 'normal',
    opacity: '1',
    'font-size': '16',
    'font-weight': '400',
    'text-anchor': 'start',
  };
  const hex = (channels) => `#${channels.map((each) => Math.round(each).toString(16).padStart(2, '0')).join('')}`;
  // color(srgb …) is what color-mix gives; not every viewer of SVG knows it.
  const short = (value) => {
    const channels = (value.match(/[\d.]+/g) ?? []).map(Number);
    if (value === 'rgba(0, 0, 0, 0)') return 'none';
    if (value.startsWith('rgb(')) return hex(channels);
    if (value.startsWith('color(srgb')) return hex(channels.map((each) => 255 * each));
    return value.replace(/(\d)px/g, '$1');
  };
  const round = (value) => value.replace(/\d+\.\d{3,}/g, (number) => String(Number(Number(number).toFixed(2))));
  const node = (name, attributes, ...children) => {
    const element = document.createElementNS('http://www.w3.org/2000/svg', name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
  };

  /** A copy without classes: its geometry, and each style that differs from the parent's copy. */
  const copy = (element, above) => {
    const style = getComputedStyle(element);
    const looks = { ...above };
    const attributes = {};
    const isText = element.localName === 'text';
    for (const { name, value } of element.attributes) if (GEOMETRY.test(name)) attributes[name] = round(value);
    for (const name of [...INHERITED, ...OWN, ...(isText ? FONT : [])]) {
      const value = short(style.getPropertyValue(name));
      if (value !== (OWN.includes(name) ? INITIAL[name] : above[name])) attributes[name] = value;
      looks[name] = value;
    }
    const children = [...element.childNodes].map((child) =>
      child.nodeType === Node.TEXT_NODE ? child.textContent : copy(child, looks),
    );
    return node(element.localName, attributes, ...children);
  };

  const [, , width, height] = layers.at(-1).getAttribute('viewBox').split(' ').map(Number);
  // On the page, labels may reach out of the view box.
  const [left, full, tall] = [-MARGIN, width + 2 * MARGIN, height + 2 * MARGIN];
  const ground = short(getComputedStyle(document.querySelector('.card')).backgroundColor);
  const drawn = layers.map((layer) => {
    if (layer instanceof HTMLCanvasElement) return node('image', { width, height, href: layer.toDataURL() });
    const group = copy(layer, INITIAL);
    group.removeAttribute('viewBox');
    return node('g', {}, ...group.childNodes);
  });
  const viewBox = `${left} ${left} ${full} ${tall}`;
  const frame = { viewBox, width: full, height: tall, 'font-family': 'system-ui, sans-serif' };
  // What the page says of the picture to those who do not see it.
  const title = node('title', {}, layers.find((layer) => layer.role === 'img').ariaLabel);
  const whole = node(
    'svg',
    frame,
    title,
    node('rect', { x: left, y: left, width: full, height: tall, fill: ground }),
    ...drawn,
  );
  return `${new XMLSerializer().serializeToString(whole).replaceAll('><', '>\n<')}\n`;
}
