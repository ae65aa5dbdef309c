// serialization: JSON in files: written in one way only, and read with limits.
import type { ErrorFields } from '../core/errors.js';
import { describe } from '../core/shape.js';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** An error that names its file. */
export type Fail = (fields: Omit<ErrorFields, 'where'>) => Error;

const MAX_DEPTH = 16;

export function assertJson(value: unknown, argument: string, depth: number, fail: Fail): void {
  if (depth >= MAX_DEPTH) {
    throw fail({ argument, expected: `nest at most ${MAX_DEPTH} deep`, actual: describe(value) });
  }
  if (Array.isArray(value)) {
    each(value, (item, i) => assertJson(item, `${argument}[${i}]`, depth + 1, fail));
  } else if (isRecord(value)) {
    for (const [key, item] of Object.entries(value)) {
      if (key === '__proto__') throw fail({ argument, expected: 'have no key __proto__', actual: 'one' });
      // As JSON has it: a property that is undefined is none.
      if (item !== undefined) assertJson(item, `${argument}.${key}`, depth + 1, fail);
    }
  } else if (value !== null && typeof value !== 'string' && typeof value !== 'boolean' && !isFiniteNumber(value)) {
    throw fail({ argument, expected: 'be JSON', actual: describe(value) });
  }
}

export function parseJson(text: string | undefined, argument: string, fail: Fail): unknown {
  const expected = 'be JSON';
  if (text === undefined) throw fail({ argument, expected, actual: 'nothing' });
  if (depthOf(text) > MAX_DEPTH) {
    throw fail({ argument, expected: `nest at most ${MAX_DEPTH} deep`, actual: `${depthOf(text)}` });
  }
  let isProto = false;
  let value: unknown;
  try {
    value = JSON.parse(text, (key, item) => {
      isProto ||= key === '__proto__';
      return item;
    });
  } catch (cause) {
    throw fail({ argument, expected, actual: describe(text), cause });
  }
  if (isProto) throw fail({ argument, expected: 'have no key __proto__', actual: 'one' });
  return value;
}

/** How deep brackets nest. Strings are stepped over; text that is no JSON gets some number. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (char === '"') inString = !inString;
    else if (inString) i += char === '\\' ? 1 : 0;
    else if (char === '[' || char === '{') deepest = Math.max(deepest, ++depth);
    else if (char === ']' || char === '}') depth--;
  }
  return deepest;
}

/** Compact JSON whose keys are sorted by UTF-16 code unit, whatever the order in which they were set. */
export function sortedJson(value: Json | object): string {
  if (Array.isArray(value)) return `[${value.map(sortedJson).join()}]`;
  if (!isRecord(value)) return JSON.stringify(value);
  const keys = Object.keys(value).filter((key) => value[key] !== undefined);
  return `{${keys.sort().map((key) => `${JSON.stringify(key)}:${sortedJson(value[key] as Json)}`)}}`;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  // Not a Map, a Date or a typed array, whose content JSON would lose.
  return Object.prototype.toString.call(value) === '[object Object]';
}

export function isFiniteNumber(value: unknown): value is number {
  return Number.isFinite(value);
}

export function each(items: ArrayLike<unknown>, visit: (item: unknown, i: number) => void): void {
  for (let i = 0; i < items.length; i++) visit(items[i], i);
}

/** As it appears after "got" in a message. */
export function orNothing(value: unknown): string {
  return value === undefined || value === '' ? 'nothing' : describe(value);
}
