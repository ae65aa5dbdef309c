// One table in every format: the values of its columns, and the same as CSV.
import type { parquetWriteBuffer } from 'hyparquet-writer';

/** Milliseconds since 1970; the second has microseconds in `moments`. */
const BORN = ['2024-01-31', '2024-02-01', '2023-12-31', '2024-03-01', '2024-02-29', '1969-07-20'];

export const PETS = {
  width: [1.5, -2e-7, null, 3, 1e300, 0.1],
  legs: [4, 2, 4, null, 4, 9007199254740991],
  colour: ['red', 'blue', 'gré, en', 'red', null, 'grey'],
  fluffy: [true, false, true, null, false, true],
  born: BORN.map((text) => Date.parse(text) / 86_400_000),
  seen: [0n, 1_706_792_706_123_456n, 86_400_000_000n, null, -1n, 1_000_000n],
  kind: ['cat', 'dog', 'cat', 'dog', 'dog', 'cat'],
} as const;

export const PETS_CSV = `width,legs,colour,fluffy,born,seen,kind
1.5,4,red,true,${BORN[0]},1970-01-01,cat
-2e-7,2,blue,false,${BORN[1]},2024-02-01 13:05:06.123456,dog
,4,"gré, en",true,${BORN[2]},1970-01-02,cat
3,,red,,${BORN[3]},,dog
1e300,4,,false,${BORN[4]},1969-12-31T23:59:59.999999,dog
0.1,9007199254740991,grey,true,${BORN[5]},1970-01-01 00:00:01,cat
`;

/** How both are read; `dates` for CSV alone. */
export const PETS_OPTIONS = { label: 'kind', strings: 'one-hot', missing: 'indicator' } as const;
export const PETS_DATES = ['born', 'seen'];

const optional = { repetition_type: 'OPTIONAL' } as const;

/** The types of the columns in a Parquet file. */
export const PETS_SCHEMA: Parameters<typeof parquetWriteBuffer>[0]['schema'] = [
  { name: 'root', num_children: 7 },
  { name: 'width', type: 'DOUBLE', ...optional },
  { name: 'legs', type: 'INT64', ...optional },
  { name: 'colour', type: 'BYTE_ARRAY', converted_type: 'UTF8', ...optional },
  { name: 'fluffy', type: 'BOOLEAN', ...optional },
  { name: 'born', type: 'INT32', converted_type: 'DATE', ...optional },
  { name: 'seen', type: 'INT64', converted_type: 'TIMESTAMP_MICROS', ...optional },
  { name: 'kind', type: 'BYTE_ARRAY', converted_type: 'UTF8', ...optional },
];
