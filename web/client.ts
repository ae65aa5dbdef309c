// web: the client of the worker. A call returns a promise.
import type { Calls, Message, Question, Report } from './messages.js';

export interface Client {
  call<Name extends keyof Calls>(name: Name, ...args: Parameters<Calls[Name]>): Promise<ReturnType<Calls[Name]>>;
}

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

/**
 * @param onLost called if the worker failed, with what to say; a new one, without data and model, is then in its place
 */
export function openClient(onReport: (report: Report) => void, onLost: (message: string) => void): Client {
  const waiting = new Map<number, Waiting>();
  let calls = 0;
  let worker = start();

  /** @returns undefined if there is no worker, and will be none */
  function start(): Worker | undefined {
    let started: Worker;
    try {
      started = new Worker('worker.js', { type: 'module' });
    } catch {
      return undefined;
    }
    let hasAnswered = false;
    started.onmessage = ({ data }: MessageEvent<Message>) => {
      hasAnswered = true;
      if (data.kind === 'report') return onReport(data.report);
      const call = waiting.get(data.id);
      waiting.delete(data.id);
      if (data.kind === 'answer') call?.resolve(data.value as never);
      else call?.reject(new Error(data.message));
    };
    started.onerror = (event) => {
      event.preventDefault();
      started.terminate();
      const calls = [...waiting.values()];
      waiting.clear();
      // One that never answered does not load, so the next one would not either.
      worker = hasAnswered ? start() : undefined;
      for (const { reject } of calls) reject(new Error(hasAnswered ? LOST : NONE));
      if (hasAnswered) onLost(LOST);
    };
    return started;
  }

  return {
    call: (name, ...args) =>
      new Promise((resolve, reject) => {
        if (worker === undefined) return reject(new Error(NONE));
        const id = calls++;
        waiting.set(id, { resolve, reject });
        worker.postMessage({ id, name, args } satisfies Question);
      }),
  };
}

const NONE = 'The worker of this page did not load. Reload the page.';

const LOST = 'The computation ended with an error, and data and model are lost. Choose data again.';
