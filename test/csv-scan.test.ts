import { Random } from '../src/core/random.js';
import type { RecordFormat } from '../src/data/table/csv/delimiter.js';
import { RecordReader } from '../src/data/table/csv/records.js';
import { textsOf } from '../src/data/table/row.js';

type Records = typeof import('../src/data/table/csv/records.js');

/** The reader in a JavaScript engine without WebAssembly. */
function withoutWebAssembly(): Records {
  const { WebAssembly: original } = globalThis;
  let records: Records | undefined;
  Object.defineProperty(globalThis, 'WebAssembly', { value: undefined, configurable: true, writable: true });
  try {
    jest.isolateModules(() => {
      records = require('../src/data/table/csv/records.js');
    });
  } finally {
    Object.defineProperty(globalThis, 'WebAssembly', { value: original, configurable: true, writable: true });
  }
  return records as Records;
}

const plain = withoutWebAssembly().RecordReader;

interface Read {
  readonly rows: readonly { readonly line: number; readonly texts: string[]; readonly numbers: string[] }[];
  readonly error?: string;
}

/** All rows of a table in chunks; numbers as text that tells −0 from 0. */
function read(Reader: typeof RecordReader, chunks: readonly string[], format: Omit<RecordFormat, 'name'>): Read {
  const rows: { line: number; texts: string[]; numbers: string[] }[] = [];
  const reader = new Reader({ name: 'a.csv', ...format });
  const decimal = format.decimal === ',' ? ',' : '.';
  const take = (blocks: ReturnType<RecordReader['push']>) => {
    for (const block of blocks) {
      for (let i = 0; i < block.count; i++) {
        block.select(i);
        const numbers = Array.from({ length: block.length }, (_, j) => {
          const number = block.number(j, decimal);
          return Object.is(number, -0) ? '-0' : String(number);
        });
        rows.push({ line: block.line, texts: textsOf(block), numbers });
      }
    }
  };
  try {
    for (const chunk of chunks) take(reader.push(chunk));
    take(reader.end());
    return { rows };
  } catch (error) {
    return { rows, error: (error as Error).message };
  }
}

const USUAL = ['1', '-2.5', '0.123456789', '+3', '12345678901234', '0', '-0', '.5', '5.'];
const ODD = [
  ...['', '-', '+', '.', '-.', '1e3', '1.5e-7', '1E+400', '123456789012345678', '1234567890123456789', '00', '-007.50'],
  ...['0.1234567890123456789', '999999999999999', '1000000000000000', '1.2.3', '1,5', '--1', '+-1', '1-', 'NaN'],
  ...[
    'Infinity',
    '0x1f',
    'a',
    'Straße',
    '日本',
    ' 1',
    '1 ',
    '\t2',
    '\u00a03',
    '"1"',
    '"a,b"',
    '"a""b"',
    '"a\nb"',
    ' "x" ',
  ],
  ...['1\r', '\r1', 'a b', '#', '#1', '1\u0000', '0'.repeat(40), `0.${'0'.repeat(30)}1`],
];

/** A decimal of 13 to 17 digits, about the most that a double has. */
function longDecimal(random: Random): string {
  const digits = Array.from({ length: 13 + random.below(5) }, () => random.below(10)).join('');
  const point = random.below(digits.length + 1);
  return `${digits.slice(0, point)}.${digits.slice(point)}`;
}

/** A table of random fields; the share of odd ones differs from table to table. */
function tableOf(random: Random, delimiter: string): string {
  const numFields = 1 + random.below(4);
  const share = [0, 0.01, 0.1, 0.7][random.below(4)];
  const lineEnd = random.below(2) === 0 ? '\n' : '\r\n';
  const field = () => {
    if (random.uniform() < 0.2) return longDecimal(random);
    const fields = random.uniform() < share ? ODD : USUAL;
    const text = fields[random.below(fields.length)];
    return text.includes(delimiter) && !text.includes('"') ? '7' : text;
  };
  const line = () => {
    if (random.uniform() < share / 4) return ['', ' ', '# "a'][random.below(3)];
    return Array.from({ length: numFields }, field).join(delimiter);
  };
  const lines = Array.from({ length: 5 + random.below(60) }, line);
  return lines.join(lineEnd) + (random.below(2) === 0 ? lineEnd : '');
}

