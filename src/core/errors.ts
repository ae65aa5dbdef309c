// core: the four errors, one message form: where, which argument, the rule, what came, the way out.

/** Which of the four errors it is, across builds and threads. */
export type ErrorCode = 'SHAPE' | 'DOMAIN' | 'FORMAT' | 'BACKEND';

/** What an error is made from, and carries. */
export interface ErrorFields {
  /** The function, file or flag that complains. */
  readonly where: string;
  /** What is wrong there: an argument, a field of a file, a backend. */
  readonly argument: string;
  /** The rule, written to follow "must": `'have shape [32, 10]'`, `'be > 0'`. */
  readonly expected: string;
  /** What came instead. */
  readonly actual: string;
  /** The way out, as whole sentences. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/**
 * Base of every error this package throws on purpose.
 *
 * Tell them apart by `code`, which also works across the ES module and CommonJS builds and across worker threads.
 */
export class SoftmaxRegressionError extends Error {
  readonly code: ErrorCode;
  readonly where: string;
  readonly argument: string;
  readonly expected: string;
  readonly actual: string;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, name: string, fields: ErrorFields) {
    const { where, argument, expected, actual, hint, cause } = fields;
    const subject = where === '' ? shown(argument) : `${shown(where)}: ${shown(argument)}`;
    const wayOut = hint === undefined ? '' : ` ${hint.split('\n').map(printable).join('\n')}`;
    super(`${subject} must ${shown(expected)}; got ${shown(actual)}.${wayOut}`, { cause });
    this.name = name;
    this.code = code;
    this.where = where;
    this.argument = argument;
    this.expected = expected;
    this.actual = actual;
    this.hint = hint;
  }
}

/** The most characters of a field that a message shows; the field itself is whole. */
const MAX_SHOWN = 1000;

/** A field as a message shows it: what is long is cut. */
function shown(text: string): string {
  return printable(text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text);
}

/** Names of columns and the like come out of files, into hints as well: characters that a terminal would obey are written out. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Bidi_Control}]/gu, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** A tensor, array or option has the wrong rank, size or dtype. */
export class ShapeError extends SoftmaxRegressionError {
  constructor(fields: ErrorFields) {
    super('SHAPE', 'ShapeError', fields);
  }
}

/** A value is outside of the set where the function is defined. */
export class DomainError extends SoftmaxRegressionError {
  constructor(fields: ErrorFields) {
    super('DOMAIN', 'DomainError', fields);
  }
}

/** Bytes from a file or the network are not what their format says. */
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

/** Whether `error` comes from this package, from whichever of its builds. */
export function isSoftmaxRegressionError(error: unknown): error is SoftmaxRegressionError {
  return (
    error instanceof Error &&
    'code' in error &&
    ['SHAPE', 'DOMAIN', 'FORMAT', 'BACKEND'].includes(error.code as string) &&
    'expected' in error
  );
}
