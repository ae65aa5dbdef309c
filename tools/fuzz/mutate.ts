// Seeded damage: breaks, truncates, extends or forges a valid file.
import { Random } from '../../src/core/random.js';

/** Forged lengths, sizes and offsets. */
const SIZES = [0, 1, 2, 3, 255, 256, 0x7fff, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff];

/** float32 and float64 as big-endian bytes: NaN with payloads, infinities, the largest and the smallest number, −0. */
const NUMBERS = [
  [0x7f, 0xc0, 0, 0],
  [0x7f, 0xa0, 0x0b, 0xad],
  [0xff, 0xff, 0xff, 0xff],
  [0x7f, 0x80, 0, 0],
  [0xff, 0x80, 0, 0],
  [0x7f, 0x7f, 0xff, 0xff],
  [0, 0, 0, 1],
  [0x80, 0, 0, 0],
  [0x7f, 0xf8, 0, 0, 0, 0, 0x0b, 0xad],
  [0x7f, 0xf0, 0, 0, 0, 0, 0, 0],
];

/** Text that often breaks readers. */
export const TOKENS = [
  ...['__proto__', 'constructor', 'prototype', 'toString', '"', '""', '\\', '\\u0000', '\\ud800', '\u0000', '\ufeff'],
  ...['{', '}', '[', ']', '{}', '[]', 'null', 'true', 'false', 'NaN', 'Infinity', '-Infinity', '1e999', '-0', '1e-320'],
  ...['0x1f', '9007199254740993', '1,5', "'", '`', ',', ';', '\t', '|', '\n', '\r', '\r\n', ' ', '\u00a0', '\u2028'],
  ...[
    'ÿ',
    '日本',
    '𝒳',
    '../',
    '..\\',
    '/etc/passwd',
    'C:\\',
    '%00',
    '=1+1',
    '<script>',
    '$(id)',
    '\u001b[2J',
    '\u202e',
    'NA',
    '?',
    '#N/A',
  ],
];

/** The generator of one case. A case depends on seed, name and number only. */
export function caseRandom(seed: number, name: string, number: number): Random {
  let hash = seed;
  for (const char of `${name}:${number}`) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193);
  return new Random(hash >>> 0);
}

export function pick<T>(items: readonly T[], random: Random): T {
  return items[random.below(items.length)];
}

/** Whether an event of probability `p` happens. */
export function chance(p: number, random: Random): boolean {
  return random.uniform() < p;
}

/** The maximum length of a repetition, enough to show time or memory that grows faster than the file. */
const LONGEST = 2 ** 17;

/** Damages `bytes` one to four times, also with parts of other files of the corpus. */
export function mutate(bytes: Uint8Array, others: readonly Uint8Array[], random: Random): Uint8Array {
  let damaged = bytes;
  const times = 1 + random.below(4);
  for (let i = 0; i < times; i++) damaged = pick(DAMAGES, random)(damaged, random, others);
  return damaged;
}

type Damage = (bytes: Uint8Array, random: Random, others: readonly Uint8Array[]) => Uint8Array;

const DAMAGES: readonly Damage[] = [flipBit, flipBit, setByte, truncate, extend, remove, repeat, swap, splice, setSize];
const FORGED: readonly Damage[] = [setSize, setNumber, insertToken, insertMany];
(DAMAGES as Damage[]).push(...FORGED);

function flipBit(bytes: Uint8Array, random: Random): Uint8Array {
  const changed = bytes.slice();
  if (changed.length > 0) changed[random.below(changed.length)] ^= 1 << random.below(8);
  return changed;
}

function setByte(bytes: Uint8Array, random: Random): Uint8Array {
  const changed = bytes.slice();
  if (changed.length > 0) changed[random.below(changed.length)] = random.below(256);
  return changed;
}

function truncate(bytes: Uint8Array, random: Random): Uint8Array {
  return bytes.slice(0, random.below(bytes.length + 1));
}

function extend(bytes: Uint8Array, random: Random): Uint8Array {
  const extra = new Uint8Array(1 + random.below(64));
  if (chance(0.5, random)) for (let i = 0; i < extra.length; i++) extra[i] = random.below(256);
  return joined(bytes, extra);
}

function remove(bytes: Uint8Array, random: Random): Uint8Array {
  const [from, to] = range(bytes, random);
  return joined(bytes.subarray(0, from), bytes.subarray(to));
}

function repeat(bytes: Uint8Array, random: Random): Uint8Array {
  const [from, to] = range(bytes, random);
  return joined(bytes.subarray(0, to), bytes.subarray(from));
}

function swap(bytes: Uint8Array, random: Random): Uint8Array {
  const [from, to] = range(bytes, random);
  return joined(bytes.subarray(0, from), bytes.subarray(to), bytes.subarray(from, to));
}

function splice(bytes: Uint8Array, random: Random, others: readonly Uint8Array[]): Uint8Array {
  const other = pick(others, random);
  return joined(bytes.subarray(0, random.below(bytes.length + 1)), other.subarray(random.below(other.length + 1)));
}

/** Writes a size of 1, 2, 4 or 8 bytes in either byte order, mostly near the start. */
function setSize(bytes: Uint8Array, random: Random): Uint8Array {
  const width = pick([1, 2, 4, 8], random);
  if (bytes.length < width) return bytes;
  const changed = bytes.slice();
  const places = changed.length - width + 1;
  const at = random.below(chance(0.7, random) ? Math.min(places, 32) : places);
  const size = pick(SIZES, random);
  const isLittle = chance(0.5, random);
  for (let i = 0; i < width; i++) changed[isLittle ? at + i : at + width - 1 - i] = Math.floor(size / 256 ** i) % 256;
  return changed;
}

function setNumber(bytes: Uint8Array, random: Random): Uint8Array {
  const number = pick(NUMBERS, random);
  if (bytes.length < number.length) return bytes;
  const changed = bytes.slice();
  changed.set(chance(0.5, random) ? number : [...number].reverse(), random.below(bytes.length - number.length + 1));
  return changed;
}

function insertToken(bytes: Uint8Array, random: Random): Uint8Array {
  return inserted(bytes, Buffer.from(pick(TOKENS, random)), random);
}

function insertMany(bytes: Uint8Array, random: Random): Uint8Array {
  if (!chance(0.2, random)) return insertToken(bytes, random);
  const token = pick(TOKENS, random);
  return inserted(bytes, Buffer.from(token.repeat(1 + random.below(Math.floor(LONGEST / token.length)))), random);
}

function inserted(bytes: Uint8Array, token: Uint8Array, random: Random): Uint8Array {
  const at = random.below(bytes.length + 1);
  return joined(bytes.subarray(0, at), token, bytes.subarray(at));
}

function range(bytes: Uint8Array, random: Random): [number, number] {
  const from = random.below(bytes.length + 1);
  return [from, from + random.below(Math.min(bytes.length - from, 64) + 1)];
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
