// features: arrays that grow.

/** An array of at least this length: the same, or a copy of twice the size. */
export function grown<T extends Uint8Array | Int32Array | Uint32Array | Float64Array>(array: T, length: number): T {
  if (length <= array.length) return array;
  const larger = new (array.constructor as new (length: number) => T)(Math.max(2 * array.length, length));
  larger.set(array);
  return larger;
}

/** Int32 numbers that arrive one after the other. */
export class IntList {
  length = 0;
  /** The first `length` are the numbers. A later push may replace the array. */
  values = new Int32Array(64);

  push(value: number): void {
    if (this.length === this.values.length) this.values = grown(this.values, this.length + 1);
    this.values[this.length++] = value;
  }

  /** A copy. */
  copy(): Int32Array {
    return this.values.slice(0, this.length);
  }
}
