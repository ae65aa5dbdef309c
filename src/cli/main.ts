#!/usr/bin/env node
// cli: argv → calls → exit code. Commands load what they need when they run, so that --help is quick.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { dataCommand } from './commands/data.js';
import { doctorCommand } from './commands/doctor.js';
import { gradcheckCommand } from './commands/gradcheck.js';
import { nativeCommand } from './commands/native.js';
import { INTERRUPTED_EXIT_CODE, Interrupted } from './interrupt.js';

function createProgram(): Command {
  return new Command('softmax-regression')
    .description('softmax regression on TensorFlow.js, from the command line')
    .version(packageVersion())
    .addCommand(dataCommand())
    .addCommand(doctorCommand())
    .addCommand(gradcheckCommand())
    .addCommand(nativeCommand())
    .addHelpText('after', '\nExit codes: 0 done, 1 failed, 2 bad usage, 130 interrupted. DEBUG=1 shows stack traces.');
}

/** Runs one command line, without ever throwing. */
export async function main(argv: readonly string[]): Promise<void> {
  const program = createProgram();
  throwInsteadOfExit(program);
  try {
    await program.parseAsync(argv);
  } catch (error) {
    process.exitCode = report(error);
  }
}

/** Commander passes this setting only to commands that it created itself. */
function throwInsteadOfExit(command: Command): void {
  command.exitOverride().showHelpAfterError('(--help shows what there is)');
  command.commands.forEach(throwInsteadOfExit);
}

/** Says on stderr what went wrong, and gives the exit code for it. */
function report(error: unknown): number {
  // Commander has printed its own message, or the help that was asked for.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (process.env.DEBUG && error instanceof Error) console.error(error.stack);
  else console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
  return error instanceof Interrupted ? INTERRUPTED_EXIT_CODE : 1;
}

/** Read at run time: this file runs from `src/cli` and from `dist/cjs/cli`. */
function packageVersion(): string {
  for (let folder = __dirname; ; folder = join(folder, '..')) {
    const manifest = join(folder, 'package.json');
    if (existsSync(manifest)) return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
  }
}

if (require.main === module) {
  // `softmax-regression … | head` closes our output early, which is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  void main(process.argv);
}
