// data: the values of one column of a typed table, as numbers and as text.
import { parseNumber } from '../number.js';

/** The values of a column in a block. A missing value is NaN, and an empty text. */
export interface Vector {
  /** The memory that it takes. */
  readonly bytes: number;
  number(row: number, decimal: '.' | ','): number;
  text(row: number): string;
  /** Whether the value is text by its type. */
  isText(row: number): boolean;
}

/** What a value can be besides numbers. */
export type Value = string | boolean | number | bigint | null | undefined;

/** Bytes of a value on the heap, with a short text. */
const VALUE = 48;

/** Numbers; null and NaN are missing. */
export class Numbers implements Vector {
  readonly #values: ArrayLike<number | null | undefined>;

  constructor(values: ArrayLike<number | null | undefined>) {
    this.#values = values;
  }

  get bytes(): number {
    return 8 * this.#values.length;
  }

  number(row: number): number {
    return this.#values[row] ?? Number.NaN;
  }

  text(row: number): string {
    const number = this.number(row);
    return Number.isNaN(number) ? '' : String(number);
  }

  isText(): boolean {
    return false;
  }
}

/** Text, booleans, numbers and integers of any size, mixed. An integer beyond 2⁵³ is no number, but has its text. */
export class Values implements Vector {
  readonly #values: ArrayLike<Value>;

  constructor(values: ArrayLike<Value>) {
    this.#values = values;
  }

  get bytes(): number {
    return VALUE * this.#values.length;
  }

  number(row: number, decimal: '.' | ','): number {
    const value = this.#values[row];
    if (typeof value === 'number') return value;
    if (typeof value === 'string') return parseNumber(value.trim(), decimal);
    return typeof value === 'bigint' && isExact(value) ? Number(value) : Number.NaN;
  }

  text(row: number): string {
    const value = this.#values[row];
    if (typeof value === 'string') return value.trim();
    return value === null || value === undefined || Number.isNaN(value) ? '' : String(value);
  }

  isText(row: number): boolean {
    return typeof this.#values[row] === 'string';
  }
}

const MOST = BigInt(Number.MAX_SAFE_INTEGER) + 1n;

function isExact(value: bigint): boolean {
  return value <= MOST && value >= -MOST;
}

/** Integers of 64 bits as numbers, where all of them are exact. */
export function integers(values: ArrayLike<bigint | null | undefined>): Vector {
  const numbers = exactNumbers(values);
  return numbers === undefined ? new Values(values) : new Numbers(numbers);
}

/** Integers as numbers, of which NaN is missing; undefined if one is not exact. */
export function exactNumbers(values: ArrayLike<bigint | null | undefined>): Float64Array | undefined {
  const numbers = new Float64Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value === null || value === undefined) numbers[i] = Number.NaN;
    else if (isExact(value)) numbers[i] = Number(value);
    else return undefined;
  }
  return numbers;
}

/** Moments, counted from 1970 in units of which a second or a day has `perSecond`. */
export class Moments implements Vector {
  readonly #values: ArrayLike<bigint | number | null | undefined>;
  readonly #unit: MomentUnit;

  constructor(values: ArrayLike<bigint | number | null | undefined>, unit: MomentUnit) {
    this.#values = values;
    this.#unit = unit;
  }

  get bytes(): number {
    return VALUE * this.#values.length;
  }

  number(): number {
    return Number.NaN;
  }

  text(row: number): string {
    const value = this.#values[row];
    return value === null || value === undefined ? '' : momentText(BigInt(value), this.#unit);
  }

  isText(): boolean {
    return false;
  }
}

export type MomentUnit = 'day' | 'second' | 'millisecond' | 'microsecond' | 'nanosecond';

/** Units in a second, and the digits of a fraction of it. */
const UNITS = { second: 0, millisecond: 3, microsecond: 6, nanosecond: 9 } as const;

/**
 * A moment as ISO 8601 writes it in UTC, without the time of day at midnight.
 *
 * @example momentText(1706706306123456n, 'microsecond')   // '2024-01-31T13:05:06.123456'
 */
export function momentText(value: bigint, unit: MomentUnit): string {
  if (unit === 'day') return dayText(value);
  const digits = UNITS[unit];
  const perSecond = BigInt(`1${'0'.repeat(digits)}`);
  const perDay = 86400n * perSecond;
  const ofDay = ((value % perDay) + perDay) % perDay;
  const day = dayText((value - ofDay) / perDay);
  if (ofDay === 0n) return day;
  const second = Number(ofDay / perSecond);
  const fraction = (ofDay % perSecond).toString().padStart(digits, '0').replace(/0+$/, '');
  const two = (part: number) => String(part).padStart(2, '0');
  const clock = [Math.floor(second / 3600), Math.floor(second / 60) % 60, second % 60].map(two).join(':');
  return `${day}T${clock}${digits === 0 || fraction === '' ? '' : `.${fraction}`}`;
}

/** The most days from 1970 of which the language has a date. */
const MOST_DAYS = 100_000_000n;

function dayText(days: bigint): string {
  if (days > MOST_DAYS || days < -MOST_DAYS) return `${days} days after 1970-01-01`;
  return new Date(Number(days) * 86_400_000).toISOString().slice(0, -14);
}
