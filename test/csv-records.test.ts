import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { RecordReader } from '../src/data/table/csv/records.js';
import { MAX_RECORD } from '../src/data/table/csv/text.js';
import { PROPERTY } from './helpers/problems.js';

type Row = readonly [line: number, ...fields: string[]];

function read(chunks: readonly (string | Uint8Array)[], options: { delimiter?: string; decimal?: string } = {}): Row[] {
  const rows: Row[] = [];
  const reader = new RecordReader({ name: 'a.csv', ...options }, (fields, line) => rows.push([line, ...fields]));
  for (const chunk of chunks) reader.push(chunk);
  reader.end();
  return rows;
}

const bytes = (text: string) => new TextEncoder().encode(text);

/** One field as it stands in a file, and what it means. */
const plain = fc
  .string({ unit: fc.constantFrom(...'ab1.-é犬 '), maxLength: 4 })
  .map((text) => [text, text.trim()] as const);
const quoted = fc
  .string({ unit: fc.constantFrom(...'a1",;\n 犬'), maxLength: 5 })
  .map((text) => [`"${text.replaceAll('"', '""')}"`, text.trim()] as const);

const table = fc.record({
  delimiter: fc.constantFrom(',', ';', '\t', '|'),
  newline: fc.constantFrom('\n', '\r\n'),
  end: fc.boolean(),
  rows: fc.array(fc.array(fc.oneof({ weight: 3, arbitrary: plain }, quoted), { minLength: 1, maxLength: 4 }), {
    maxLength: 6,
  }),
});

type Table = typeof table extends fc.Arbitrary<infer T> ? T : never;

function write({ delimiter, newline, end, rows }: Table): { text: string; expected: Row[] } {
  let line = 1;
  const expected: Row[] = [];
  const lines = rows.map((row) => {
    const written = row.map(([raw]) => raw).join(delimiter);
    const fields = row.map(([, field]) => field);
    if (row.length > 1 || fields[0] !== '') expected.push([line, ...fields]);
    line += written.split('\n').length;
    return written;
  });
  return { text: lines.join(newline) + (end ? newline : ''), expected };
}

function cut<T extends string | Uint8Array>(whole: T, at: readonly number[]): T[] {
  const places = [...at.map((place) => place % (whole.length + 1)).sort((a, b) => a - b), whole.length];
  let start = 0;
  return places.map((end) => {
    const part = whole.slice(start, end);
    start = end;
    return part as T;
  });
}

describe('records of CSV', () => {
  it('are what was written, with the line on which each begins, however the chunks are cut', () => {
    fc.assert(
      fc.property(table, fc.array(fc.nat(200), { maxLength: 5 }), (each, at) => {
        const { text, expected } = write(each);
        const { delimiter } = each;
        expect(read([text], { delimiter })).toEqual(expected);
        expect(read(cut(text, at), { delimiter })).toEqual(expected);
        expect(read(cut(bytes(`\ufeff${text}`), at), { delimiter })).toEqual(expected);
      }),
      PROPERTY,
    );
  });

  it('are those of csv-parse where no quote is, so the short way and the long way agree', () => {
    const line = fc.string({ unit: fc.constantFrom(...'ab1.e-; '), maxLength: 12 });
    fc.assert(
      fc.property(fc.array(line), fc.constantFrom('\n', '\r\n'), (lines, newline) => {
        const text = lines.join(newline);
        const options = { delimiter: ';', relax_column_count: true, record_delimiter: ['\n', '\r\n'] };
        const theirs = parse(text, options).map((row: string[]) => row.map((field) => field.trim()));
        const ours = read([text], { delimiter: ';' }).map(([, ...fields]) => fields);
        expect(ours).toEqual(theirs.filter((row: string[]) => row.length > 1 || row[0] !== ''));
        // A quoted field at the end sends all before it the long way.
        const long = read([`${text}${newline}"q";`], { delimiter: ';' });
        expect(long.slice(0, -1).map(([, ...fields]) => fields)).toEqual(ours);
      }),
      PROPERTY,
    );
  });

  it.each([
    ['a,b\n1;2', ','],
    ['a;b\n1,2,3', ';'],
    ['a\tb', '\t'],
    ['a|b|c,d', '|'],
    ['"a;b;c",d', ','],
    ['a,b;c', ','],
    ['\n \na;b\n', ';'],
  ])('of %j are cut at %j, which cuts the first into most fields', (text, delimiter) => {
    expect(read([text])[0].length).toBe(read([text], { delimiter })[0].length);
    expect(read([text])[0].length).toBeGreaterThan(2);
  });

  it('are not cut at a decimal comma', () => {
    expect(read(['1,5;2,5;3,5'], { decimal: ',' })).toEqual([[1, '1,5', '2,5', '3,5']]);
    expect(read(['1,5'], { decimal: ',' })).toEqual([[1, '1,5']]);
  });

  it.each([
    ['a Uint8Array', bytes('1,2')],
    ['a Buffer', Buffer.from('1,2')],
  ])('may be read from %s that is used again', (_, buffer) => {
    const rows: string[][] = [];
    const reader = new RecordReader({ name: 'a.csv' }, (fields) => rows.push(fields));
    reader.push(buffer);
    buffer.set(bytes(',3\n'));
    reader.push(buffer);
    reader.end();
    expect(rows).toEqual([['1', '2', '3']]);
  });
});

