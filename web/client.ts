// web: the client of the worker. A call returns a promise.
import type { Calls, Message, Question, Report } from './messages.js';

export interface Client {
  call<Name extends keyof Calls>(name: Name, ...args: Parameters<Calls[Name]>): Promise<ReturnType<Calls[Name]>>;
}

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

/** @param onFailure called if the worker itself fails to load */
export function openClient(onReport: (report: Report) => void, onFailure: (message: string) => void): Client {
  const worker = new Worker('worker.js', { type: 'module' });
  const waiting = new Map<number, Waiting>();
  let calls = 0;
  worker.onmessage = ({ data }: MessageEvent<Message>) => {
    if (data.kind === 'report') return onReport(data.report);
    const { resolve, reject } = waiting.get(data.id) as Waiting;
    waiting.delete(data.id);
    if (data.kind === 'answer') resolve(data.value as never);
    else reject(new Error(data.message));
  };
  worker.onerror = ({ message }) => onFailure(message || 'The worker of this page did not load. Reload the page.');
  return {
    call: (name, ...args) =>
      new Promise((resolve, reject) => {
        const id = calls++;
        waiting.set(id, { resolve, reject });
        worker.postMessage({ id, name, args } satisfies Question);
      }),
  };
}
