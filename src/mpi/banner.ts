// mpi: what mpiexec writes to the output of its processes if one of them ends badly.

const RULE = '='.repeat(83);
const BEGIN = Buffer.from(`${RULE}\n=   BAD TERMINATION OF ONE OF YOUR APPLICATION PROCESSES\n`);

const NEWLINE = 10;
const NOTHING: Buffer = Buffer.alloc(0);

/** Takes the banner of MPICH's mpiexec out of an output. */
export class Banner {
  /** The end of the output so far, which may be the beginning of the banner. */
  #kept: Buffer = NOTHING;
  /** Whether a process was killed or crashed. The banner names one of them, which may be one that mpiexec then killed. */
  isSeen = false;

  /** What of the output so far can be passed on. */
  filter(chunk: Buffer): Buffer {
    if (this.isSeen) return NOTHING;
    const all = Buffer.concat([this.#kept, chunk]);
    const at = all.indexOf(BEGIN);
    if (at !== -1) {
      this.isSeen = true;
      this.#kept = NOTHING;
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
