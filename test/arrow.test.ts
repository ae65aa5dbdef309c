// Arrow: the same table as CSV in files and streams, its types, its compression, and what is refused.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as arrow from '@uwdata/flechette';
import { type NamedBytes, parseCsv, readSamples } from 'softmax-regression';
import { openArrow } from '../src/formats/arrow.js';
import { lz4Frame } from '../src/formats/lz4.js';
import { provideFormats } from '../src/formats/provide.js';
import { fileInMemory } from '../src/reading/format.js';
import golden from './golden/feather.golden.json';
import { PETS, PETS_CSV, PETS_DATES, PETS_OPTIONS } from './helpers/pets-table.js';

function file(name: string, bytes: Uint8Array): NamedBytes {
  return {
    name,
    async *stream() {
      yield bytes;
    },
  };
}

type Columns = Parameters<typeof arrow.tableFromArrays>[0];
type Types = Record<string, ReturnType<typeof arrow.int32>>;

function write(columns: Columns, types: object, options: object = { format: 'file' }): Uint8Array {
  const table = arrow.tableFromArrays(columns, { types: types as Types, maxBatchRows: 4 } as object);
  return arrow.tableToIPC(table, { ...options }) as Uint8Array;
}

const TYPES = {
  width: arrow.float64(),
  legs: arrow.int64(),
  colour: arrow.utf8(),
  fluffy: arrow.bool(),
  born: arrow.dateDay(),
  seen: arrow.timestamp(arrow.TimeUnit.MICROSECOND),
  kind: arrow.utf8(),
};

function pets(options?: object): Uint8Array {
  const columns = Object.fromEntries(
    Object.entries(PETS).map(([name, values]) => {
      // The library writes timestamps of milliseconds, with a fraction.
      if (name === 'seen') return [name, values.map((value) => (value === null ? null : Number(value) / 1000))];
      if (name === 'legs') return [name, values.map((value) => value && BigInt(value as number))];
      return [name, name === 'born' ? values.map((days) => new Date(86_400_000 * (days as number))) : [...values]];
    }),
  );
  return write(columns as Columns, TYPES, options);
}

async function refusal(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'accepted',
    ({ name, message }) => `${name}: ${message}`,
  );
}

beforeAll(provideFormats);

