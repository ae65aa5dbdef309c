// The safetensors header of models and checkpoints: splits it, and joins it with forgeries.
import type { Random } from '../../src/core/random.js';
import { chance } from './mutate.js';

export interface Parts {
  readonly text: string;
  readonly data: Uint8Array;
  readonly sha256: string;
  readonly header: { __metadata__: Record<string, unknown>; [tensor: string]: unknown };
}

export function split(bytes: Uint8Array): Omit<Parts, 'header'> {
  const end = 8 + Buffer.from(bytes).readUInt32LE(0);
  const text = Buffer.from(bytes.subarray(8, end)).toString().trimEnd();
  return { text, data: bytes.slice(end), sha256: /"sha256":"([0-9a-f]*)"/.exec(text)?.[1] ?? '' };
}

/** The header as JSON, sometimes with a duplicate key, a `__proto__` key, or deep nesting. */
export function forgedHeader(header: Parts['header'], random: Random): string {
  let written = JSON.stringify(header);
  if (chance(0.1, random)) written = written.replace(/"(bias|shape|format|classes|state)":/, (key) => `${key}0,${key}`);
  if (chance(0.1, random))
    written = written.replace(/"(weight|note|dtype|classes|state)":/, '"__proto__":{"polluted":1},$&');
  if (chance(0.05, random)) written = written.replace(/[[{]/, (open) => open + '['.repeat(2 ** random.below(18)));
  return written;
}

export function join(header: string, data: Uint8Array, random: Random): Uint8Array {
  const padded = Buffer.from(header + ' '.repeat(random.below(9)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  return new Uint8Array(Buffer.concat([length, padded, data]));
}

/** Forged shapes and offsets. */
export const SHAPES = [[0], [1], [3], [1, 3], [4, 3], [3, 4], [2 ** 31, 3], [2 ** 53, 2], [-1, 3], [1.5, 2], [4, 3, 1]];

/** Forged values of metadata. */
export const VALUES = [
  ...[
    '0',
    '1',
    '-1',
    '1e999',
    '1e308',
    '5e-324',
    '1e-320',
    '-0',
    '0.5',
    '2',
    '"1"',
    'null',
    '[]',
    '{}',
    '[null]',
    'true',
  ],
  ...['{"constructor":null}', '{"constructor":{"name":1}}', '{"__proto__":{"a":1}}', '{"length":3}', '{"toString":1}'],
  ...[
    '["a","b","c"]',
    '["a","a","a"]',
    '["a","a"]',
    '["a"]',
    '[1,2,3]',
    '[true,false]',
    '["__proto__","constructor","x"]',
    '[0,-0,1]',
    '["",""]',
  ],
  JSON.stringify(['x'.repeat(20_000)]),
  JSON.stringify(['\u001b[2J', 'a', 'b']),
  ...['{"mean":[0,0,0,0],"scale":[5e-324,1,1,1]}', '{"mean":[1e308,0,0,0],"scale":[1,1,1,1]}', '{"mean":1,"scale":1}'],
];
