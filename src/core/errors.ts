// core: the four errors, with one message form: where, which argument, the rule, the actual value, a hint.

/** The kind of error; the same in every build and thread. */
export type ErrorCode = 'SHAPE' | 'DOMAIN' | 'FORMAT' | 'BACKEND';

/** The parts of an error message, which are also fields of the error. */
export interface ErrorFields {
  /** The function, file or flag that reports the error. */
  readonly where: string;
  /** The subject of the rule: an argument, a field of a file, a backend. */
  readonly argument: string;
  /** The rule, written to follow "must": `'have shape [32, 10]'`, `'be > 0'`. */
  readonly expected: string;
  /** The value that breaks the rule. */
  readonly actual: string;
  /** How to fix it, in whole sentences. */
  readonly hint?: string;
  /** Whether `argument` is an option that names a part of the file `where`, such as a column. */
  readonly isOption?: boolean;
  /** What the error is about, where programs say it in their own words. */
  readonly kind?: 'other-samples' | 'other-names' | 'not-registered';
  readonly cause?: unknown;
}

/**
 * Base of every error that this package throws deliberately.
 *
 * Distinguish them by `code`, which also works across the ES module and CommonJS builds and across worker threads.
 */
export class SoftmaxRegressionError extends Error {
  declare readonly code: ErrorCode;
  declare readonly where: string;
  declare readonly argument: string;
  declare readonly expected: string;
  declare readonly actual: string;
  declare readonly hint: string | undefined;
  /** Whether `argument` is an option that names a part of the file `where`, such as a column. */
  declare readonly isOption: boolean | undefined;
  /** What the error is about, where programs say it in their own words. */
  declare readonly kind: ErrorFields['kind'];

  constructor(code: ErrorCode, name: string, { cause, ...fields }: ErrorFields) {
    const { where, argument, expected, actual, hint } = fields;
    const place = where && `${shown(where)}: `;
    const wayOut = hint === undefined ? '' : ` ${hint.replace(/[^\n]+/g, printable)}`;
    super(`${place}${shown(argument)} must ${shown(expected)}; got ${shown(actual)}.${wayOut}`, { cause });
    Object.assign(this, { name, code, hint, ...fields });
  }
}

/** Longest part of a field in a message, in characters; the field itself is not cut. */
const MAX_SHOWN = 1000;

/** A field as printed in the message, cut if long. */
function shown(text: string): string {
  // Escaped first: a control character becomes six.
  const safe = printable(text.slice(0, MAX_SHOWN + 1));
  return safe.length > MAX_SHOWN ? `${safe.slice(0, MAX_SHOWN)}…` : safe;
}

/** Characters that a terminal interprets, or that reverse the order of the text around them. */
export const CONTROL = /[\p{Cc}\p{Bidi_Control}]/gu;

/** Column names and similar text come from files. Control characters that a terminal would interpret are escaped. */
export function printable(text: string): string {
  return text.replace(CONTROL, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** A tensor, array or option has the wrong rank, size or dtype. */
export class ShapeError extends SoftmaxRegressionError {
  constructor(fields: ErrorFields) {
    super('SHAPE', 'ShapeError', fields);
  }
}

/** A value is outside the domain of the function. */
export class DomainError extends SoftmaxRegressionError {
  constructor(fields: ErrorFields) {
    super('DOMAIN', 'DomainError', fields);
  }
}

/** Bytes from a file or the network violate their format. */
export class FormatError extends SoftmaxRegressionError {
  constructor(fields: ErrorFields) {
    super('FORMAT', 'FormatError', fields);
  }
}

/** A backend, native library or machine resource cannot be used. */
export class BackendError extends SoftmaxRegressionError {
  constructor(fields: ErrorFields) {
    super('BACKEND', 'BackendError', fields);
  }
}

/** Whether `error` was thrown by this package, by any of its builds. */
export function isSoftmaxRegressionError(error: unknown): error is SoftmaxRegressionError {
  return (
    error instanceof Error &&
    'code' in error &&
    ['SHAPE', 'DOMAIN', 'FORMAT', 'BACKEND'].includes(error.code as string) &&
    'expected' in error
  );
}
