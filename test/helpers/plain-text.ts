// A plain, slow twin of the text vectorizers: strings, regular expressions and maps. For characters of Unicode 14.
import { normalize } from '../../src/features/text/characters.js';
import type { Reading } from '../../src/features/text/scanner.js';
import unicode from '../golden/text-unicode.golden.json';

const WORD = classOf(unicode.word);
const BLANK = classOf(unicode.blank);
const WORDS = new RegExp(`[${WORD}]{2,}`, 'gu');

function classOf(changes: readonly number[]): string {
  let ranges = '';
  for (let i = 0; i < changes.length; i += 2) {
    ranges += `\\u{${changes[i].toString(16)}}-\\u{${(changes[i + 1] - 1).toString(16)}}`;
  }
  return ranges;
}

/** The n-grams of a text, as in scikit-learn's text.py. */
export function plainTerms(text: string, { analyzer, ngramRange, lowercase, stripAccents }: Reading): string[] {
  const [smallest, largest] = ngramRange;
  const normal = normalize(text, lowercase, stripAccents).replace(/\p{Surrogate}/gu, '\ufffd');
  const ngrams = (units: readonly string[], glue: string): string[] => {
    const found: string[] = [];
    for (let n = smallest; n <= largest; n++) {
      for (let i = 0; i + n <= units.length; i++) found.push(units.slice(i, i + n).join(glue));
    }
    return found;
  };
  if (analyzer === 'word') return ngrams(normal.match(WORDS) ?? [], ' ');
  if (analyzer === 'char') return ngrams([...normal.replace(new RegExp(`[${BLANK}]{2,}`, 'gu'), ' ')], '');
  const words = normal.split(new RegExp(`[${BLANK}]+`, 'u')).filter((word) => word !== '');
  return words.flatMap((word) => {
    const units = [' ', ...word, ' '];
    // A word that is shorter than every n counts once.
    return units.length < smallest ? [units.join('')] : ngrams(units, '');
  });
}

/** The terms in the order of their code points, and the counts of each document. */
export function plainCounts(documents: readonly string[], reading: Reading, binary: boolean) {
  const found = documents.map((document) => plainTerms(document, reading));
  const terms = [...new Set(found.flat())].sort(byCodePoint);
  const columns = new Map(terms.map((term, j) => [term, j]));
  const rows = found.map((those) => {
    const row = new Array<number>(terms.length).fill(0);
    for (const term of those) {
      const j = columns.get(term) as number;
      row[j] = binary ? 1 : row[j] + 1;
    }
    return row;
  });
  return { terms, rows };
}

/** The hashed counts of documents. */
export function plainHashes(documents: readonly string[], reading: Reading, d: number, signed: boolean): number[][] {
  return documents.map((document) => {
    const row = new Array<number>(d).fill(0);
    for (const term of plainTerms(document, reading)) {
      const hash = plainMurmur(Buffer.from(term));
      row[Math.abs(hash) % d] += hash < 0 && signed ? -1 : 1;
    }
    return row;
  });
}

function byCodePoint(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** MurmurHash3, x86, 32 bits, seed 0, in exact integers. */
function plainMurmur(bytes: Buffer): number {
  const mask = 0xffffffffn;
  const rotate = (x: bigint, by: bigint) => ((x << by) | (x >> (32n - by))) & mask;
  const mix = (x: bigint) => (rotate((x * 0xcc9e2d51n) & mask, 15n) * 0x1b873593n) & mask;
  let hash = 0n;
  const whole = bytes.length - (bytes.length % 4);
  for (let at = 0; at < whole; at += 4) {
    hash = (rotate(hash ^ mix(BigInt(bytes.readUInt32LE(at))), 13n) * 5n + 0xe6546b64n) & mask;
  }
  if (whole < bytes.length) hash ^= mix(BigInt(bytes.readUIntLE(whole, bytes.length - whole)));
  hash ^= BigInt(bytes.length);
  hash = ((hash ^ (hash >> 16n)) * 0x85ebca6bn) & mask;
  hash = ((hash ^ (hash >> 13n)) * 0xc2b2ae35n) & mask;
  return Number(BigInt.asIntN(32, hash ^ (hash >> 16n)));
}
