// node: rows of numbers in a temporary file.
import { completeRows, type RowWriter } from '../data/stored-rows.js';
import { openUnnamed } from './unnamed-file.js';

const NUMBER = 8;

/**
 * Begins a temporary file of rows of d numbers.
 *
 * @param n the number of rows, if it is known, or of those that are at hand: for so many there must be space
 * @param folder where to put it; the system's folder for temporary files by default, which TMPDIR names
 * @throws BackendError if the folder has too little space, or cannot be written to
 */
export async function openRowFile(n: number, d: number, folder?: string): Promise<RowWriter> {
  const room = { bytes: NUMBER * n * d, purpose: 'the rows of the table' };
  const file = await openUnnamed('softmax-regression-rows', { folder, room });
  let end = 0;
  return {
    async write(values) {
      await file.write(bytesOf(values), end);
      end += NUMBER * values.length;
    },
    async finish() {
      return completeRows([end / (NUMBER * d), d], (start, stop, into) =>
        file.read(bytesOf(into.subarray(0, (stop - start) * d)), NUMBER * start * d),
      );
    },
    close: file.close,
  };
}

function bytesOf({ buffer, byteOffset, byteLength }: Float64Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
