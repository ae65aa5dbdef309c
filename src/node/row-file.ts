// node: rows of numbers in a temporary file.
import { completeRows, type RowWriter } from '../data/stored-rows.js';
import { NumberPacker, unpacking } from './packed-numbers.js';
import { openUnnamed } from './unnamed-file.js';

const NUMBER = 8;

/**
 * Begins a temporary file of rows of d numbers, which take 1, 4 or 8 bytes each, in blocks.
 *
 * @param n the number of rows, if it is known, or of those that are at hand: for so many there must be space
 * @param folder where to put it; the system's folder for temporary files by default, which TMPDIR names
 * @throws BackendError if the folder has too little space, or cannot be written to
 */
export async function openRowFile(n: number, d: number, folder?: string): Promise<RowWriter> {
  const room = { bytes: NUMBER * n * d, purpose: 'the rows of the table' };
  const file = await openUnnamed('softmax-regression-rows', { folder, room });
  let [count, end] = [0, 0];
  const packer = new NumberPacker(async (bytes) => {
    await file.write(bytes, end);
    end += bytes.length;
  });
  return {
    async write(values) {
      await packer.write(values);
      count += values.length;
    },
    async finish() {
      await packer.finish();
      const read = unpacking(packer.widths, file.read);
      return completeRows([count / d, d], (start, stop, into) => read(start * d, stop * d, into));
    },
    close: file.close,
  };
}
