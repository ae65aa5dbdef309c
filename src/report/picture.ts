// report: arrays of pixels as PNG images within the page.
import { channels, DIVERGING } from './theme.js';

/** The size of an image whose pixels are the features of a sample. */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
  /** 1: grey. 3: red, green and blue, interleaved. */
  readonly channels?: 1 | 3;
}

export interface Pictures {
  /** Pixels as an image, from `least` (black) to `most` (white). */
  readonly image: (pixels: ArrayLike<number>, least: number, most: number) => string;
  /** One number per pixel: blue above 0, orange below. The opacity is the size relative to `most`. */
  readonly diverging: (values: ArrayLike<number>, most: number) => string;
}

/** Encoders for images of one size, as data URIs. */
export async function openPictures({ width, height, channels: depth = 1 }: PictureSize): Promise<Pictures> {
  const { encode } = await import('fast-png');
  const uri = (data: Uint8Array, channelCount: 1 | 3 | 4) => {
    const bytes = encode({ width, height, data, channels: channelCount, depth: 8 });
    return `data:image/png;base64,${btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))}`;
  };
  return {
    image: (pixels, least, most) => uri(toBytes(pixels, least, most), depth),
    diverging: (values, most) => uri(toColours(values, most), 4),
  };
}

function toBytes(pixels: ArrayLike<number>, least: number, most: number): Uint8Array {
  const range = most - least || 1;
  return Uint8Array.from(pixels, (pixel) => Math.round((255 * (clamp(pixel, least, most) - least)) / range));
}

function toColours(values: ArrayLike<number>, most: number): Uint8Array {
  const [positive, negative] = [channels(DIVERGING.positive), channels(DIVERGING.negative)];
  const data = new Uint8Array(4 * values.length);
  for (let i = 0; i < values.length; i++) {
    data.set(values[i] < 0 ? negative : positive, 4 * i);
    data[4 * i + 3] = most === 0 ? 0 : Math.round((255 * Math.min(Math.abs(values[i]), most)) / most);
  }
  return data;
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}
