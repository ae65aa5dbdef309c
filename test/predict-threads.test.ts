import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import workerThreads from 'node:worker_threads';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { parseCsv, SoftmaxRegression } from 'softmax-regression';
import { saveModel } from 'softmax-regression/node';
import { main } from '../src/cli/main.js';
import { Pieces } from '../src/cli/predict/pieces.js';
import * as threadsModule from '../src/cli/predict/threads.js';
import * as terminal from '../src/cli/terminal.js';
import { RecordReader } from '../src/data/table/csv/records.js';
import { type RowBlock, textsOf } from '../src/data/table/row.js';

const { THREADS } = threadsModule;
const REAL_WORKER = workerThreads.Worker;
/** Starts a worker. */
let start: ((...given: ConstructorParameters<typeof workerThreads.Worker>) => workerThreads.Worker) | undefined;
const DEFAULTS = { ...THREADS };

type Rows = [line: number, ...fields: string[]][];

function rowsOfBlocks(blocks: Iterable<RowBlock>): Rows {
  const rows: Rows = [];
  for (const block of blocks) {
    for (let i = 0; i < block.count; i++) {
      block.select(i);
      rows.push([block.line, ...textsOf(block)]);
    }
  }
  return rows;
}

function rowsIn(bytes: Uint8Array, from?: { readonly delimiter: string; readonly line: number }): Rows {
  const reader = new RecordReader({ name: 'a.csv', delimiter: ',', comment: '#' }, from);
  return [...rowsOfBlocks(reader.push(bytes)), ...rowsOfBlocks(reader.end())];
}

/** The pieces of a text whose chunks end at these places. */
function piecesOf(bytes: Uint8Array, ends: readonly number[], least: number, comment: string | undefined) {
  const pieces = new Pieces(comment);
  const found = [];
  let start = 0;
  for (const end of [...ends, bytes.length]) {
    pieces.add(bytes.subarray(start, end));
    start = end;
    const piece = pieces.length >= least ? pieces.take() : undefined;
    if (piece !== undefined) found.push(piece);
  }
  return [...found, pieces.rest()];
}

const cell = fc.constantFrom('1', '2.5', '', '"a"', '"a\nb"', '"a ""q""\n\n"', '"#\n"', 'é', '"\n1,2\n"');
const line = fc.oneof(
  { weight: 5, arbitrary: fc.array(cell, { minLength: 1, maxLength: 3 }).map((cells) => cells.join(',')) },
  { weight: 1, arbitrary: fc.constantFrom('# it\'s 5" long', '#', '', '# "a"') },
);
const csv = fc
  .tuple(fc.constantFrom('', '\ufeff'), fc.array(line, { maxLength: 12 }), fc.constantFrom('\n', '\r\n'), fc.boolean())
  .map(([mark, lines, end, isEnded]) => mark + lines.join(end) + (isEnded ? end : ''));

describe('Pieces', () => {
  const cuts = fc.record({ text: csv, share: fc.array(fc.nat(1000), { maxLength: 8 }), least: fc.nat(30) });

  it('cuts at any chunks into records that are read as in one piece', () =>
    fc.assert(
      fc.property(cuts, ({ text, share, least }) => {
        const bytes = new TextEncoder().encode(text);
        // The first chunk has the whole byte-order mark, as all chunks of files do.
        const ends = share.map((part) => Math.max(3, Math.floor((part / 1000) * bytes.length))).sort((a, b) => a - b);
        const pieces = piecesOf(
          bytes,
          ends.filter((end) => end < bytes.length),
          least,
          '#',
        );
        expect(Buffer.concat(pieces.map((piece) => piece.bytes)).toString()).toBe(text);
        const rows = pieces.flatMap((piece, i) =>
          rowsIn(piece.bytes, i === 0 ? undefined : { delimiter: ',', line: piece.line }),
        );
        expect(rows).toEqual(rowsIn(bytes));
      }),
      { numRuns: 3000 },
    ));

  it('does not cut within quotes, nor at a quote in a comment', () => {
    const bytes = new TextEncoder().encode('a\n"b\nc\n"\n# "\nd\ne');
    const all = Array.from(bytes.keys()).slice(3);
    const texts = (comment: string | undefined) =>
      piecesOf(bytes, all, 1, comment).map((piece) => [piece.line, Buffer.from(piece.bytes).toString()]);
    expect(texts('#')).toEqual([
      [1, 'a\n'],
      [2, '"b\nc\n"\n'],
      [5, '# "\n'],
      [6, 'd\n'],
      [7, 'e'],
    ]);
    expect(texts(undefined).map(([first]) => first)).toEqual([1, 2, 5]);
  });
});

