// cli: the rows of a large table, predicted by several threads in the order of the file.
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { TablePlace } from '../../data/table/stream.js';
import { stateNow } from '../../node/files.js';
import { chunksOf, type NamedBytes } from '../../reading/bytes.js';
import { beginningOf, type RowsOptions } from '../../reading/table.js';
import type { ModelContent } from '../../serialization/model-file.js';
import { CHUNK } from '../bytes.js';
import type { LineOptions } from '../prediction-lines.js';
import { type Piece, Pieces } from './pieces.js';

/** Sizes in bytes, and the number of threads. Tests take smaller ones. */
export const THREADS = {
  most: 4,
  /** Below these sizes, or above, one thread is used. */
  smallestTable: 2 ** 24,
  largestModel: 2 ** 24,
  /** A piece ends where one thread ends a chunk. A multiple of it is read at a time. */
  chunk: CHUNK,
  piece: 2 ** 21,
  /** A table with longer records, or more text for a piece, is left to one thread. */
  longestPiece: 2 ** 25,
  longestText: 2 ** 23,
};

/** What all pieces have in common. */
export interface Task {
  readonly name: string;
  readonly model: ModelContent;
  readonly reading: Omit<RowsOptions, 'signal' | 'onBadRow' | 'onDropped' | 'onUnknownLabel'>;
  readonly format: LineOptions;
  /** The maximum length of the text of a piece. */
  readonly longest: number;
}

export interface Question {
  readonly bytes: Uint8Array;
  /** Where they begin, unless at the beginning of the table. */
  readonly from: TablePlace | undefined;
}

export interface Answer {
  /** Lines of predictions. */
  readonly text: Uint8Array;
  readonly rows: number;
  /** The number of rows that were left out. */
  readonly dropped: number;
}

/** The number of threads for this table; 1 if more do not pay, or would take much memory. */
export function threadsFor(path: string, modelSize: number): number {
  const state = stateNow(path);
  const isLarge = state?.isFile() === true && state.size >= THREADS.smallestTable;
  return isLarge && modelSize <= THREADS.largestModel ? Math.min(availableParallelism(), THREADS.most) : 1;
}

/**
 * The lines of a table in the order of its rows. At most two pieces for each thread are in memory, until the caller takes
 * the next lines.
 *
 * @throws any error if the table is not valid, a thread fails, or the signal is aborted: one thread then finds the reason
 */
export async function* linesByThreads(
  number: number,
  source: NamedBytes,
  task: Omit<Task, 'name' | 'longest'>,
  signal: AbortSignal,
): AsyncGenerator<Answer, void, undefined> {
  const whole = { ...task, name: source.name, longest: THREADS.longestText };
  const threads: Thread[] = [];
  const answers: Promise<Answer>[] = [];
  const end = () => Promise.all(threads.map((thread) => thread.end()));
  // A piece may take long: its thread does not finish it.
  signal.addEventListener('abort', end);
  try {
    for (let i = 0; i < number; i++) threads.push(new Thread(whole));
    let next = 0;
    for await (const question of questionsOf(source, task)) {
      const answer = threads[next++ % number].ask(question);
      // It is awaited later.
      answer.catch(() => {});
      answers.push(answer);
      if (answers.length === 2 * number) yield (await answers.shift()) as Answer;
    }
    for (const answer of answers) yield await answer;
  } finally {
    signal.removeEventListener('abort', end);
    await end();
  }
}

/** The pieces of a table, each with what its thread must know of the beginning. */
async function* questionsOf(
  source: NamedBytes,
  { model, reading }: Pick<Task, 'model' | 'reading'>,
): AsyncGenerator<Question, void, undefined> {
  const pieces = new Pieces(reading.comment ?? model.schema?.comment);
  const findBeginning = beginningOf(source.name, model, reading);
  let beginning: ReturnType<typeof findBeginning>;
  let isFirst = true;
  const question = ({ bytes, line }: Piece): Question => {
    const from = isFirst || beginning === undefined ? undefined : { ...beginning, line };
    isFirst = false;
    return { bytes, from };
  };
  for await (const chunk of chunksOf(source)) {
    for (let start = 0; start < chunk.length; start += THREADS.chunk) {
      const part = chunk.subarray(start, start + THREADS.chunk);
      pieces.add(part);
      beginning ??= findBeginning(part);
      const piece = beginning !== undefined && pieces.length >= THREADS.piece ? pieces.take() : undefined;
      if (piece !== undefined) yield question(piece);
      if (pieces.length > THREADS.longestPiece) throw new Error('a record is too long');
    }
  }
  const rest = pieces.rest();
  if (isFirst || rest.bytes.length > 0) yield question(rest);
}

/** The worker runs from `dist` as JavaScript, and from `src` as TypeScript. */
const IS_SOURCE = __filename.endsWith('.ts');
const WORKER = join(__dirname, IS_SOURCE ? 'worker.ts' : 'worker.js');

/** Of short-lived objects. A row makes few of them, but arrays outside the heap stay until the next collection, which a small heap makes soon. */
const HEAP = { maxYoungGenerationSizeMb: 2 };

/** A worker that answers in the order of the questions. */
class Thread {
  readonly #worker: Worker;
  readonly #waiting: { resolve(answer: Answer): void; reject(error: unknown): void }[] = [];
  #failure: unknown;

  constructor(task: Task) {
    const requires = (file: string) => `require(${JSON.stringify(file)});`;
    const start = IS_SOURCE ? requires(require.resolve('tsx/cjs')) + requires(WORKER) : WORKER;
    this.#worker = new Worker(start, { eval: IS_SOURCE, workerData: task, resourceLimits: HEAP })
      .on('message', (answer: Answer) => this.#waiting.shift()?.resolve(answer))
      .on('error', (error) => this.#fail(error))
      .on('exit', () => this.#fail(new Error('a thread ended')));
  }

  ask(question: Question): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) return reject(this.#failure);
      this.#waiting.push({ resolve, reject });
      this.#worker.postMessage(question, [question.bytes.buffer as ArrayBuffer]);
    });
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failure);
  }
}
