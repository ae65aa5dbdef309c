// data: text and bytes → decimal numbers.

const ZERO = 48;
const PLUS = 43;
const MINUS = 45;
const COMMA = 44;
const POINT = 46;

/** The powers of ten that a double represents exactly. */
export const POWERS = Float64Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));

/**
 * A decimal number, or NaN for any other text, including empty text and infinity.
 *
 * @example [parseNumber('1e3'), parseNumber('0x1f'), parseNumber('1,5', ',')]   // [1000, NaN, 1.5]
 */
export function parseNumber(text: string, decimal: '.' | ',' = '.'): number {
  if (decimal === ',') return text.includes('.') ? Number.NaN : parseNumber(text.replace(',', '.'));
  const number = Number(text);
  // Number also accepts '', 0x1f, 0b1, 0o7 and Infinity. The only letter in a decimal number is e.
  if (number === 0 && text.length === 0) return Number.NaN;
  if (text.length > 2 && text.charCodeAt(0) === ZERO && text.charCodeAt(1) > 57 && (text.charCodeAt(1) | 32) !== 101) {
    return Number.NaN;
  }
  return Number.isFinite(number) || !text.includes('I') ? number : Number.NaN;
}

/**
 * The value of a short decimal in `bytes[start, end)`, identical to `Number` of its text; NaN for longer or other text.
 *
 * Integers of at most 15 digits and powers of ten up to 10²² are exact in a double, so their product or quotient is
 * rounded only once.
 *
 * @see W. D. Clinger, How to Read Floating Point Numbers Accurately, 1990
 */
export function shortDecimal(bytes: Uint8Array, start: number, end: number, decimal: '.' | ','): number {
  const point = decimal === ',' ? COMMA : POINT;
  const number = nineDigits(bytes, start, end, point);
  return Number.isNaN(number) ? fifteenDigits(bytes, start, end, point) : number;
}

/** A sign, nine digits and a point. */
const LONGEST = 11;

/** A decimal of at most nine digits, with an optional minus sign: the usual number, read in int32 arithmetic. */
function nineDigits(bytes: Uint8Array, start: number, end: number, point: number): number {
  if (end - start > LONGEST) return Number.NaN;
  const isNegative = start < end && bytes[start] === MINUS;
  const first = isNegative ? start + 1 : start;
  let mantissa = 0;
  /** The position after the point. */
  let fraction = 0;
  for (let at = first; at < end; at++) {
    const digit = bytes[at] - ZERO;
    if (digit >= 0 && digit <= 9) mantissa = (Math.imul(mantissa, 10) + digit) | 0;
    else if (bytes[at] === point && fraction === 0) fraction = at + 1;
    else return Number.NaN;
  }
  const digits = fraction === 0 ? end - first : end - first - 1;
  if (digits < 1 || digits > 9) return Number.NaN;
  const number = fraction === 0 ? mantissa : mantissa / POWERS[end - fraction];
  return isNegative ? -number : number;
}

/** A decimal of at most fifteen digits, with an optional sign and exponent. */
function fifteenDigits(bytes: Uint8Array, start: number, end: number, point: number): number {
  let at = start;
  const isNegative = start < end && bytes[start] === MINUS;
  if (isNegative || (start < end && bytes[start] === PLUS)) at++;
  let mantissa = 0;
  let digit = 0;
  const whole = at;
  for (; at < end; at++) {
    digit = bytes[at] - ZERO;
    if (digit < 0 || digit > 9) break;
    mantissa = 10 * mantissa + digit;
  }
  let digits = at - whole;
  let exponent = 0;
  if (at < end && bytes[at] === point) {
    const fraction = ++at;
    for (; at < end; at++) {
      digit = bytes[at] - ZERO;
      if (digit < 0 || digit > 9) break;
      mantissa = 10 * mantissa + digit;
    }
    exponent = fraction - at;
    digits += at - fraction;
  }
  // A mantissa of more than 15 digits may be rounded, but never below 1e15.
  if (digits === 0 || mantissa >= 1e15) return Number.NaN;
  if (at < end && (bytes[at] | 32) === 101) {
    at++;
    const isSmall = at < end && bytes[at] === MINUS;
    if (isSmall || (at < end && bytes[at] === PLUS)) at++;
    const first = at;
    let power = 0;
    for (; at < end; at++) {
      digit = bytes[at] - ZERO;
      if (digit < 0 || digit > 9) break;
      power = 10 * power + digit;
    }
    if (at === first) return Number.NaN;
    exponent += isSmall ? -power : power;
  }
  if (at !== end || exponent > 22 || exponent < -22) return Number.NaN;
  const number = exponent < 0 ? mantissa / POWERS[-exponent] : mantissa * POWERS[exponent];
  return isNegative ? -number : number;
}

/** Whether text that begins with this byte can be a number. White space outside ASCII can precede it. */
export function mayBeginNumber(byte: number): boolean {
  return (byte >= ZERO && byte <= 57) || (byte >= PLUS && byte <= POINT) || byte <= 32 || byte >= 0x80;
}

const GROUPED: Readonly<Record<'.' | ',', RegExp>> = {
  '.': /^[+-]?[1-9]\d{0,2}(?:([,'’\u0020\u00a0\u202f])\d{3})(?:\1\d{3})*(?:\.\d+)?$/,
  ',': /^[+-]?[1-9]\d{0,2}(?:([.'’\u0020\u00a0\u202f])\d{3})(?:\1\d{3})*(?:,\d+)?$/,
};

/**
 * A number whose digits are grouped by threes, with a comma, point, apostrophe or space that is not the decimal mark; NaN
 * for any other text.
 *
 * @example [parseGrouped('1,367'), parseGrouped('1.234.567,5', ','), parseGrouped('1,36')]   // [1367, 1234567.5, NaN]
 */
export function parseGrouped(text: string, decimal: '.' | ',' = '.'): number {
  if (!GROUPED[decimal].test(text)) return Number.NaN;
  return Number(text.replace(decimal === '.' ? /[^\d.+-]/g : /[^\d,+-]/g, '').replace(',', '.'));
}

/** How the numbers of a table are written. */
export interface NumberFormat {
  readonly decimal: '.' | ',';
  /** Whether there may be thousands separators. */
  readonly thousands?: boolean | undefined;
}

/**
 * A percentage as a share; NaN for text without a percent sign.
 *
 * @example parsePercent('12.5 %', { decimal: '.' })   // 0.125
 */
export function parsePercent(text: string, { decimal, thousands }: NumberFormat): number {
  if (!text.endsWith('%')) return Number.NaN;
  const digits = text.slice(0, -1).trimEnd();
  const number = parseNumber(digits, decimal);
  return (thousands === true && Number.isNaN(number) ? parseGrouped(digits, decimal) : number) / 100;
}
