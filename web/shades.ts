// web: the shades of the decision regions, as pixels.
import type { Frame } from './axes.js';
import type { PlaneLogits } from './messages.js';

/** The size of a cell of one shade, in pixels. */
const CELL = 3;

/** The opacity where all classes are as probable, and what certainty adds. */
const OPACITY = { least: 0.12, more: 0.4 };

/** At each point the colour of the most probable class, stronger the more probable it is. */
export function paintShades(
  canvas: HTMLCanvasElement,
  { left, right, top, bottom, width, height, across, up }: Frame,
  logits: PlaneLogits | undefined,
  colours: readonly (readonly number[])[],
): void {
  [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext('2d');
  if (logits === undefined || context === null) return;
  const [columns, rows] = [Math.ceil((right - left) / CELL), Math.ceil((bottom - top) / CELL)];
  const picture = new ImageData(columns, rows);
  for (let row = 0; row < rows; row++) {
    const b = up.most - (((row + 0.5) * CELL) / (bottom - top)) * (up.most - up.least);
    for (let column = 0; column < columns; column++) {
      const a = across.least + (((column + 0.5) * CELL) / (right - left)) * (across.most - across.least);
      const { best, certainty } = mostProbable(logits, a, b);
      const opacity = OPACITY.least + OPACITY.more * certainty;
      picture.data.set([...colours[best], 255 * opacity], 4 * (row * columns + column));
    }
  }
  const cells = document.createElement('canvas');
  [cells.width, cells.height] = [columns, rows];
  cells.getContext('2d')?.putImageData(picture, 0, 0);
  context.beginPath();
  context.rect(left, top, right - left, bottom - top);
  context.clip();
  context.imageSmoothingEnabled = false;
  context.drawImage(cells, left, top, columns * CELL, rows * CELL);
}

/**
 * The most probable class at a point, by softmax of its logits, and how certain it is: from 0, where all classes are as
 * probable, to 1.
 */
export function mostProbable({ offset, x, y }: PlaneLogits, a: number, b: number): { best: number; certainty: number } {
  const logits = offset.map((base, k) => base + a * x[k] + b * y[k]);
  let best = 0;
  for (let k = 1; k < logits.length; k++) if (logits[k] > logits[best]) best = k;
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - logits[best]);
  const even = 1 / logits.length;
  return { best, certainty: Math.max(0, (1 / sum - even) / (1 - even)) || 0 };
}
