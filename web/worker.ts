// web: the worker, which holds the data and the model of the page.
import { env } from '@tensorflow/tfjs';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import '@tensorflow/tfjs-backend-webgpu';
import { provideFormats } from 'softmax-regression/formats';
import type { Message, Question } from './messages.js';
import { answering } from './worker/calls.js';
import { Session } from './worker/session.js';

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
const answer = answering(session, (message) => scope.postMessage(message));
scope.onmessage = ({ data }) => answer(data);
