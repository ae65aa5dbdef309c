import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { RecordReader } from '../src/data/table/csv/records.js';
import { MAX_RECORD } from '../src/data/table/csv/text.js';
import { parseNumber } from '../src/data/table/number.js';
import { type RowBlock, textsOf } from '../src/data/table/row.js';
import { PROPERTY } from './helpers/numbers.js';

type Row = readonly [line: number, ...fields: string[]];

function read(chunks: readonly (string | Uint8Array)[], options: { delimiter?: string; decimal?: string } = {}): Row[] {
  const rows: Row[] = [];
  const reader = new RecordReader({ name: 'a.csv', ...options });
  for (const chunk of chunks) rows.push(...rowsOf(reader.push(chunk)));
  rows.push(...rowsOf(reader.end()));
  return rows;
}

function* rowsOf(blocks: Iterable<RowBlock>): Generator<Row> {
  for (const block of blocks) {
    for (let i = 0; i < block.count; i++) {
      block.select(i);
      yield [block.line, ...textsOf(block)];
    }
  }
}

const bytes = (text: string) => new TextEncoder().encode(text);

/** A field as written in a file, and its value. */
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

/** The records of csv-parse, without blank lines. A newline is added: csv-parse does not end a record at a last \r. */
function theirs(text: string, delimiter: string): string[][] {
  const records: string[][] = parse(`${text}\n`, {
    delimiter,
    relax_column_count: true,
    record_delimiter: ['\n', '\r\n'],
    trim: delimiter !== '\t',
  });
  const rows = records.map((row) => row.map((field) => field.trim()));
  return rows.filter((row) => row.length > 1 || row[0] !== '');
}

function outcome<T>(run: () => T): T | 'refused' {
  try {
    return run();
  } catch {
    return 'refused';
  }
}

describe('CSV records', () => {
  it('equal what was written, with the line on which each begins, for any chunks', () => {
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

  it('match csv-parse without quotes', () => {
    const line = fc.string({ unit: fc.constantFrom(...'ab1.e-; '), maxLength: 12 });
    fc.assert(
      fc.property(fc.array(line), fc.constantFrom('\n', '\r\n'), (lines, newline) => {
        const text = lines.join(newline);
        expect(read([text], { delimiter: ';' }).map(([, ...fields]) => fields)).toEqual(theirs(text, ';'));
      }),
      PROPERTY,
    );
  });

  it.each([';', '\t'])('match csv-parse with quotes anywhere and delimiter %j, errors included', (delimiter) => {
    // csv-parse reads two quoted empty fields with blanks between them as one.
    const text = fc
      .string({ unit: fc.constantFrom(...'"""ab1\n\r é犬', delimiter, delimiter), maxLength: 20 })
      .filter((each) => !/""[ \r]+"/.test(each));
    fc.assert(
      fc.property(text, fc.array(fc.nat(200), { maxLength: 5 }), (each, at) => {
        const mine = outcome(() => read([each], { delimiter }));
        const others = outcome(() => theirs(each, delimiter));
        expect(outcome(() => read(cut(bytes(each), at), { delimiter }))).toEqual(mine);
        expect(mine === 'refused' ? mine : mine.map(([, ...fields]) => fields)).toEqual(others);
      }),
      { ...PROPERTY, numRuns: 1500 },
    );
  });

  it('are trimmed by String.prototype.trim if a blank or control character is at either end', () => {
    const unit = fc.constantFrom(...'a \t\v\u0001\u00a0\u1680\u2003\u2028\u202f\u205f\u3000\ufeff\u0085\u200b犬');
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 5 }), (text) => {
        const isTrimmed = text.charCodeAt(0) <= 32 || text.charCodeAt(text.length - 1) <= 32;
        expect(read([`x,${text}\n`], { delimiter: ',' })).toEqual([[1, 'x', isTrimmed ? text.trim() : text]]);
      }),
      { ...PROPERTY, numRuns: 500 },
    );
  });

  it('parse numbers to the same bits as parseNumber', () => {
    const digits = fc.string({ unit: fc.constantFrom(...'0123456789'), maxLength: 20 });
    const sign = fc.constantFrom('', '-', '+');
    const spelt = fc
      .tuple(sign, digits, fc.constantFrom('', '.', ','), digits, fc.constantFrom('', 'e', 'E'), sign, fc.nat(330))
      .map(([s, whole, point, part, e, t, power]) => `${s}${whole}${point}${part}${e}${e === '' ? '' : t + power}`);
    const others = fc.constantFrom('', '1e', '-', '0x1f', '0b1', 'Infinity', 'NaN', '\u00a01', '1_0', '1"', '犬');
    const field = fc.oneof(spelt, fc.double().map(String), fc.float().map(String), others);
    fc.assert(
      fc.property(fc.array(field, { minLength: 1 }), fc.constantFrom('.' as const, ',' as const), (fields, decimal) => {
        const text = fields.map((each) => `"${each.replaceAll('"', '""')}"`).join(';');
        const reader = new RecordReader({ name: 'a.csv', delimiter: ';', decimal });
        const [block] = reader.push(`x;${text}\n`);
        block.select(0);
        expect(fields.map((_, i) => block.number(i + 1, decimal))).toEqual(
          fields.map((each) => parseNumber(each, decimal)),
        );
      }),
      { ...PROPERTY, numRuns: 1000 },
    );
  });

  it.each(['§', '犬', ' ', '\0'])('are split at the delimiter %j, in any chunks', (delimiter) => {
    const text = `a${delimiter}"b${delimiter}c"${delimiter}d\n`;
    const expected = [[1, 'a', `b${delimiter}c`, 'd']];
    expect(read([text], { delimiter })).toEqual(expected);
    const single = Array.from(bytes(text), (byte) => Uint8Array.of(byte));
    expect(read(single, { delimiter })).toEqual(expected);
  });

  it('are split at the detected delimiter after blank lines and chunk borders', () => {
    expect(read(['\n', ' \n', 'a;b', '\n1;2'])).toEqual([
      [3, 'a', 'b'],
      [4, '1', '2'],
    ]);
  });

  it('keep surrogate pairs that are split between chunks', () => {
    const text = '😀,a😀\n';
    expect(read(text.split(''))).toEqual([[1, '😀', 'a😀']]);
    expect(read(['PK\x03\x04,b'])).toEqual([[1, 'PK\x03\x04', 'b']]);
  });

  it('are the same across many blocks', () => {
    const rows = Array.from({ length: 60_000 }, (_, i): Row => [i + 1, `${i}.5`, `é "${i}"`]);
    const text = rows.map(([, x, y]) => `${x},"${y.replaceAll('"', '""')}"`).join('\n');
    expect(read([text])).toEqual(rows);
    expect(read(cut(bytes(text), [3, 500_000, 500_001, 900_000]))).toEqual(rows);
  });

  it.each([
    ['a,b\n1;2', ','],
    ['a;b\n1,2,3', ';'],
    ['a\tb', '\t'],
    ['a|b|c,d', '|'],
    ['"a;b;c",d', ','],
    ['a,b;c', ','],
    ['\n \na;b\n', ';'],
  ])('of %j are split at %j, which gives the first record the most fields', (text, delimiter) => {
    expect(read([text])[0].length).toBe(read([text], { delimiter })[0].length);
    expect(read([text])[0].length).toBeGreaterThan(2);
  });

  it('are not split at a decimal comma', () => {
    expect(read(['1,5;2,5;3,5'], { decimal: ',' })).toEqual([[1, '1,5', '2,5', '3,5']]);
    expect(read(['1,5'], { decimal: ',' })).toEqual([[1, '1,5']]);
  });

  it.each([
    ['a Uint8Array', bytes('1,2')],
    ['a Buffer', Buffer.from('1,2')],
  ])('are correct if %s is reused for the next chunk', (_, buffer) => {
    const reader = new RecordReader({ name: 'a.csv' });
    const rows = [...rowsOf(reader.push(buffer))];
    buffer.set(bytes(',3\n'));
    rows.push(...rowsOf(reader.push(buffer)), ...rowsOf(reader.end()));
    expect(rows).toEqual([[1, '1', '2', '3']]);
  });
});

