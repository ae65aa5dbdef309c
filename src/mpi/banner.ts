// mpi: what mpiexec writes to the output of its processes if one of them ends badly.

const RULE = '='.repeat(83);
const BEGIN = Buffer.from(`${RULE}\n=   BAD TERMINATION OF ONE OF YOUR APPLICATION PROCESSES\n`);

const NEWLINE = 10;

/** Takes the banner of MPICH's mpiexec out of an output, and reads it. */
export class Banner {
  /** The end of the output so far, which may be the beginning of the banner. */
  #kept: Buffer = Buffer.alloc(0);
  #banner: string | undefined;

  /** What of the output so far can be passed on. */
  filter(chunk: Buffer): Buffer {
    if (this.#banner !== undefined) {
      this.#banner += chunk.toString('latin1');
      return Buffer.alloc(0);
    }
    const all = Buffer.concat([this.#kept, chunk]);
    const at = all.indexOf(BEGIN);
    if (at !== -1) {
      this.#banner = all.subarray(at).toString('latin1');
      this.#kept = Buffer.alloc(0);
      // The line before it is empty, unless it has been passed on.
      return all.subarray(0, all[at - 1] === NEWLINE ? at - 1 : at);
    }
    const cut = all.length - beginningAtEnd(all);
    this.#kept = all.subarray(cut);
    return all.subarray(0, cut);
  }

  /** What was kept of the output, after its end. */
  rest(): Buffer {
    return this.#kept;
  }

  /**
   * The process that ended badly, in words; undefined if none did.
   *
   * @param ranks lines `rank 1 4711`, the rank and the number of a process
   */
  fault(ranks: string): string | undefined {
    if (this.#banner === undefined) return undefined;
    const pid = /PID (\d+)/.exec(this.#banner)?.[1];
    const code = Number(/EXIT CODE: (\d+)/.exec(this.#banner)?.[1]);
    const signal = /EXIT STRING: (.+?) \(signal/.exec(this.#banner)?.[1];
    const rank = new RegExp(`^rank (\\d+) ${pid}$`, 'm').exec(ranks)?.[1];
    const name = rank === undefined ? `process ${pid}` : `rank ${rank} (process ${pid})`;
    return signal === undefined ? `${name} ended with exit code ${code}` : `${name} was ended by a signal: ${signal}`;
  }
}

/** The length of the longest end of the bytes with which the banner, and the empty line before it, could begin. */
function beginningAtEnd(bytes: Buffer): number {
  // A newline alone is passed on: it ends a line of a process that may wait for an answer.
  for (let length = Math.min(bytes.length, BEGIN.length - 1); length > 0; length--) {
    const start = bytes.length - length;
    if (bytes.subarray(start).equals(BEGIN.subarray(0, length)))
      return bytes[start - 1] === NEWLINE ? length + 1 : length;
  }
  return 0;
}
