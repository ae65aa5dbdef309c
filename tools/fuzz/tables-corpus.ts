// Writes the corpora of tables: `npx tsx tools/fuzz/tables-corpus.ts`.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as arrow from '@uwdata/flechette';
import { type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer';
import feather from '../../test/golden/feather.golden.json';
import { PETS_SCHEMA } from '../../test/helpers/pets-table.js';

const ROWS = 12;
const of = <T>(value: (i: number) => T) => Array.from({ length: ROWS }, (_, i) => value(i));

/** Every kind of column that becomes features, some with missing values. */
const TABLE = {
  width: of((i) => (i === 5 ? null : i / 4)),
  legs: of((i) => (i % 3) * 2),
  colour: of((i) => ['red', 'green', 'grün, 緑'][i % 3]),
  fluffy: of((i) => i % 2 === 0),
  born: of((i) => 19_000 + i),
  seen: of((i) => (i === 7 ? null : 1_700_000_000_000_000n + 1_000_001n * BigInt(i))),
  kind: of((i) => (i % 4 < 2 ? 'cat' : 'dog')),
};

function write(kind: string, files: Readonly<Record<string, Uint8Array | string>>): void {
  const folder = join(__dirname, 'corpus', kind);
  mkdirSync(folder, { recursive: true });
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);
}

const columns = Object.entries({ ...TABLE, legs: TABLE.legs.map(BigInt) }).map(([name, data]) => ({ name, data }));

function parquet(options: object): Uint8Array {
  const tables = { columnData: columns as ColumnSource[], schema: PETS_SCHEMA, ...options };
  return new Uint8Array(parquetWriteBuffer(tables as never));
}

function arrowOf(options: object, kind = arrow.utf8()): Uint8Array {
  const types = {
    ...{ width: arrow.float64(), legs: arrow.int64(), colour: arrow.utf8(), fluffy: arrow.bool() },
    ...{ born: arrow.dateDay(), seen: arrow.timestamp(arrow.TimeUnit.MICROSECOND), kind },
  };
  const data = {
    ...{ ...TABLE, legs: TABLE.legs.map(BigInt), born: TABLE.born.map((days) => new Date(86_400_000 * days)) },
    // The library writes timestamps from milliseconds.
    seen: TABLE.seen.map((micros) => (micros === null ? null : Number(micros) / 1000)),
  };
  const table = arrow.tableFromArrays(data as never, { types, maxBatchRows: 5 } as object);
  return arrow.tableToIPC(table, options) as Uint8Array;
}

const json = of((i) => {
  const record = Object.fromEntries(
    Object.entries(TABLE).map(([name, values]) => [name, name === 'seen' ? String(values[i]) : values[i]]),
  );
  return JSON.stringify(record);
});

write('json-lines', {
  'plain.jsonl': `${json.join('\n')}\n`,
  'blank-lines.jsonl': `\ufeff${json.slice(0, 6).join('\r\n\r\n')}`,
  'some-keys.jsonl': '{"kind":"cat"}\n{"width":1,"kind":"dog","odd":[1]}\n{"legs":2,"width":null,"kind":"dog"}\n',
});
write('svmlight', {
  'comments.svm': `# made\n${of((i) => `${(i % 2) + 1} 1:${i / 4} ${3 + (i % 3)}:-1e${i % 4} # row ${i}`).join('\n')}\n`,
  'from-zero.svm': of((i) => `${i % 2 === 0 ? '-1' : '+1'} ${i % 4}:.5 7:2`).join('\r\n'),
});
write('parquet', {
  'row-groups.parquet': parquet({ rowGroupSize: 5 }),
  'one-group.parquet': parquet({}),
  'plain.parquet': parquet({ codec: 'UNCOMPRESSED', statistics: false }),
});
write('arrow', {
  'file.arrow': arrowOf({ format: 'file' }),
  'stream.arrow': arrowOf({ format: 'stream' }),
  'lz4.arrow': Buffer.from(feather.files.lz4, 'base64'),
  'zstd.arrow': Buffer.from(feather.files.zstd, 'base64'),
  'dictionary.arrow': arrowOf({ format: 'file' }, arrow.dictionary(arrow.utf8()) as never),
});

/** The first LZ4 frame of a file: the 400 numbers of 8 bytes of its column `x`. */
function frameOf(bytes: Buffer): Uint8Array {
  const start = bytes.indexOf(Buffer.from([0x04, 0x22, 0x4d, 0x18]));
  // The lengths in the file are multiples of 8, and the end mark of a frame is four zeros.
  return bytes.subarray(start, bytes.indexOf(Buffer.alloc(4), start + 11) + 4);
}

const header = [0x04, 0x22, 0x4d, 0x18, 0x40, 0x40, 0];
write('lz4', {
  'pyarrow.lz4': frameOf(Buffer.from(feather.files.lz4, 'base64')),
  // 3,200 bytes that are stored; and "z", then 3,199 bytes from 1 before, of which the last 10 are literals.
  'stored.lz4': Uint8Array.from([
    ...header,
    0x80,
    0x0c,
    0,
    0x80,
    ...Array.from({ length: 3200 }, (_, i) => i % 251),
    0,
    0,
    0,
    0,
  ]),
  'overlapping.lz4': Uint8Array.from([
    ...[...header, 28, 0, 0, 0, 0x1f, 0x7a, 1, 0, ...Array(12).fill(255), 110],
    ...[0xa0, ...Array(10).fill(0x7a), 0, 0, 0, 0],
  ]),
});
