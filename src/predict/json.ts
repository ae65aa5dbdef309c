// predict: JSON in files, written in one canonical form and read with limits.
import type { ErrorFields, SoftmaxRegressionError } from '../core/errors.js';
import { describe } from '../core/shape.js';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Makes an error with the name of the file. */
export type Fail = (fields: Omit<ErrorFields, 'where'>) => Error;

export const MAX_DEPTH = 16;

/** Throws an error unless `holds`. */
export type Check = (
  holds: boolean,
  argument: string,
  expected: string,
  actual: string,
  hint?: string,
) => asserts holds;

/** A check that throws errors of one class. */
export function checkOf(Refusal: new (fields: ErrorFields) => SoftmaxRegressionError, where: string): Check {
  return (holds, argument, expected, actual, hint) => {
    if (!holds) throw new Refusal({ where, argument, expected, actual, hint });
  };
}

export function parseJson(text: string | undefined, argument: string, check: Check): unknown {
  const depth = depthOf(text ?? '');
  check(depth <= MAX_DEPTH, argument, `nest at most ${MAX_DEPTH} deep`, `${depth}`);
  let value: unknown;
  try {
    // JSON.parse refuses undefined.
    value = JSON.parse(text as string);
  } catch {
    check(false, argument, 'be JSON', orNothing(text));
  }
  // Quotes in strings are escaped, so this is a key.
  const hasProto = /[{,]"__proto__":/.test(JSON.stringify(value));
  check(!hasProto, argument, 'have no key __proto__', 'one');
  return value;
}

/** The nesting depth of brackets outside strings. The result is arbitrary for invalid JSON. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (const char of text.replace(/\\./g, '').replace(/"[^"]*"/g, '')) {
    if ('[{'.includes(char)) deepest = Math.max(deepest, ++depth);
    else if (']}'.includes(char)) depth--;
  }
  return deepest;
}

/** Compact JSON with keys sorted by UTF-16 code unit. */
export function sortedJson(value: Json | object): string {
  if (Array.isArray(value)) return `[${value.map(sortedJson).join()}]`;
  if (!isRecord(value)) return JSON.stringify(value);
  const keys = Object.keys(value).filter((key) => value[key] !== undefined);
  return `{${keys.sort().map((key) => `${JSON.stringify(key)}:${sortedJson(value[key] as Json)}`)}}`;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  // Excludes Map, Date and typed arrays: JSON loses their content.
  return Object.prototype.toString.call(value) === '[object Object]';
}

export function isFiniteNumber(value: unknown): value is number {
  return Number.isFinite(value);
}

/** The rule of `isPositive`. */
export const POSITIVE = 'be a finite number > 0';

export function isPositive(value: unknown): boolean {
  return isFiniteNumber(value) && value > 0;
}

/** Whether the value is a list of integers ≥ 0, of length `count` if given. */
export function isSizes(value: unknown, count?: number): value is number[] {
  const isList = Array.isArray(value) && value.length === (count ?? value.length);
  return isList && value.every((x) => Number.isSafeInteger(x) && x >= 0);
}

/** The text after "got" in a message. */
export function orNothing(value: unknown): string {
  return value === undefined || value === '' ? 'nothing' : describe(value);
}
