// Wheels: zip archives with hostile names, links, bombs and entries that contradict each other.
import { lstatSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import type { Random } from '../../src/core/random.js';
import { isNeeded, unpack } from '../../src/node/native/unpack.js';
import { unicodePath, type ZipEntry, zipOf } from '../../test/helpers/zip.js';
import { Violation } from './guard.js';
import { chance, mutate, pick, TOKENS } from './mutate.js';
import type { Target } from './target.js';

const NAMES = [
  ...[
    'tensorflow/libtensorflow_cc.so.2',
    'tensorflow/include/tensorflow/c/c_api.h',
    'nvidia/a',
    'nvidia/A',
    'nvidia/a/b',
  ],
  ...[
    'nvidia/../../evil',
    'nvidia\\..\\..\\evil',
    '../evil',
    '/nvidia/evil',
    'C:/nvidia/evil',
    'nvidia/./a',
    'nvidia//a',
  ],
  ...['nvidia/a\0b', 'nvidia/link', 'nvidia/link/evil', 'README', 'nvidia/__proto__', 'nvidia/\u202ea'],
];
const MODES = [0, 0o100644, 0o100755, 0o120777, 0o040755, 0o010644, 0o020666, 0o104777];
const BYTES = 2 ** 20;
/** What the files of one case may take on the disk: twenty times the largest wheel of a case, and a chunk. */
const MOST_WRITTEN = 21 * 2 ** 17;

export const wheel: Target = {
  name: 'wheel',
  codes: ['BACKEND'],
  make: (random) => {
    const bytes = new Uint8Array(zipOf(Array.from({ length: 1 + random.below(5) }, (_, i) => entryOf(i, random))));
    return chance(0.4, random) ? mutate(bytes, [bytes], random) : bytes;
  },
  check: async (bytes) => {
    const root = mkdtempSync(join(tmpdir(), 'fuzz-wheel-'));
    const into = join(root, 'deep', 'into');
    try {
      const path = join(root, 'x.whl');
      writeFileSync(path, bytes);
      try {
        await unpack({ kind: 'wheel', path }, into);
      } finally {
        assertInside(root);
      }
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  },
};

function entryOf(i: number, random: Random): ZipEntry {
  const name = chance(0.2, random)
    ? `nvidia/${pick(TOKENS, random)}`
    : chance(0.4, random)
      ? `nvidia/${i}`
      : pick(NAMES, random);
  const plain = Buffer.alloc(random.below(chance(0.1, random) ? BYTES : 100));
  const isPacked = chance(0.5, random);
  const entry = {
    name,
    method: isPacked ? 8 : 0,
    content: isPacked ? deflateRawSync(plain) : plain,
    claimed: plain.length,
  };
  if (chance(0.6, random)) return entry;
  switch (random.below(6)) {
    case 0:
      return { ...entry, mode: pick(MODES, random) };
    case 1:
      return { ...entry, localName: pick(NAMES, random) };
    case 2:
      return { ...entry, extra: unicodePath(name, pick(NAMES, random)) };
    case 3:
      return { ...entry, claimed: pick([0, 1, 1000, 0x7fffffff, 0xfffffffe], random) };
    case 4:
      return { ...entry, flags: 1 << random.below(16) };
    default:
      return i === 0 ? entry : { ...entry, over: random.below(i) };
  }
}

/** @throws Violation if something is outside the folder, a link, not needed, or larger than a wheel may be */
function assertInside(root: string): void {
  const inside = ['deep', 'into', ''].join(sep);
  let written = 0;
  for (const path of readdirSync(root, { recursive: true }) as string[]) {
    if (['x.whl', 'deep', join('deep', 'into')].includes(path)) continue;
    const name = path.slice(inside.length).split(sep).join('/');
    if (!path.startsWith(inside)) throw new Violation(`it writes outside the folder: ${path}`);
    const state = lstatSync(join(root, path));
    if (state.isDirectory()) continue;
    if (!state.isFile()) throw new Violation(`it makes something that is no file: ${name}`);
    if (!isNeeded(name)) throw new Violation(`it unpacks what is not needed: ${name}`);
    if ((state.mode & 0o022) !== 0) throw new Violation(`others may write ${name}`);
    written += state.size;
  }
  if (written > MOST_WRITTEN) throw new Violation(`it writes ${written} bytes`);
}