function chunksOf(random: Random, text: string): string[] {
  const chunks: string[] = [];
  const most = [7, 100, text.length][random.below(3)];
  for (let at = 0; at < text.length; ) {
    const length = 1 + random.below(most);
    chunks.push(text.slice(at, at + length));
    at += length;
  }
  return chunks;
}

describe('records found in WebAssembly', () => {
  it.each([
    [',', '.'],
    [';', ','],
    ['\t', '.'],
    ['|', '.'],
    [' ', '.'],
    ['§', '.'],
    [',', ','],
  ])('are those of the plain loops, bit by bit, with delimiter %j and decimal %j', (delimiter, decimal) => {
    const random = new Random(delimiter.charCodeAt(0));
    for (let i = 0; i < 300; i++) {
      const chunks = chunksOf(random, tableOf(random, delimiter));
      const format = { delimiter, decimal, ...(random.below(2) === 0 ? { comment: '#' } : {}) };
      expect({ chunks, ...read(RecordReader, chunks, format) }).toEqual({ chunks, ...read(plain, chunks, format) });
    }
  });

  it('are those of the plain loops where a call has no room for all', () => {
    const tables = [
      '1,2\n'.repeat(200_000),
      `${Array(70_000).fill(1).join()}\n1,2\n`,
      `${'9'.repeat(600_000)},1\n${'1,2\n'.repeat(20)}`,
      `1,2\n${'\n'.repeat(100_000)}3,4\n`,
      // A quoted record that ends far behind the bytes that were copied at its beginning.
      `a,b\n"x\n${'y'.repeat(700_000)}",2\n3,4\n5,6\n`,
    ];
    for (const table of tables) {
      expect(read(RecordReader, [table], { delimiter: ',' })).toEqual(read(plain, [table], { delimiter: ',' }));
    }
  });

  it('are copied once, also where each tenth has quotes', () => {
    const table = '1,2\n'.repeat(9).concat('"a",2\n').repeat(5000);
    const chunk = new TextEncoder().encode(table);
    const set = jest.spyOn(Uint8Array.prototype, 'set');
    try {
      const reader = new RecordReader({ name: 'a.csv', delimiter: ',' });
      for (const _ of reader.push(chunk));
      const copied = set.mock.calls.reduce((total, [bytes]) => total + (bytes as Uint8Array).length, 0);
      // Into the reader, and into the memory of WebAssembly.
      expect(copied / chunk.length).toBeCloseTo(2, 1);
    } finally {
      set.mockRestore();
    }
  });

  it('are left to the plain loops where memory is short', () => {
    const grow = jest.spyOn(WebAssembly.Memory.prototype, 'grow').mockImplementation(() => {
      throw new RangeError('no memory');
    });
    try {
      let records: Records | undefined;
      jest.isolateModules(() => {
        records = require('../src/data/table/csv/records.js');
      });
      const { rows } = read((records as Records).RecordReader, ['1,2\n'], { delimiter: ',' });
      expect(rows).toEqual([{ line: 1, texts: ['1', '2'], numbers: ['1', '2'] }]);
    } finally {
      grow.mockRestore();
    }
  });

  it('have numbers that are read once', () => {
    const reader = new RecordReader({ name: 'a.csv', delimiter: ',' });
    const bytes = new TextEncoder().encode('1.5,2\r\n-3,abc\n');
    for (const block of reader.push(bytes)) {
      // A number that is known does not depend on the bytes.
      block.bytes = new Uint8Array(block.bytes.length);
      block.select(0);
      expect([block.number(0, '.'), block.number(1, '.')]).toEqual([1.5, 2]);
      expect(block.number(0, ',')).toBeNaN();
      block.select(1);
      expect([block.number(0, '.'), block.number(1, '.')]).toEqual([-3, Number.NaN]);
    }
  });
});
