// features: text → its n-grams, as ranges of UTF-8 bytes.
import { type Accents, BLANK, kinds, normalize, WORD } from './characters.js';
import { grown, IntList } from './lists.js';
import type { Terms } from './terms.js';

/** What n-grams are made of: words, characters, or the characters of a word with a blank before and after it. */
export type Analyzer = 'word' | 'char' | 'char_wb';

/** How text is read, in full. */
export interface Reading {
  readonly analyzer: Analyzer;
  /** The smallest and largest n of the n-grams. */
  readonly ngramRange: readonly [number, number];
  readonly lowercase: boolean;
  readonly stripAccents: Accents;
}

/** Receives the bytes of one n-gram: scanner.bytes[start … end − 1]. */
export type Visit = (bytes: Uint8Array, start: number, end: number) => void;

/** What is read for half of a surrogate pair, as when text is encoded. */
const REPLACEMENT = 0xfffd;
export const SPACE = 32;

/**
 * Reads texts into units (words or characters), and visits their n-grams. Units lie side by side in one array of bytes, so
 * an n-gram is a range of it. The memory is kept for the next text.
 *
 * Words are runs of at least two letters, numbers or _, as scikit-learn's `(?u)\b\w\w+\b`. A run of blanks between characters
 * is one space.
 *
 * @example
 * const scanner = new Scanner({ analyzer: 'word', ngramRange: [1, 2], lowercase: true, stripAccents: 'keep' });
 * scanner.read('A red, red rose');
 * scanner.visit(…)   // red, red, rose, red red, red rose
 */
export class Scanner {
  readonly #reading: Reading;
  readonly #stopWords: Terms | undefined;
  readonly #kinds = kinds();
  /** The units of the text. */
  bytes = new Uint8Array(1024);
  /** Where each unit begins and ends in the bytes. */
  readonly starts = new IntList();
  readonly ends = new IntList();
  /** The end of each sequence of units that n-grams do not leave: the text, or a word with its blanks. */
  readonly sequences = new IntList();

  constructor(reading: Reading, stopWords?: Terms) {
    this.#reading = reading;
    this.#stopWords = stopWords;
  }

  /** Replaces the text before. */
  read(text: string): void {
    const { analyzer, lowercase, stripAccents } = this.#reading;
    const normal = normalize(text, lowercase, stripAccents);
    // A unit of UTF-16 takes up to three bytes; blanks around words, less than one for each.
    this.bytes = grown(this.bytes, 4 * normal.length + 4);
    this.starts.length = this.ends.length = this.sequences.length = 0;
    if (analyzer === 'word') this.#readWords(normal);
    else if (analyzer === 'char') this.#readCharacters(normal);
    else this.#readPaddedWords(normal);
  }

  /** Visits every n-gram, the shorter ones of a sequence first. */
  visit(visit: Visit): void {
    const [smallest, largest] = this.#reading.ngramRange;
    const bytes = this.bytes;
    const starts = this.starts.values;
    const ends = this.ends.values;
    const padded = this.#reading.analyzer === 'char_wb';
    let first = 0;
    for (let s = 0; s < this.sequences.length; s++) {
      const end = this.sequences.values[s];
      const count = end - first;
      for (let n = smallest; n <= largest; n++) {
        if (n >= count) {
          // A word that is shorter than n counts once, as in scikit-learn.
          if (n === count || padded) visit(bytes, starts[first], ends[end - 1]);
          break;
        }
        for (let i = first; i + n <= end; i++) visit(bytes, starts[i], ends[i + n - 1]);
      }
      first = end;
    }
  }

  #readWords(text: string): void {
    const bytes = this.bytes;
    const kinds = this.#kinds;
    const word = WORD;
    let start = 0;
    let at = 0;
    let characters = 0;
    for (let i = 0; i < text.length; i++) {
      const code = codePointAt(text, i);
      if (code > 0xffff) i++;
      if (code < kinds.length && kinds[code] === word) {
        if (code < 0x80) bytes[at++] = code;
        else at = encode(bytes, at, code);
        characters++;
      } else if (characters > 0) {
        start = at = this.#endWord(start, at, characters);
        characters = 0;
      }
    }
    this.#endWord(start, at, characters);
    this.sequences.push(this.starts.length);
  }

  /** Where the next word begins: over this one if it is too short, or a stop word. */
  #endWord(start: number, end: number, characters: number): number {
    if (characters < 2 || (this.#stopWords?.find(this.bytes, start, end) ?? -1) >= 0) return start;
    this.starts.push(start);
    this.ends.push(end);
    this.bytes[end] = SPACE;
    return end + 1;
  }

  #readCharacters(text: string): void {
    const kinds = this.#kinds;
    let at = 0;
    for (let i = 0; i < text.length; i++) {
      let code = codePointAt(text, i);
      if (code > 0xffff) i++;
      if (kinds[code] === BLANK && i + 1 < text.length && kinds[text.charCodeAt(i + 1)] === BLANK) {
        while (i + 1 < text.length && kinds[text.charCodeAt(i + 1)] === BLANK) i++;
        code = SPACE;
      }
      at = this.#put(at, code);
    }
    this.sequences.push(this.starts.length);
  }

  #readPaddedWords(text: string): void {
    const kinds = this.#kinds;
    let [at, inside] = [0, false];
    for (let i = 0; i < text.length; i++) {
      const code = codePointAt(text, i);
      if (code > 0xffff) i++;
      const isBlank = kinds[code] === BLANK;
      // One blank ends a word, and another one begins the next.
      if (inside === isBlank) {
        at = this.#put(at, SPACE);
        if (inside) this.sequences.push(this.starts.length);
        inside = !inside;
      }
      if (!isBlank) at = this.#put(at, code);
    }
    if (inside) this.#put(at, SPACE);
    if (inside) this.sequences.push(this.starts.length);
  }

  /** Appends a character as a unit. */
  #put(at: number, code: number): number {
    const end = encode(this.bytes, at, code);
    this.starts.push(at);
    this.ends.push(end);
    return end;
  }
}

function codePointAt(text: string, i: number): number {
  const unit = text.charCodeAt(i);
  if (unit < 0xd800 || unit > 0xdfff) return unit;
  const code = text.codePointAt(i) as number;
  return code > 0xffff ? code : REPLACEMENT;
}

/** Writes a code point as UTF-8, and returns where the next one begins. */
function encode(bytes: Uint8Array, at: number, code: number): number {
  let to = at;
  if (code < 0x80) bytes[to++] = code;
  else if (code < 0x800) bytes[to++] = 0xc0 | (code >> 6);
  else if (code < 0x10000) bytes[to++] = 0xe0 | (code >> 12);
  else {
    bytes[to++] = 0xf0 | (code >> 18);
    bytes[to++] = 0x80 | ((code >> 12) & 63);
  }
  if (code >= 0x800) bytes[to++] = 0x80 | ((code >> 6) & 63);
  if (code >= 0x80) bytes[to++] = 0x80 | (code & 63);
  return to;
}
