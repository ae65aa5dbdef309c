// web: the worker. It runs the calls of the page one after the other, and those that direct a training immediately.
import { env } from '@tensorflow/tfjs';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import '@tensorflow/tfjs-backend-webgpu';
import { provideFormats } from 'softmax-regression/formats';
import type { Message, Question, TrainRequest } from './messages.js';
import { Session } from './worker/session.js';
import { errorInWords } from './worker/words.js';

/** The global scope of a worker. TypeScript's types here are those of a window. */
const scope = globalThis as unknown as {
  postMessage(message: Message): void;
  onmessage: (event: MessageEvent<Question>) => void;
};

setWasmPaths(new URL('./', location.href).href);
// One thread only: more would need cross-origin isolation and workers created from text.
env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);

// The readers are files of their own, loaded when a table needs them.
provideFormats();

const session = new Session((report) => scope.postMessage({ kind: 'report', report }));
let before: Promise<unknown> = Promise.resolve();

scope.onmessage = ({ data: { id, name, args } }) => {
  const call = async () => {
    try {
      const value = await (session[name] as (...args: unknown[]) => unknown).apply(session, [...args]);
      scope.postMessage({ kind: 'answer', id, value });
    } catch (error) {
      scope.postMessage({ kind: 'failure', id, message: errorInWords(error) });
    }
  };
  if (name === 'train') session.expect(args[0] as TrainRequest);
  if (name === 'stop' || name === 'pace') void call();
  else before = before.then(call);
};
