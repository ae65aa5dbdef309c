// web: the worker: it answers the calls of the page one by one, and `stop` at once.
import { env } from '@tensorflow/tfjs';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import '@tensorflow/tfjs-backend-webgpu';
import type { Message, Question } from './messages.js';
import { Session } from './session.js';

/** What a worker has; the types of the page's window stand in for it. */
const scope = globalThis as unknown as {
  postMessage(message: Message): void;
  onmessage: (event: MessageEvent<Question>) => void;
};

setWasmPaths(new URL('./', location.href).href);
// Of this page's own threads one computes: more would need pages that are isolated, and workers made from text.
env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);

const session = new Session((report) => scope.postMessage({ kind: 'report', report }));
let before: Promise<unknown> = Promise.resolve();

scope.onmessage = ({ data: { id, name, args } }) => {
  const call = async () => {
    try {
      const value = await (session[name] as (...args: unknown[]) => unknown).apply(session, [...args]);
      scope.postMessage({ kind: 'answer', id, value });
    } catch (error) {
      scope.postMessage({ kind: 'failure', id, message: error instanceof Error ? error.message : String(error) });
    }
  };
  if (name === 'stop') void call();
  else before = before.then(call);
};
