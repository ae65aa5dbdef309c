// core: formatting of shapes and values, and the checks of plain arrays and options.
import { DomainError, ShapeError } from './errors.js';
import { nearest } from './nearest.js';

/** A value as printed after "got" in a message: short, even for large arrays. */
export function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  if (Object(value) !== value) return String(value);
  if (ArrayBuffer.isView(value)) return `a ${value.constructor.name} of ${(value as Uint8Array).length}`;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  // Read from the prototype: an object from JSON may have its own `constructor` property.
  const name: unknown = Object.getPrototypeOf(value)?.constructor?.name;
  return typeof name !== 'string' || name === 'Object' ? 'an object' : `a ${name}`;
}

export function formatShape(shape: readonly number[]): string {
  return `[${shape.map(describe).join(', ')}]`;
}

/**
 * [rows, columns] of nested arrays that form a rectangle.
 *
 * @throws ShapeError if the value is not nested arrays, or the rows differ in length
 */
export function rectangleShape(rows: unknown, where: string, argument: string): [number, number] {
  const expected = 'be an array of rows of equal length';
  if (!Array.isArray(rows)) throw new ShapeError({ where, argument, expected, actual: describe(rows) });
  const columns: unknown = rows.length === 0 ? 0 : rows[0]?.length;
  for (let i = 0; i < rows.length; i++) {
    const row: unknown = rows[i];
    const isRow = Array.isArray(row) || (ArrayBuffer.isView(row) && 'length' in row);
    if (!isRow)
      throw new ShapeError({
        where,
        argument: `${argument}[${i}]`,
        expected: 'be a row of numbers',
        actual: describe(row),
      });
    const length = (row as ArrayLike<unknown>).length;
    if (length !== columns) {
      throw new ShapeError({ where, argument, expected, actual: `row 0 of ${columns} and row ${i} of ${length}` });
    }
  }
  return [rows.length, columns as number];
}

export function checkFeatureCount(
  { shape }: { readonly shape: readonly number[] },
  d: number,
  where: string,
  argument = 'features',
): void {
  const [n, actual] = shape;
  // Without rows, the row length is undefined.
  if (actual === d || (n === 0 && actual === 0)) return;
  throw new ShapeError({ where, argument, expected: `have shape [${n}, ${d}]`, actual: `[${n}, ${actual}]` });
}

export function assertShape(
  actual: readonly number[],
  expected: readonly number[],
  where: string,
  argument: string,
  hint?: string,
): void {
  if (actual.length === expected.length && actual.every((size, axis) => size === expected[axis])) return;
  throw new ShapeError({
    where,
    argument,
    expected: `have shape ${formatShape(expected)}`,
    actual: formatShape(actual),
    hint,
  });
}

export function assertPositiveInteger(value: unknown, where: string, argument: string): asserts value is number {
  if (Number.isInteger(value) && (value as number) > 0) return;
  throw new DomainError({ where, argument, expected: 'be an integer > 0', actual: describe(value) });
}

/** Rejects what has no fields, such as a missing argument. */
export function assertObject(
  value: unknown,
  where: string,
  argument: string,
  expected = 'be an object',
): asserts value is object {
  if (typeof value === 'object' && value !== null) return;
  throw new DomainError({ where, argument, expected, actual: describe(value) });
}

export function assertText(value: unknown, where: string, argument: string): asserts value is string {
  if (typeof value === 'string') return;
  throw new DomainError({ where, argument, expected: 'be a string', actual: describe(value) });
}

export function assertFunction(value: unknown, where: string, argument: string): void {
  if (typeof value === 'function') return;
  throw new DomainError({ where, argument, expected: 'be a function', actual: describe(value) });
}

/** Rejects everything except an AbortSignal, of any realm or library, and undefined. */
export function assertSignal(value: unknown, where: string, argument = 'signal'): void {
  if (value === undefined) return;
  const signal = value as AbortSignal | null;
  if (typeof signal?.aborted === 'boolean' && typeof signal.throwIfAborted === 'function') return;
  throw new DomainError({ where, argument, expected: 'be an AbortSignal', actual: describe(value) });
}

/** Rejects everything except arrays and typed arrays. */
export function assertList(
  value: unknown,
  where: string,
  argument: string,
  expected = 'be an array',
): asserts value is ArrayLike<unknown> {
  if (Array.isArray(value) || (ArrayBuffer.isView(value) && 'length' in value)) return;
  throw new ShapeError({ where, argument, expected, actual: describe(value) });
}

export function assertNumbers(values: ArrayLike<unknown>, where: string, argument: string): void {
  for (let i = 0; i < values.length; i++) {
    if (typeof values[i] === 'number') continue;
    throw new DomainError({
      where,
      argument: `${argument}[${i}]`,
      expected: 'be a number',
      actual: describe(values[i]),
    });
  }
}

export function assertOneOf<T>(
  value: unknown,
  allowed: readonly T[],
  where: string,
  argument: string,
): asserts value is T {
  if ((allowed as readonly unknown[]).includes(value)) return;
  const names = allowed.map((each) => (typeof each === 'string' ? `'${each}'` : String(each))).join(' | ');
  throw new DomainError({ where, argument, expected: `be ${names}`, actual: describe(value) });
}

/**
 * Rejects unknown options and suggests the nearest name.
 *
 * @throws DomainError if `options` is not an object or has a key outside `allowed`
 */
export function assertKnownOptions(options: unknown, allowed: readonly string[], where: string): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new DomainError({ where, argument: 'options', expected: 'be an object', actual: describe(options) });
  }
  for (const key of Object.keys(options)) {
    if (allowed.includes(key)) continue;
    const near = nearest(key, allowed);
    const hint = near === undefined ? undefined : `Did you mean ${near}?`;
    const expected = `have keys among ${allowed.join(', ')}`;
    throw new DomainError({ where, argument: 'options', expected, actual: `'${key}'`, hint });
  }
}

const UNITS = [
  [1e9, 'GB'],
  [1e6, 'MB'],
  [1e3, 'kB'],
] as const;

/** Bytes in a unit of at least 1. */
export function inBytes(bytes: number): string {
  const [size, unit] = UNITS.find(([size]) => bytes >= size) ?? [1, 'bytes'];
  return `${size === 1 ? bytes : (bytes / size).toFixed(1)} ${unit}`;
}
