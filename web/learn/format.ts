// web: numbers as the pages write them.

/** With a fixed number of digits, a true minus sign, and no minus before zero. */
export function fixed(value: number, digits = 3): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : minus(String(value).replace('Infinity', '∞'));
  const text = value.toFixed(digits);
  return minus(Number(text) === 0 ? text.replace('-', '') : text);
}

/** As short as it is exact: 0.1, −3. */
export const plain = (value: number): string => minus(String(value));

/** 2,096, for counts. */
export const count = (value: number): string => value.toLocaleString('en');

/** In parentheses if negative, as a factor or a summand. */
export const factor = (value: number): string => (value < 0 ? `(${plain(value)})` : plain(value));

/** 1.2e−7, or 1.2 without e+0. */
export const power = (value: number): string => minus(value === 0 ? '0' : value.toExponential(1).replace('e+0', ''));

/** x₁ for `sub('x', 1)`. */
export const sub = (letter: string, ...indices: number[]): string =>
  letter + indices.map((index) => String.fromCharCode(0x2080 + index)).join('');

const minus = (text: string): string => text.replace('-', '−');