describe('Arrow', () => {
  const AS_CSV = parseCsv(PETS_CSV, { ...PETS_OPTIONS, dates: PETS_DATES });

  it.each([
    ['file', 'pets.arrow', { format: 'file' }],
    ['file without a name', 'pets', { format: 'file' }],
    ['stream', 'pets.feather', { format: 'stream' }],
    ['stream without a name', 'pets', { format: 'stream' }],
  ])('is read as the same table in CSV: a %s', async (_, name, options) => {
    const { name: _name, samples, ...described } = await readSamples([file(name, pets(options))], PETS_OPTIONS);
    const { features, labels, lines: _lines, ...expected } = AS_CSV;
    expect(samples).toEqual({ features, labels, lines: Float64Array.of(1, 2, 3, 4, 5, 6) });
    expect(described).toEqual(expected);
  });

  it.each(Object.entries(golden.files))('is read as pyarrow wrote it, with %s', async (_, text) => {
    const { samples } = await readSamples([file('a.feather', Buffer.from(text, 'base64'))], { label: 'k' });
    expect(samples.features.values).toEqual(Float64Array.from({ length: 400 }, (_, i) => i % 5));
    expect(samples.labels).toEqual(Array.from({ length: 400 }, (_, i) => (i % 2 === 1 ? 'a' : 'b')));
  });

  it('has dictionaries as categories', async () => {
    const bytes = write({ size: ['s', 'm', 's'], k: [true, false, true] } as Columns, {
      size: arrow.dictionary(arrow.utf8()),
      k: arrow.bool(),
    });
    const { featureNames, samples } = await readSamples([file('a.arrow', bytes)], { label: 'k' });
    expect(featureNames).toEqual(['size=m', 'size=s']);
    expect(samples.features.values).toEqual(Float64Array.of(0, 1, 1, 0, 0, 1));
  });

  it('has integers to 2^53, and beyond only as categories', async () => {
    const bytes = write({ id: [1n, 2n ** 53n + 1n], k: [true, false] } as Columns, {
      id: arrow.int64(),
      k: arrow.bool(),
    });
    expect(await refusal(readSamples([file('a.arrow', bytes)], { label: 'k' }))).toContain(
      'a.arrow:2:1: id must be an integer of at most 2^53 in size',
    );
    const { featureNames } = await readSamples([file('a.arrow', bytes)], { label: 'k', categories: ['id'] });
    expect(featureNames).toEqual(['id=1', 'id=9007199254740993']);
  });

  it.each([
    ['decimal numbers', arrow.decimal(9, 2), [1.25, 2.5]],
    ['a list', arrow.list(arrow.int32()), [[1], [2]]],
    ['a struct', arrow.struct({ x: arrow.int32() }), [{ x: 1 }, { x: 2 }]],
    ['binary values', arrow.binary(), [Uint8Array.of(1), Uint8Array.of(2)]],
    ['times of day', arrow.timeSecond(), [1, 2]],
    ['durations', arrow.duration(arrow.TimeUnit.SECOND), [1n, 2n]],
  ])('refuses a column of %s by name, unless it is ignored', async (type, arrowType, values) => {
    const bytes = write({ odd: values, x: [1, 2], k: [true, false] } as Columns, {
      odd: arrowType,
      x: arrow.int32(),
      k: arrow.bool(),
    });
    expect(await refusal(readSamples([file('a.arrow', bytes)], { label: 'k' }))).toContain(
      `FormatError: a.arrow: odd must be a column of numbers, text, booleans or dates; got ${type}.`,
    );
    const { samples } = await readSamples([file('a.arrow', bytes)], { label: 'k', ignore: ['odd'] });
    expect(samples.features.values).toEqual(Float64Array.of(1, 2));
  });

  it.each([
    ['empty', new Uint8Array(0), 'begin with ARROW1, as an Arrow file does, or as a stream; got an empty file.'],
    ['of another format', new TextEncoder().encode('width,kind\n'), 'or as a stream; got "widt".'],
    [
      'Feather of version 1',
      new TextEncoder().encode('FEA1....FEA1'),
      'got "FEA1". Feather version 1? Write it as version 2.',
    ],
    [
      'cut short',
      pets().subarray(0, -30),
      'the file must end with ARROW1; got other bytes. It is cut short: fetch or write it again.',
    ],
    ['a stream cut short', pets({ format: 'stream' }).subarray(0, 700), 'FormatError: a.arrow: '],
    [
      'without rows',
      write({ x: [], kind: [] } as Columns, { x: arrow.int32(), kind: arrow.utf8() }),
      'a.arrow: the table must have at least one row; got none.',
    ],
  ])('refuses a file that is %s', async (_, bytes, message) => {
    const said = await refusal(readSamples([file('a.arrow', bytes)], { label: 'kind' }));
    expect(said).toMatch(/^FormatError: [^\n]+$/);
    expect(said).toContain(message);
  });
});

describe('an Arrow file in batches', () => {
  const N = 4000;
  const x = Array.from({ length: N }, (_, i) => Math.sqrt(i));
  const size = x.map((_, i) => ['s', 'm', 'l'][(i * i) % 3]);
  const types = { x: arrow.float64(), size: arrow.dictionary(arrow.utf8()) };
  const table = arrow.tableFromArrays({ x, size } as Columns, { types: types as never, maxBatchRows: 500 });

  it.each(['file', 'stream'] as const)('is read batch by batch, never as a whole: a %s', async (format) => {
    const bytes = arrow.tableToIPC(table, { format }) as Uint8Array;
    const whole = fileInMemory('a.arrow', bytes);
    const reads: number[] = [];
    const slice = async (start: number, end = bytes.length) => {
      const part = await whole.slice(start, end);
      reads.push(part.byteLength);
      return part;
    };
    const { blocks, columns } = await openArrow([{ ...whole, slice }], 'a.arrow');
    expect(columns).toEqual([{ name: 'x' }, { name: 'size', use: 'category' }]);
    expect(reads.reduce((sum, length) => sum + length, 0)).toBeLessThan(bytes.length / 4);
    for (let pass = 0; pass < 2; pass++) {
      let i = 0;
      for await (const block of blocks(new Set([0, 1]))) {
        expect([block.count, Math.max(...reads) < bytes.length / 4]).toEqual([500, true]);
        for (let row = 0; row < block.count; row++, i++) {
          block.select(row);
          if (block.number(0, '.') !== x[i] || block.text(1) !== size[i] || block.line !== i + 1)
            throw new Error(`${i}`);
        }
      }
      expect(i).toBe(N);
    }
  });

  it.each(['file', 'stream'] as const)('numbers the rows of several files: each a %s', async (format) => {
    const bytes = arrow.tableToIPC(table, { format }) as Uint8Array;
    const { where } = await openArrow([fileInMemory('a', bytes), fileInMemory('b', bytes)], 'both');
    expect([where(1), where(N), where(N + 1)]).toEqual(['a:1', `a:${N}`, 'b:1']);
  });
});

