// training: validates and reads the snapshots of all solvers.

import { formatShape } from '../../core/shape.js';
import { LARGEST_FLOAT32 } from '../../core/tolerance.js';
import { type Fail, orNothing } from '../../predict/json.js';
import { dtypeOf, type StoredTensor } from '../../serialization/container.js';
import type { EpochRecord } from '../fit.js';
import type { Snapshot } from './file.js';

/** A history as one tensor, [epochs, 1 or 3]: the loss, and with validation its loss and accuracy. */
export function historyTensor(history: readonly EpochRecord[], validates: boolean): StoredTensor {
  const columns = columnsOf(validates);
  const values = Float64Array.from({ length: history.length * columns.length }, (_, i) => {
    const record = history[Math.floor(i / columns.length)];
    return record[columns[i % columns.length]] as number;
  });
  return { shape: [history.length, columns.length], values };
}

function columnsOf(validates: boolean): readonly Exclude<keyof EpochRecord, 'epoch'>[] {
  return validates ? ['loss', 'validationLoss', 'validationAccuracy'] : ['loss'];
}

/** Reads a snapshot and validates each entry. At the end, no entry may be left unread. */
export class SnapshotReader {
  readonly #left: Set<string>;

  constructor(
    private readonly snapshot: Snapshot,
    private readonly fail: Fail,
  ) {
    this.#left = new Set(Object.keys(snapshot.tensors));
  }

  /** An integer of the state. */
  count(name: string, min: number, max = Number.MAX_SAFE_INTEGER): number {
    const value = this.snapshot.state[name];
    if (Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max) return value as number;
    const expected = `be an integer ${max === Number.MAX_SAFE_INTEGER ? `≥ ${min}` : `from ${min} to ${max}`}`;
    throw this.fail({ argument: `state.${name}`, expected, actual: orNothing(value) });
  }

  oneOf<T extends string>(name: string, allowed: readonly T[]): T {
    const value = this.snapshot.state[name];
    if (allowed.includes(value as T)) return value as T;
    const expected = `be ${allowed.map((each) => `"${each}"`).join(' or ')}`;
    throw this.fail({ argument: `state.${name}`, expected, actual: orNothing(value) });
  }

  /** Four words of 32 bits, not all 0, because the generator would then return only zeros. */
  words(name: string): [number, number, number, number] {
    const value: unknown = this.snapshot.state[name];
    const isWord = (word: unknown) => Number.isInteger(word) && (word as number) >= 0 && (word as number) < 2 ** 32;
    if (Array.isArray(value) && value.length === 4 && value.every(isWord) && value.some((word) => word !== 0)) {
      return value as [number, number, number, number];
    }
    throw this.fail({
      argument: `state.${name}`,
      expected: 'be 4 words of 32 bits, not all 0',
      actual: orNothing(value),
    });
  }

  has(name: string): boolean {
    return this.#left.has(name);
  }

  float32(name: string, shape: readonly number[]): Float32Array {
    return this.#tensor(name, 'F32', shape).values as Float32Array;
  }

  float64(name: string, shape: readonly number[]): Float64Array {
    return this.#tensor(name, 'F64', shape).values as Float64Array;
  }

  /** A tensor [rows, columns] with at most `most` rows. */
  rows(name: string, columns: number, most: number): Float64Array[] {
    const stored = this.snapshot.tensors[name]?.shape[0] ?? 0;
    if (stored > most) {
      const actual = formatShape(this.snapshot.tensors[name].shape);
      throw this.fail({ argument: `${name}.shape`, expected: `have at most ${most} rows`, actual });
    }
    const values = this.float64(name, [stored, columns]);
    return Array.from({ length: stored }, (_, i) => values.slice(i * columns, (i + 1) * columns));
  }

  history(epochs: number, validates: boolean): EpochRecord[] {
    const columns = columnsOf(validates);
    const values = this.float64('history', [epochs, columns.length]);
    return Array.from({ length: epochs }, (_, i) => {
      const entries = columns.map((column, k) => [column, values[i * columns.length + k]]);
      return { epoch: i + 1, ...(Object.fromEntries(entries) as Omit<EpochRecord, 'epoch'>) };
    });
  }

  /** Checks that all numbers are finite, as a fit never stores others. */
  finite<Values extends Float32Array | Float64Array>(values: Values, name: string): Values {
    const at = values.findIndex((value) => !Number.isFinite(value));
    if (at < 0) return values;
    throw this.fail({ argument: `${name}[${at}]`, expected: 'be a finite number', actual: String(values[at]) });
  }

  /** Checks that a model can store numbers as its weights, which are float32. */
  weights(values: Float64Array, name: string): Float64Array {
    const at = values.findIndex((value) => Math.abs(value) > LARGEST_FLOAT32);
    if (at < 0) return values;
    throw this.fail({ argument: `${name}[${at}]`, expected: 'be a number of float32', actual: String(values[at]) });
  }

  /** Checks that no tensor is left unread. */
  end(): void {
    const [stray] = this.#left;
    if (stray === undefined) return;
    throw this.fail({ argument: 'header', expected: "name the solver's tensors", actual: `"${stray}" too` });
  }

  #tensor(name: string, dtype: 'F32' | 'F64', shape: readonly number[]): StoredTensor {
    const { tensors } = this.snapshot;
    const tensor = this.#left.has(name) ? tensors[name] : undefined;
    const expected = `be ${dtype} of shape ${formatShape(shape)}`;
    if (tensor === undefined) throw this.fail({ argument: name, expected, actual: 'nothing' });
    const found = dtypeOf(tensor.values);
    if (found !== dtype || formatShape(tensor.shape) !== formatShape(shape)) {
      throw this.fail({ argument: name, expected, actual: `${found} of shape ${formatShape(tensor.shape)}` });
    }
    this.#left.delete(name);
    return tensor;
  }
}
