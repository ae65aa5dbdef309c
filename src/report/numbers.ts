// report: numbers and labels as text for readers.
import stringWidth from 'string-width';
import type { Label } from '../core/labels.js';

/** Shown for a value that does not exist, such as 0/0. */
const NONE = '–';
const NO_BREAK = '\u00a0';
const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹';

/** 60,000. Sums of sample weights have at most two decimals. */
export function count(value: number): string {
  return Number.isFinite(value) ? value.toLocaleString('en-US', { maximumFractionDigits: 2 }) : special(value);
}

/** 83.4 %. */
export function percent(share: number, digits = 1): string {
  return Number.isFinite(share) ? `${(100 * share).toFixed(digits)}${NO_BREAK}%` : special(share);
}

/** A fixed number of decimals, with a true minus sign: −0.4768. */
export function fixed(value: number, digits: number): string {
  if (!Number.isFinite(value)) return special(value);
  // A value that rounds to 0 has no sign.
  return value
    .toFixed(digits)
    .replace(/^-(?=0\.?0*$)/, '')
    .replace('-', '−');
}

/** Three significant digits: 0.477, 12.3, 1.9 × 10⁻⁷, 4.1 × 10⁶. */
export function significant(value: number, digits = 3): string {
  if (!Number.isFinite(value)) return special(value);
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 1e-3 && size < 1e6) {
    const text = Number(value.toPrecision(digits)).toLocaleString('en-US', { maximumSignificantDigits: digits });
    return text.replace('-', '−');
  }
  const [mantissa, exponent] = value.toExponential(digits - 1).split('e');
  return `${mantissa.replace('-', '−')}${NO_BREAK}×${NO_BREAK}${powerOfTen(Number(exponent))}`;
}

/** A chosen number, such as an option, in its shortest form without separators. */
export function exact(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return String(value).replace('-', '−');
  const [mantissa, exponent] = String(value).split('e');
  const text = mantissa.replace('-', '−');
  if (exponent === undefined) return text;
  return text === '1' ? powerOfTen(Number(exponent)) : `${text}${NO_BREAK}×${NO_BREAK}${powerOfTen(Number(exponent))}`;
}

/** 10⁻⁷. */
export function powerOfTen(exponent: number): string {
  const digits = [...String(Math.abs(exponent))].map((digit) => SUPERSCRIPTS[Number(digit)]).join('');
  return `10${exponent < 0 ? '⁻' : ''}${digits}`;
}

/** A class as text. The empty label is made visible. */
export function labelText(label: Label): string {
  return label === '' ? '(empty)' : String(label);
}

const CHARACTERS = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Text in at most `most` cells; a wide character or an emoji takes two and stays whole. Shortened text ends with …. */
export function shortened(text: string, most: number): string {
  let [cells, end] = [0, 0];
  for (const { segment, index } of CHARACTERS.segment(text)) {
    cells += stringWidth(segment);
    if (cells > most) return `${text.slice(0, end).trimEnd()}…`;
    // Where the text ends if … follows.
    if (cells < most) end = index + segment.length;
  }
  return text;
}

/** "3 samples", "1 sample". */
export function plural(value: number, noun: string, nouns = `${noun}s`): string {
  return `${count(value)}${NO_BREAK}${value === 1 ? noun : nouns}`;
}

function special(value: number): string {
  if (Number.isNaN(value)) return NONE;
  return value > 0 ? '∞' : '−∞';
}

export function sentenceCase(title: string): string {
  return title[0].toUpperCase() + title.slice(1);
}

/** Whether a bound says only that the minimum of an objective cannot be below 0. */
export function isTrivial(suboptimality: number, objective: number): boolean {
  return suboptimality > 0.99 * objective;
}
