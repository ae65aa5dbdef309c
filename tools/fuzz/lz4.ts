// LZ4 frames: content of the length that is asked for, or a refusal; the input stays as it is.
import { lz4Frame } from '../../src/formats/lz4.js';
import { decoded } from '../../src/formats/parts.js';
import { Violation } from './guard.js';
import { mutate, pick } from './mutate.js';
import { corpus, type Target } from './target.js';

const FILES = [...corpus('lz4').values()];
/** The length of the content of every frame in the corpus. */
const LENGTH = 3200;

export const lz4: Target = {
  name: 'lz4',
  make: (random) => mutate(pick(FILES, random), FILES, random),
  check: (bytes) => {
    const before = bytes.slice();
    const content = decoded('a.lz4', 'the frame', 'be read', () => lz4Frame(bytes, LENGTH));
    if (content.length !== LENGTH) throw new Violation('the content has another length');
    if (!Buffer.from(before).equals(bytes)) throw new Violation('it changes its input');
  },
};