describe('predict by several threads', () => {
  const folder = mkdtempSync(join(tmpdir(), 'threads-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const path = (name: string) => join(folder, name);

  const COLOURS = ['red', 'green', '"light,\nblue"'];
  const row = (i: number) => `${(i * 7) % 11}.${i % 10},${COLOURS[i % 3]},"note ""${i}""\n${'x\n'.repeat(i % 3)}"`;
  const rows = Array.from({ length: 200 }, (_, i) => row(i));
  const HEADER = 'x,colour,note';
  const TABLE = `${HEADER}\n${rows.join('\n')}\n`;

  beforeAll(async () => {
    const training = [
      'x,colour,label',
      ...Array.from({ length: 60 }, (_, i) => `${i % 9},${COLOURS[i % 3]},${'abc'[(i * i) % 3]}`),
    ];
    for (const [name, options] of [
      ['model', {}],
      ['commented', { comment: '#' }],
      ['bare', { header: false, label: 2 }],
    ] as const) {
      const lines = name === 'bare' ? training.slice(1) : training;
      const table = parseCsv(lines.join('\n'), { strings: 'one-hot', label: 'label', ...options });
      const { model } = await SoftmaxRegression.fit(table.features, table.labels as string[], { schema: table.schema });
      await saveModel(path(name), model);
    }
  });

  beforeEach(() => Object.assign(THREADS, { smallestTable: 1, chunk: 40, piece: 60, most: 3 }));
  afterEach(() => {
    jest.restoreAllMocks();
    start = undefined;
    Object.assign(THREADS, DEFAULTS);
    process.exitCode = undefined;
  });

  interface Ended {
    /** What is written to standard output. */
    readonly text: string;
    readonly errors: string;
    readonly code: typeof process.exitCode;
    /** Whether the threads predicted all rows. */
    readonly isShared: boolean;
  }

  async function run(threads: number, args: readonly string[], onWrite?: () => void): Promise<Ended> {
    jest.restoreAllMocks();
    // Even on a machine of one core.
    jest.spyOn(threadsModule, 'threadsFor').mockReturnValue(threads);
    if (start !== undefined) jest.spyOn(workerThreads, 'Worker').mockImplementation(start);
    let isShared = false;
    const { linesByThreads } = jest.requireActual<typeof threadsModule>('../src/cli/predict/threads.js');
    jest.spyOn(threadsModule, 'linesByThreads').mockImplementation(async function* (...given) {
      yield* linesByThreads(...given);
      isShared = true;
    });
    const written: Buffer[] = [];
    jest.spyOn(terminal, 'writeData').mockImplementation(async (content) => {
      written.push(Buffer.from(content as string));
      onWrite?.();
    });
    const errors: string[] = [];
    jest.spyOn(terminal, 'note').mockImplementation((lines) => void errors.push(...[lines].flat()));
    process.exitCode = undefined;
    await main(['node', 'softmax-regression', 'predict', ...args]);
    expect(process.getActiveResourcesInfo().filter((name) => name === 'MessagePort')).toEqual([]);
    return { text: Buffer.concat(written).toString(), errors: errors.join('\n'), code: process.exitCode, isShared };
  }

  function table(content: string | Uint8Array): string {
    const file = path('table.csv');
    writeFileSync(file, content);
    return file;
  }

  const lines = TABLE.split('\n');
  it.each<[what: string, model: string, content: string | Uint8Array, ...args: string[]]>([
    ['a plain table', 'model', TABLE],
    ['--top', 'model', TABLE, '--top', '2'],
    ['--probabilities', 'model', TABLE, '--probabilities'],
    ['--format jsonl', 'model', TABLE, '--format', 'jsonl', '--probabilities', '--keep', 'note'],
    ['--keep', 'model', TABLE, '--keep', 'note,colour'],
    ['CRLF', 'model', lines.join('\r\n').replaceAll('light,\r\n', 'light,\n'), '--keep', 'note'],
    ['a byte-order mark', 'model', `\ufeff${TABLE}`],
    ['sep=;', 'model', `sep=;\n${TABLE.replaceAll(',', ';').replaceAll('light;', 'light,')}`],
    ['a detected delimiter', 'model', TABLE.replaceAll(',', '\t').replaceAll('light\t', 'light,')],
    [
      'a delimiter that two records decide',
      'model',
      TABLE.replace(HEADER, 'x,colour,"note",a;b;c;d;e;f').replaceAll('\n"\n', '\n",1\n'),
    ],
    ['blank lines', 'model', TABLE.replaceAll('\n"', '\n"\n\n')],
    ['comments', 'commented', TABLE.replaceAll('\n"\n', '\n"\n# it\'s 5" long\n')],
    ['--comment', 'model', TABLE.replaceAll('\n"\n', '\n"\n# it\'s 5" long\n'), '--comment', '#'],
    [
      'no header',
      'bare',
      `${Array.from({ length: 99 }, (_, i) => `${i % 9},${COLOURS[i % 3]},${'abc'[i % 3]}`).join('\n')}`,
      '--keep',
      '1',
    ],
    ['no final line end', 'model', TABLE.trimEnd()],
    ['gzip', 'model', gzipSync(TABLE)],
    ['a header only', 'model', `${HEADER}\n`],
    ['one row', 'model', `${HEADER}\n${rows[0]}\n`],
  ])('writes what one thread writes: %s', async (_, model, content, ...args) => {
    const command = [path(model), table(content), ...args];
    const one = await run(1, command);
    const many = await run(3, command);
    expect(many).toEqual({ ...one, isShared: true });
    expect(one).toMatchObject({ code: undefined, errors: '', isShared: false });
  });

  it('counts the rows that are left out', async () => {
    const command = [path('model'), table(TABLE.replaceAll(',red,', ',,')), '--missing', 'drop'];
    const one = await run(1, command);
    expect(one.errors).toBe('67 rows with missing values left out');
    expect(await run(3, command)).toEqual({ ...one, isShared: true });
    // A thread dies after some of them were counted: one thread counts all.
    let asked = 0;
    start = (...given) => {
      const worker = new REAL_WORKER(...given);
      worker.on('message', () => {
        if (++asked === 2) worker.terminate();
      });
      return worker;
    };
    expect(await run(3, command)).toEqual(one);
  });

  it('writes the same file', async () => {
    const file = table(TABLE);
    await run(1, [path('model'), file, '-o', path('one.csv')]);
    expect(await run(3, [path('model'), file, '-o', path('many.csv')])).toMatchObject({ isShared: true, text: '' });
    expect(readFileSync(path('many.csv'), 'utf8')).toBe(readFileSync(path('one.csv'), 'utf8'));
  });

  it.each<[what: string, content: string | Uint8Array]>([
    ['a bad number', TABLE.replace(row(150), `x${row(150)}`)],
    ['an unseen category', TABLE.replace(row(150), row(150).replace('red', 'pink'))],
    ['a missing field', TABLE.replace(row(150), '1,red')],
    ['a bare quote', TABLE.replace(row(150), `1"${row(150)}`)],
    ['two bare quotes', TABLE.replace(row(150), `1"2"${row(150)}`)],
    ['an open quote', `${TABLE}1,"red`],
    ['bytes that are not UTF-8', Buffer.concat([Buffer.from(TABLE), Buffer.from([0x31, 0xff, 0x0a])])],
    ['lines that end in \\r', TABLE.replaceAll('\n', '\r')],
    ['an empty file', ''],
    ['no such column', TABLE.replace('colour', 'color')],
    ['damaged gzip', gzipSync(TABLE).subarray(0, 300)],
  ])('ends as one thread: %s', async (_, content) => {
    const command = [path('model'), table(content)];
    // The rows of each chunk are written, and all of this file is a chunk: with a file, nothing is.
    const one = await run(1, [...command, '-o', path('none.csv')]);
    const many = await run(3, [...command, '-o', path('none.csv')]);
    expect(many).toEqual(one);
    expect(one.code).toBe(1);
    expect(one.errors).not.toBe('');
  });

  it('goes on after the rows of the threads, each once, if one dies', async () => {
    const command = [path('model'), table(TABLE)];
    const one = await run(1, command);
    for (const writes of [0, 1, 2, 5]) {
      let written = 0;
      const workers: workerThreads.Worker[] = [];
      start = (...given) => {
        const worker = new REAL_WORKER(...given);
        workers.push(worker);
        return worker;
      };
      const many = await run(3, command, () => {
        if (written++ === writes) void workers[1]?.terminate();
      });
      expect(many).toEqual({ ...one, isShared: writes === 0 ? false : expect.any(Boolean) });
      expect(workers).toHaveLength(3);
    }
  });

  it('uses one thread if no other can start', async () => {
    const command = [path('model'), table(TABLE)];
    const one = await run(1, command);
    start = () => {
      throw new Error('no threads');
    };
    expect(await run(3, command)).toEqual(one);
  });

  it.each([
    ['the text of a piece is too long', { longestText: 1 }],
    ['a record is too long', { longestPiece: 80 }],
  ])('leaves the table to one thread where %s', async (_, sizes) => {
    const command = [path('model'), table(TABLE)];
    const one = await run(1, command);
    Object.assign(THREADS, sizes);
    expect(await run(3, command)).toEqual(one);
  });

  it('ends its threads after Ctrl-C', async () => {
    let isFirst = true;
    const ended = await run(3, [path('model'), table(TABLE)], () => {
      if (isFirst) process.emit('SIGINT', 'SIGINT');
      isFirst = false;
    });
    expect(ended).toMatchObject({ code: 130, errors: 'error: interrupted' });
  });

  it('ends threads that do not answer', async () => {
    let isFirst = true;
    start = (_, options) => {
      const worker = new REAL_WORKER('setInterval(() => {}, 1000)', { ...options, eval: true });
      // By then, the pieces are handed out.
      if (isFirst) worker.once('online', () => setTimeout(() => process.emit('SIGINT', 'SIGINT'), 300));
      isFirst = false;
      return worker;
    };
    expect(await run(3, [path('model'), table(TABLE)])).toMatchObject({ code: 130, text: '' });
  });

  it('ends its threads if standard output is closed', async () => {
    const ended = await run(3, [path('model'), table(TABLE)], () => {
      throw new terminal.ReaderGone('closed');
    });
    expect(ended).toMatchObject({ code: undefined, errors: '' });
  });
});

describe('threadsFor', () => {
  it('uses one thread for small tables, pipes and large models', () => {
    Object.assign(THREADS, DEFAULTS);
    expect(threadsModule.threadsFor(__filename, 1)).toBe(1);
    expect(threadsModule.threadsFor('no such file', 1)).toBe(1);
    expect(threadsModule.threadsFor('-', 1)).toBe(1);
    Object.assign(THREADS, { smallestTable: 1 });
    expect(threadsModule.threadsFor(__filename, THREADS.largestModel + 1)).toBe(1);
    expect(threadsModule.threadsFor(tmpdir(), 1)).toBe(1);
    expect(threadsModule.threadsFor(__filename, 1)).toBeGreaterThanOrEqual(1);
    Object.assign(THREADS, DEFAULTS);
  });
});
