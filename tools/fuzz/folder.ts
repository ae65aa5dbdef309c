// Folders of IDX files, plain and packed: gzip bombs, links to other places, pipes, hostile names.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Random } from '../../src/core/random.js';
import { parseIdx } from '../../src/data/idx.js';
import { loadIdxFolder } from '../../src/node/datasets/idx-folder.js';
import { Violation } from './guard.js';
import { assertSameBytes } from './idx.js';
import { chance, mutate, pick } from './mutate.js';
import { corpus, type Target } from './target.js';

const IMAGES = corpus('folder').get('images-idx3-ubyte') as Uint8Array;
const LABELS = corpus('folder').get('labels-idx1-ubyte') as Uint8Array;

/** An entry of the folder: the bytes of a file in base64, or something that is not a file. */
type Entry = { readonly name: string; readonly bytes: string } | { readonly name: string; readonly trick: string };

/** 32 MiB of zeros in 32 kB. */
const BOMB = gzipSync(new Uint8Array(32 * 2 ** 20));

const NAMES = [
  ...['train-images-idx3-ubyte', 'train-images-idx3-ubyte.gz', 'TRAIN-IMAGES-IDX3-UBYTE.GZ', 'test-images-idx3-ubyte'],
  ...[
    't10k-labels-idx1-ubyte.gz',
    'images-idx3-ubyte',
    '__proto__-images-idx3-ubyte',
    `${'train'.repeat(20)}-images-idx3`,
  ],
  ...[
    '..train-images-idx3-ubyte',
    'train-images-idx3-\u202eubyte',
    'train\nimages-idx3-ubyte',
    'constructor-images-idx3',
  ],
];
const TRICKS = ['folder', 'link /dev/zero', 'link /etc/passwd', 'link .', 'link itself', 'pipe', 'link ../nothing'];

export const folder: Target = {
  name: 'folder',
  codes: ['BACKEND'],
  make: (random) => {
    const entries: Entry[] = [
      packed('train-images-idx3-ubyte', IMAGES, random),
      packed('train-labels-idx1-ubyte', LABELS, random),
    ];
    if (chance(0.25, random)) {
      entries.push(
        chance(0.6, random)
          ? { name: pick(NAMES, random), trick: pick(TRICKS, random) }
          : packed(pick(NAMES, random), IMAGES, random),
      );
    }
    return Buffer.from(JSON.stringify(entries));
  },
  check: async (bytes) => {
    const entries = JSON.parse(Buffer.from(bytes).toString()) as Entry[];
    const path = mkdtempSync(join(tmpdir(), 'fuzz-'));
    try {
      for (const entry of entries) put(path, entry);
      const { train } = await loadIdxFolder(path);
      if (train !== undefined) assertTrue(train.features.values as Uint8Array, entries);
    } finally {
      rmSync(path, { recursive: true, force: true });
    }
  },
};

function packed(name: string, plain: Uint8Array, random: Random): Entry {
  const kind = random.below(10);
  if (kind < 2) return { name, bytes: base64(chance(0.5, random) ? mutate(plain, [IMAGES, LABELS], random) : plain) };
  const gzip = gzipSync(kind < 5 ? mutate(plain, [IMAGES, LABELS], random) : plain, { level: random.below(10) });
  if (kind === 9) return { name: `${name}.gz`, bytes: base64(bomb(random)) };
  return { name: `${name}.gz`, bytes: base64(kind < 7 ? mutate(gzip, [gzip], random) : gzip) };
}

/** A small header with a small or large claimed size, followed by 32 MiB of zeros. */
function bomb(random: Random): Uint8Array {
  const header = Buffer.from(IMAGES.subarray(0, 16));
  header.writeUInt32BE(pick([2, 1000, 0x10000, 0x7ffffff, 0xffffffff], random), 4);
  header.writeUInt32BE(pick([1, 28, 0xffff], random), 8);
  return chance(0.5, random) ? gzipSync(header) : Buffer.concat([gzipSync(header), BOMB]);
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

function put(path: string, entry: Entry): void {
  const file = join(path, entry.name);
  rmSync(file, { recursive: true, force: true });
  if ('bytes' in entry) writeFileSync(file, Buffer.from(entry.bytes, 'base64'));
  else if (entry.trick === 'folder') mkdirSync(file);
  else if (entry.trick === 'pipe') execFileSync('mkfifo', [file]);
  else symlinkSync(entry.trick === 'link itself' ? file : entry.trick.slice('link '.length), file);
}

/** @throws Violation unless the numbers are those of one of the files, unpacked by zlib alone */
function assertTrue(values: Uint8Array, entries: readonly Entry[]): void {
  const files = entries.flatMap((entry) => ('bytes' in entry ? [Buffer.from(entry.bytes, 'base64')] : []));
  const isOneOfThem = files.some((file) => {
    try {
      const plain = new Uint8Array(file[0] === 0x1f ? gunzipSync(file, { maxOutputLength: 2 ** 22 }) : file);
      const array = parseIdx(plain);
      assertSameBytes(array, plain);
      return Buffer.from(array.values.buffer, array.values.byteOffset, array.values.byteLength).equals(
        Buffer.from(values.buffer, values.byteOffset, values.byteLength),
      );
    } catch {
      return false;
    }
  });
  if (!isOneOfThem) throw new Violation('its numbers are in none of the files');
}
