// cli: a thread that predicts pieces of a table. It loads no TensorFlow.js.
import { on } from 'node:events';
import { parentPort, workerData } from 'node:worker_threads';
import { rowsOf } from '../../reading/table.js';
import { lineFormat } from '../prediction-lines.js';
import { ByteText } from './byte-text.js';
import type { Answer, Question, Task } from './threads.js';

const { name, model, reading, format, longest } = workerData as Task;
const { lines } = lineFormat(model, model.classes, format);
/** The lines of a piece. An error ends the thread, so each piece begins with none. */
const text = new ByteText();

async function answer({ bytes, from }: Question): Promise<Answer> {
  let [rows, dropped] = [0, 0];
  const onDropped = () => {
    dropped++;
  };
  const source = {
    name,
    stream: async function* () {
      yield bytes;
    },
  };
  for await (const { features, lines: numbers, kept } of rowsOf(source, model, { ...reading, onDropped, from })) {
    for (const part of lines(features, numbers, kept)) {
      text.addBytes(part);
      if (text.length > longest) throw new Error('the lines of a piece are too long');
    }
    rows += numbers.length;
  }
  return { text: text.take().slice(), rows, dropped };
}

async function main(port: NonNullable<typeof parentPort>): Promise<void> {
  for await (const [question] of on(port, 'message')) {
    const answered = await answer(question);
    port.postMessage(answered, [answered.text.buffer as ArrayBuffer]);
  }
}

// An error ends the thread, which the pool learns of.
if (parentPort !== null) void main(parentPort);
