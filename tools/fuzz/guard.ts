// What a case may not do: allocate more than its share, or leave the prototypes other than they were.

/** Raised for what a reader must never do; any other error that has no name of ours is one as well. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

/** A case may allocate this much at once, whatever its file says. */
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

/** Bytes in arrays since the last call. */
export function takeAllocated(): number {
  const before = allocated;
  allocated = 0;
  return before;
}

/** Counts what is asked for before it is there: memory that is never touched would not show as resident. */
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

/** Every property of the prototypes as it is now. */
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

/** @throws Violation if a prototype has another property than before */
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

/** @throws Violation if an object of what was read has another prototype than JSON gives it */
export function assertPlain(value: unknown): void {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== Array.prototype) throw new Violation('it makes an odd object');
  for (const item of Object.values(value)) assertPlain(item);
}

/** Characters of an error message: more is a file in the terminal. */
const MAX_MESSAGE = 4096;

/**
 * The code of an error by which a reader refuses its input.
 *
 * @param codes those that it may have beside FORMAT, SHAPE and DOMAIN
 * @throws Violation if it is no error of ours, or quotes what it should not
 */
export function refusalOf(error: unknown, codes: readonly string[]): string {
  if (error instanceof Violation) throw error;
  const { code, expected, message, stack } = error as { [field: string]: unknown };
  const isNamed = ['FORMAT', 'SHAPE', 'DOMAIN', ...codes].includes(String(code)) && typeof expected === 'string';
  if (!isNamed) throw new Violation(`an error without a name of ours: ${stack ?? error}`);
  const { length } = String(message);
  if (length > MAX_MESSAGE) throw new Violation(`a message of ${length} characters`);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  if (/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/.test(String(message)))
    throw new Violation('a message that commands a terminal');
  return String(code);
}
