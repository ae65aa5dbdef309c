// web: the state of a page of the chapter, as the query of its address.

import { languageOf, type Translate } from './language.js';

/** A list of numbers of fixed length, each in [min, max]. */
export interface Field {
  readonly initial: readonly number[];
  readonly min: number;
  readonly max: number;
  readonly integer?: boolean;
  /** Whether the sum must be above 0. */
  readonly positive?: boolean;
}

export type Fields = Readonly<Record<string, Field>>;
export type Values<F extends Fields> = { [K in keyof F]: readonly number[] };

/** The one picture that goes through all pages: pixels, class, and the weights that classify it. */
export const SAMPLE = {
  x: { initial: [0.1, 0.9, 0.8, 0.2], min: 0, max: 1 },
  class: { initial: [2], min: 0, max: 2, integer: true },
  /** W, [3, 4] in rows: the weights of cat, of chicken, of dog. */
  w: { initial: [1, -1, 0.5, 2, 0, 2, -3, 0.25, -2, 0.5, 1, 0], min: -1000, max: 1000 },
  b: { initial: [0.5, -1, 0.5], min: -1000, max: 1000 },
} as const satisfies Fields;

export type Sample = Values<typeof SAMPLE>;

export const CLASSES = ['cat', 'chicken', 'dog'] as const;

/** W in rows, one for each class. */
export const weightRows = ({ w }: Pick<Sample, 'w'>): number[][] => CLASSES.map((_, j) => w.slice(4 * j, 4 * j + 4));

/** Values are kept to six significant digits, so that a link has exactly the values of the page. */
export const kept = (value: number): number => Number(value.toPrecision(6));

/** Why a part of a query is not used: no such name, the name is there again, or its value is not valid. */
export type Fault = 'unknown' | 'repeated' | 'invalid';

interface Ignored {
  readonly name: string;
  readonly fault: Fault;
}

/**
 * Reads the fields of a query. A field that is missing has its initial value, and so has one with a fault.
 *
 * @returns the values, and what is not used of the query. `lang` is a known name, for `chooseLanguage`.
 */
export function readState<F extends Fields>(query: string, fields: F): { values: Values<F>; ignored: Ignored[] } {
  const given = new URLSearchParams(query);
  const faultOf = (name: string): Fault | undefined => {
    const isLanguage = name === 'lang';
    if (!isLanguage && !Object.hasOwn(fields, name)) return 'unknown';
    const [text, ...more] = given.getAll(name);
    if (more.length > 0) return 'repeated';
    const isGood = isLanguage ? languageOf(text) !== undefined : isValid(numbersOf(text), fields[name]);
    return isGood ? undefined : 'invalid';
  };
  const ignored = [...new Set(given.keys())].flatMap((name) => {
    const fault = faultOf(name);
    return fault === undefined ? [] : [{ name, fault }];
  });
  const entries = Object.entries(fields).map(([name, { initial }]) => {
    const text = ignored.some((each) => each.name === name) ? null : given.get(name);
    return [name, text === null ? initial : numbersOf(text).map(kept)];
  });
  return { values: Object.fromEntries(entries), ignored };
}

/** What a page says about a link that it does not use completely. */
export function noticeOf(ignored: readonly Ignored[], t: Translate): string {
  const faults = ignored.map(({ name, fault }) => t(`ignored.${fault}`, { name }));
  const notice = t('ignored', { faults: faults.join(t('ignored.next')) });
  // An unknown name has no default value.
  return ignored.every(({ fault }) => fault === 'unknown') ? notice : notice + t('ignored.defaults');
}

const numbersOf = (text: string): number[] =>
  text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));

function isValid(numbers: readonly number[], { initial, min, max, integer, positive }: Field): boolean {
  const isInside = (value: number) => value >= min && value <= max && (integer !== true || Number.isInteger(value));
  const isPositive = positive !== true || numbers.some((value) => kept(value) > 0);
  return numbers.length === initial.length && numbers.every(isInside) && isPositive;
}

/** The query of the values that differ from the initial ones, without `?`. */
export function writeState<F extends Fields>(values: Values<F>, fields: F): string {
  return Object.entries(fields)
    .filter(([name, { initial }]) => initial.some((value, i) => value !== values[name][i]))
    .map(([name]) => `${name}=${values[name].join(',')}`)
    .join('&');
}