describe('what is no CSV', () => {
  const refused = (chunks: readonly (string | Uint8Array)[], options?: { delimiter?: string }) => {
    try {
      read(chunks, options);
    } catch (error) {
      return (error as Error).message;
    }
    return 'accepted';
  };

  it.each<[string, (string | Uint8Array)[], string]>([
    [
      'a quote in a field',
      ['a,b\n1,5" x\n'],
      'a.csv:2:2: a field with quotes must begin with one; got a quote in its middle',
    ],
    ['text after a quote', ['a\n\n"b" c'], 'a.csv:3:1: a closing quote must be followed by the delimiter or the end'],
    ['an open quote', ['a,b\n"1\n\n,2\n'], 'a.csv:2:1: a quoted field must be closed; got the end of the file'],
    [
      'the other byte order',
      [Uint8Array.of(0xff, 0xfe, 0x61, 0)],
      'a.csv:1: the text must be UTF-8; got the byte 0xff. It is UTF-16',
    ],
    ['gzip', [Uint8Array.of(0x1f, 0x8b, 8)], 'The file is gzipped'],
    ['a workbook', [bytes('PK\x03\x04')], 'Save the sheet as "CSV UTF-8"'],
    [
      'Latin-1',
      [bytes('a\n\n'), Uint8Array.of(0x62, 0xe9, 0x0a)],
      'a.csv:3: the text must be UTF-8; got the byte 0xe9',
    ],
    [
      'a character cut short',
      [bytes('a\nb'), bytes('犬').subarray(0, 2)],
      'a.csv:2: the text must be UTF-8; got the byte 0x8a',
    ],
  ])('is refused with its place: %s', (_, chunks, message) => {
    expect(refused(chunks)).toContain(message);
  });

  it('is a row of more than 2²³ characters, however it comes', () => {
    const long = 'x'.repeat(MAX_RECORD + 1);
    const chunk = long.slice(0, 2 ** 16);
    const message = 'a.csv:2: the row must have at most 8388608 characters; got more.';
    expect(refused([`a\n${long}`])).toContain(message);
    expect(refused([`a\n${long}\nb`])).toContain(message);
    expect(refused([bytes(`a\n${long}\n`)])).toContain(message);
    expect(refused(['a\n"', ...Array(129).fill(chunk)])).toContain(`${message} Is there a quote that is never closed?`);
    expect(refused([bytes('a\n'), ...Array(1024).fill(bytes(chunk))])).toContain(message);
    expect(read([`a\n${long.slice(1)}\n"${long.slice(3)}"`])).toHaveLength(3);
  });

  it.each(['', 'ab', '"', '\n', '1', '.', '-'])('is not asked to be cut at %j', (delimiter) => {
    expect(refused(['a'], { delimiter })).toContain('a.csv: delimiter must be one character');
  });

  it('says which delimiter it has', () => {
    const message = 'a.csv:1: the first line must be cut by the delimiter ","; got a line with 2 of ";".';
    expect(refused(['a;b;c\n'], { delimiter: ',' })).toBe(`${message} Pass delimiter: ";", or leave it out.`);
    expect(refused(['a\n'], { delimiter: ',' })).toBe('accepted');
  });

  it('is neither text nor bytes', () => {
    expect(refused([[1, 2]] as never)).toContain(
      'a.csv: CSV must be text, or bytes in a Uint8Array; got an array of 2.',
    );
  });
});
