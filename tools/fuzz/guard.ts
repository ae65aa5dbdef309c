// The rules of a case: no large allocation, no modified prototype, and only errors of this package.

/** Thrown if a reader breaks a rule. Errors that are not errors of this package also count as violations. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

/** The maximum allocation of a case. */
export const MAX_ALLOCATION = 64 * 2 ** 20;

const ARRAYS = [
  ...['Int8Array', 'Uint8Array', 'Uint8ClampedArray', 'Int16Array', 'Uint16Array', 'Int32Array', 'Uint32Array'],
  ...['Float32Array', 'Float64Array', 'BigInt64Array', 'BigUint64Array', 'ArrayBuffer'],
];

let allocated = 0;

function count(bytes: number): void {
  if (!Number.isFinite(bytes) || bytes < 0) return;
  allocated += bytes;
  if (allocated > MAX_ALLOCATION) throw new Violation(`it allocates ${allocated} bytes`);
}

/** The bytes allocated in arrays since the last call. */
export function takeAllocated(): number {
  const before = allocated;
  allocated = 0;
  return before;
}

/** Counts allocations before they happen, because untouched memory does not appear as resident. */
export function meterAllocations(): void {
  const scope = globalThis as unknown as Record<
    string,
    { new (...args: unknown[]): object; BYTES_PER_ELEMENT?: number }
  >;
  for (const name of ARRAYS) {
    const Original = scope[name];
    scope[name] = new Proxy(Original, {
      construct(target, args: unknown[], newTarget) {
        if (typeof args[0] === 'number') count(args[0] * (Original.BYTES_PER_ELEMENT ?? 1));
        const array = Reflect.construct(
          target,
          args,
          newTarget === scope[name] ? target : newTarget,
        ) as ArrayBufferView;
        const copies = typeof args[0] === 'object' && !(args[0] instanceof ArrayBuffer);
        if (copies) count(array.byteLength);
        return array;
      },
    });
  }
  for (const method of ['alloc', 'allocUnsafe', 'allocUnsafeSlow'] as const) {
    const original = Buffer[method].bind(Buffer) as (size: number, ...rest: never[]) => Buffer;
    Object.assign(Buffer, {
      [method]: (size: number, ...rest: never[]) => {
        count(size);
        return original(size, ...rest);
      },
    });
  }
}

const PROTOTYPES = [Object, Array, Function, String, Number, Boolean, Map, Set, Promise, Error, RegExp].map(
  ({ prototype }) => prototype as object,
);

/** A snapshot of all properties of the prototypes. */
export function prototypes(): readonly (readonly [object, ReadonlyMap<PropertyKey, unknown>])[] {
  return PROTOTYPES.map((prototype) => {
    const keys = Reflect.ownKeys(prototype);
    const values = keys.map((key) => {
      const { value, get } = Object.getOwnPropertyDescriptor(prototype, key) ?? {};
      return [key, get ?? value] as const;
    });
    return [prototype, new Map<PropertyKey, unknown>(values)] as const;
  });
}

/** @throws Violation if a property of a prototype changed */
export function assertPrototypes(before: ReturnType<typeof prototypes>): void {
  prototypes().forEach(([prototype, now], i) => {
    const then = before[i][1];
    const changed = [...now].find(([key, value]) => !then.has(key) || then.get(key) !== value);
    if (changed !== undefined || now.size !== then.size) {
      const key = String(changed?.[0]);
      if (changed !== undefined && !then.has(changed[0])) Reflect.deleteProperty(prototype, changed[0]);
      throw new Violation(`it changes a prototype: ${key}`);
    }
  });
}

/** @throws Violation if an object has another prototype than one from JSON */
export function assertPlain(value: unknown): void {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== Array.prototype) throw new Violation('it makes an odd object');
  for (const item of Object.values(value)) assertPlain(item);
}

/** The maximum length of an error message. A longer one quotes the file. */
const MAX_MESSAGE = 4096;

/**
 * The code of the error with which a reader refuses its input.
 *
 * @param codes the allowed codes besides FORMAT, SHAPE and DOMAIN
 * @throws Violation if it is not an error of this package, is too long, or contains control characters
 */
export function refusalOf(error: unknown, codes: readonly string[]): string {
  if (error instanceof Violation) throw error;
  const { code, expected, message, stack } = error as { [field: string]: unknown };
  const isNamed = ['FORMAT', 'SHAPE', 'DOMAIN', ...codes].includes(String(code)) && typeof expected === 'string';
  if (!isNamed) throw new Violation(`an error of another kind: ${stack ?? error}`);
  const { length } = String(message);
  if (length > MAX_MESSAGE) throw new Violation(`a message of ${length} characters`);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern finds control characters
  if (/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/.test(String(message)))
    throw new Violation('a message with control characters');
  return String(code);
}

/** In place of a code, for a case that exceeds time or memory in the code of another package. */
export const BEYOND_LIMITS = 'beyond limits';

/** Whether a violation is one of time or memory. */
export function isOfLimits(violation: string): boolean {
  return /^it (?:takes|allocates)/.test(violation);
}