describe('a damaged Arrow file', () => {
  it.each([
    ['more-dates-than-stored', '1280 values in a buffer of 5'],
    ['column-without-a-name', 'a column without a name'],
    ['offset-beyond-the-text', 'the offset 512 after 0 in 32 bytes'],
    ['sixteen-million-values-in-a-batch-of-five', '16777221 values in a batch of 5'],
  ])('is refused before values are read that are not there: %s', async (name, actual) => {
    const path = join(__dirname, '..', 'tools', 'fuzz', 'found', 'arrow', `${name}.arrow`);
    expect(await refusal(readSamples([file('a.arrow', new Uint8Array(readFileSync(path)))], PETS_OPTIONS))).toBe(
      `FormatError: a.arrow: the file must be an Arrow file; got ${actual}. The file is damaged: fetch or write it again.`,
    );
  });
});

describe('an LZ4 frame', () => {
  const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
  // Written by hand. The checksum of the header is not read.
  const header = '04 22 4d 18 40 40 00';

  it('has literals, matches that overlap, and blocks that refer to those before them', () => {
    // "ab", then 8 bytes from 2 before; a second block: "c", then 4 bytes from 3 before, and "d".
    const frame = hex(`${header} 05000000 24 6162 0200 06000000 10 63 0300 10 64 00000000`);
    expect(Buffer.from(lz4Frame(frame, 16)).toString()).toBe('abababababcabcad');
  });

  it('has a size in its header, and sums after its blocks, which are not read', () => {
    const sized = '04 22 4d 18 58 40 0400000000000000 00';
    expect(
      Buffer.from(lz4Frame(hex(`${sized} 03000000 20 6162 99999999 02000080 6364 99999999 00000000`), 4)).toString(),
    ).toBe('abcd');
  });

  it('has stored blocks and long lengths', () => {
    const frame = hex(`${header} 02000080 7879 06000000 1f 7a 0100 ff 00 00000000`);
    expect(Buffer.from(lz4Frame(frame, 2 + 1 + 15 + 255 + 4)).toString()).toBe(`xy${'z'.repeat(275)}`);
  });

  it.each([
    ['another format', '00112233', 1, 'no LZ4 frame'],
    ['a match before its beginning', `${header} 04000000 00 0500 00000000`, 4, 'an LZ4 match outside its frame'],
    ['too many bytes', `${header} 03000000 20 6162 00000000`, 1, 'an LZ4 block that is too long'],
    ['a dictionary', '04224d18 41 40 00 00000000', 1, 'an LZ4 frame with a dictionary'],
    ['a match from 0 before', `${header} 06000000 20 6162 0000 00 00000000`, 6, 'an LZ4 match outside its frame'],
    ['more literals than bytes', `${header} 03000000 50 6162 00000000`, 9, 'an LZ4 block that is too long'],
    ['three bytes of a size', `${header} 03000000 20 6162 000000`, 2, 'an LZ4 frame that is cut short'],
    ['less than a header', '04224d18', 1, 'no LZ4 frame'],
    ['no end', `${header} 03000000 20 6162`, 2, 'an LZ4 frame that is cut short'],
    ['a stored block that is too long', `${header} 03000080 616263 00000000`, 2, 'an LZ4 block that is too long'],
    ['more bytes than any frame of its size has', `${header} 00000000`, 2806, 'an LZ4 frame of 11 bytes for 2806'],
    ['too few bytes', `${header} 03000000 20 6162 00000000`, 3, 'an LZ4 frame of 2 bytes in place of 3'],
  ])('is refused with %s', (_, frame, length, message) => {
    expect(() => lz4Frame(hex(frame), length)).toThrow(message);
  });
});
