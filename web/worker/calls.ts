// web: the calls of the page to the session, one after the other; those that direct a training are run immediately.
import type { Message, Question, TrainRequest } from '../messages.js';
import type { Session } from './session.js';
import { errorInWords } from './words.js';

/** What takes the questions of the page, in their order, and posts an answer to each. */
export function answering(session: Session, post: (message: Message) => void): (question: Question) => void {
  let before: Promise<unknown> = Promise.resolve();
  return ({ id, name, args }) => {
    const call = async () => {
      try {
        const value = await (session[name] as (...args: unknown[]) => unknown).apply(session, [...args]);
        post({ kind: 'answer', id, value });
      } catch (error) {
        post({ kind: 'failure', id, message: errorInWords(error) });
      }
    };
    if (name === 'train') session.expect(args[0] as TrainRequest);
    if (name === 'stop' || name === 'pace') void call();
    else before = before.then(call);
  };
}