describe('RecordReader', () => {
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
      'a.csv:2:2: a field with quotes must begin with a quote; got a quote inside it',
    ],
    ['text after a quote', ['a\n\n"b" c'], 'a.csv:3:1: a closing quote must be followed by the delimiter or the end'],
    ['an unclosed quote', ['a,b\n"1\n\n,2\n'], 'a.csv:2:1: a quoted field must be closed; got the end of the file'],
    [
      'UTF-16',
      [Uint8Array.of(0xff, 0xfe, 0x61, 0)],
      'a.csv: the file must be a CSV file; got UTF-16 text. Save it as "CSV UTF-8".',
    ],
    ['gzip', [Uint8Array.of(0x1f, 0x8b, 8)], 'got a gzip file. Unpack it first.'],
    ['a workbook', [bytes('PK\x03\x04')], 'save the sheet as "CSV UTF-8"'],
    [
      'Latin-1',
      [bytes('a\n\n'), Uint8Array.of(0x62, 0xe9, 0x0a)],
      'a.csv:3: the text must be UTF-8; got the byte 0xe9, byte 2 of the line',
    ],
    [
      'Latin-1 before a letter',
      [Uint8Array.of(0x61, 0x0a, 0x4b, 0xe4, 0x73, 0x65, 0x0a)],
      'a.csv:2: the text must be UTF-8; got the byte 0xe4, byte 2 of the line',
    ],
    [
      'a truncated character',
      [bytes('a\nb'), bytes('犬').subarray(0, 2)],
      'a.csv:2: the text must be UTF-8; got the byte 0xe7, byte 2 of the line',
    ],
  ])('rejects %s with its position', (_, chunks, message) => {
    expect(refused(chunks)).toContain(message);
  });

  it('rejects a row of more than 2²³ characters, in one chunk or many', () => {
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

  it.each(['', 'ab', '"', '\n', '1', '.', '-'])('rejects the delimiter %j', (delimiter) => {
    expect(refused(['a'], { delimiter })).toContain('a.csv: delimiter must be one character');
  });

  it('names the delimiter of a file that lacks the given one', () => {
    const message = 'a.csv:1: the first line must contain the delimiter ","; got a line with 2 of ";".';
    expect(refused(['a;b;c\n'], { delimiter: ',' })).toBe(`${message} Pass \`delimiter: ";"\`, or leave it out.`);
    expect(refused(['a\n'], { delimiter: ',' })).toBe('accepted');
  });

  it('rejects input that is neither text nor bytes', () => {
    expect(refused([[1, 2]] as never)).toContain(
      'a.csv: CSV must be text, or bytes in a Uint8Array; got an array of 2.',
    );
  });
});
