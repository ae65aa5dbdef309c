// cli: arguments and options that name files. Their declarations say whether a command reads or writes them.
import { Argument, Option } from 'commander';

/** The conventional names of standard input and standard output. */
export const STDIN = '-';
export const STDOUT = '-';

/** Data sets by name; `./iris` is a path. */
export const NAMED = ['iris', 'fashion-mnist'] as const;

/**
 * How a command uses a file.
 *
 * - `file`: reads it
 * - `table`: reads it; `-` is standard input
 * - `data`: the same, or a folder or the name of a data set
 * - `output`: writes it; `-` is standard output
 * - `state`: reads it if it exists, and writes it again and again
 */
export type Role = 'file' | 'table' | 'data' | 'output' | 'state';

/** An argument that names a file. Before the command runs, `assertFiles` compares it with all other files. */
export class FileArgument extends Argument {
  constructor(
    name: string,
    description: string,
    readonly role: Role,
  ) {
    super(name, description);
  }
}

/** An option that names a file. Before the command runs, `assertFiles` compares it with all other files. */
export class FileOption extends Option {
  constructor(
    flags: string,
    description: string,
    readonly role: Role,
  ) {
    super(flags, description);
  }
}

/** Paths of standard output. A file renamed to one of them would replace what standard output is. */
const STDOUT_PATHS = ['/dev/stdout', '/dev/fd/1', '/proc/self/fd/1'];

export interface OutputKind {
  /** Whether the file is no text, which a terminal cannot show. */
  readonly isBinary?: boolean;
  /** Whether the result goes to standard output if the option is absent. */
  readonly isRows?: boolean;
}

/** An option that names a file to write. */
export class OutputOption extends FileOption {
  readonly isBinary: boolean;
  readonly isRows: boolean;

  constructor(flags: string, description: string, { isBinary = false, isRows = false }: OutputKind = {}) {
    super(flags, description, 'output');
    this.isBinary = isBinary;
    this.isRows = isRows;
    this.argParser((path: string) => (STDOUT_PATHS.includes(path) ? STDOUT : path));
  }
}
