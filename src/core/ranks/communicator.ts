// core: processes that compute together, each of them a rank.
import { DomainError } from '../errors.js';
import { assertObject, assertOneOf, describe } from '../shape.js';

/** How `allReduce` combines the numbers of the ranks. */
export type Reduction = 'sum' | 'max' | 'min';

export const REDUCTIONS: readonly Reduction[] = ['sum', 'max', 'min'];

/**
 * Processes that compute together.
 *
 * All ranks make the same calls in the same order. A call may begin before the one before it has ended; they then wait for
 * each other. It ends when all ranks have made it, and rejects if one of them is lost, has ended or makes another call:
 * a BackendError, after which nothing but the end of the process makes sense. What a call takes must not change until it ends.
 */
export interface Communicator {
  /** The number of this process, from 0. Only rank 0 prints and writes files. */
  readonly rank: number;
  /** The number of processes. */
  readonly size: number;
  /**
   * The bytes of every rank, by rank. Their lengths may differ. The results begin at multiples of 8 in their buffer, so
   * they can be viewed as numbers.
   */
  allGather(bytes: Uint8Array): Promise<Uint8Array[]>;
  /**
   * Replaces the numbers of every rank by their sum, maximum or minimum, entry by entry. All ranks pass the same type and
   * length, and all get the same bits. A sum has other bits with another number of ranks; `sumOverRanks` has the same.
   */
  allReduce(values: Float32Array | Float64Array, reduction: Reduction): Promise<void>;
  /** Waits until all ranks are here. */
  barrier(): Promise<void>;
  /**
   * Ends all ranks with this exit code, 1 by default; rank 0 prints the message. Does not return.
   *
   * @throws Aborted if this is the only process
   */
  abort(message: string, exitCode?: number): never;
}

/** An error of `abort` where this is the only process: the caller prints it and ends. */
export class Aborted extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number) {
    super(message);
    this.name = 'Aborted';
    this.exitCode = exitCode;
  }
}

/** This process alone. */
export const ONE_PROCESS: Communicator = {
  rank: 0,
  size: 1,
  async allGather(bytes) {
    assertBytes(bytes);
    return [bytes.slice()];
  },
  async allReduce(values, reduction) {
    assertReduction(values, reduction);
  },
  async barrier() {},
  abort(message, exitCode = 1) {
    throw new Aborted(message, exitCode);
  },
};

/** @throws DomainError unless the value is a communicator */
export function assertCommunicator(
  value: unknown,
  where: string,
  argument = 'communicator',
): asserts value is Communicator {
  const expected = 'be a communicator, as openCommunicator gives it';
  assertObject(value, where, argument, expected);
  const { rank, size, allGather, allReduce } = value as Partial<Communicator>;
  const isRank =
    Number.isInteger(size) && Number.isInteger(rank) && (rank as number) >= 0 && (rank as number) < (size as number);
  if (isRank && typeof allGather === 'function' && typeof allReduce === 'function') return;
  throw new DomainError({ where, argument, expected, actual: describe(value) });
}

export function assertBytes(bytes: Uint8Array): void {
  if (!isArray(bytes, 'Uint8Array')) throw wrong('allGather', 'bytes', 'be a Uint8Array', bytes);
}

export function assertReduction(values: Float32Array | Float64Array, reduction: Reduction): void {
  if (!isNumbers(values)) throw wrong('allReduce', 'values', 'be a Float32Array or Float64Array', values);
  assertOneOf(reduction, REDUCTIONS, 'allReduce', 'reduction');
}

function isNumbers(values: unknown): boolean {
  return isArray(values, 'Float32Array') || isArray(values, 'Float64Array');
}

/** Does not use `instanceof`, which fails across realms. A Buffer is a Uint8Array. */
function isArray(value: unknown, name: string): boolean {
  return ArrayBuffer.isView(value) && (value as unknown as Record<symbol, string>)[Symbol.toStringTag] === name;
}

function wrong(where: string, argument: string, expected: string, actual: unknown): DomainError {
  return new DomainError({ where, argument, expected, actual: describe(actual) });
}
