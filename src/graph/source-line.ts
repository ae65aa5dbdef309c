// graph: finds the line of the user's code in a stack trace.
import { dirname, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const OWN = dirname(__dirname);
/** Folders of TensorFlow.js, and their names in its source maps. */
const TENSORFLOW = /[\\/]@tensorflow[\\/]|(^|[\\/])tfjs-[a-z-]+[\\/]src[\\/]/;

/**
 * The first position in a stack trace outside this package and TensorFlow.js: `step.ts:12:7`, relative to the working
 * directory, or undefined if there is none.
 */
export function callerOutside({ stack = '' }: Error): string | undefined {
  for (const line of stack.split('\n')) {
    const match = /^\s+at (?:.*\()?((?:file:\/\/)?[^()]+):(\d+):(\d+)\)?$/.exec(line);
    if (match === null) continue;
    const file = match[1].startsWith('file:') ? fileURLToPath(match[1]) : match[1];
    if (file.startsWith('node:') || file.startsWith(OWN) || TENSORFLOW.test(file)) continue;
    return `${relative(process.cwd(), file)}:${match[2]}:${match[3]}`;
  }
  return undefined;
}
