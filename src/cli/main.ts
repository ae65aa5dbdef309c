#!/usr/bin/env node
// cli: argv → calls → exit code. Commands load their modules when they run, so that --help is fast.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command, CommanderError } from 'commander';
import { compareCommand } from './commands/compare.js';
import { dataCommand } from './commands/data.js';
import { doctorCommand } from './commands/doctor.js';
import { evaluateCommand } from './commands/evaluate.js';
import { explainCommand } from './commands/explain.js';
import { exportCommand } from './commands/export.js';
import { gradcheckCommand } from './commands/gradcheck.js';
import { inspectCommand } from './commands/inspect.js';
import { learningCurveCommand } from './commands/learning-curve.js';
import { nativeCommand } from './commands/native.js';
import { predictCommand } from './commands/predict.js';
import { reportCommand } from './commands/report.js';
import { trainCommand } from './commands/train.js';
import { explain } from './explain.js';
import { Interrupted } from './interrupt.js';
import { commanderOutput, note, outputFailure, ReaderGone, watchStreams } from './terminal.js';
import { ranksHere } from './train/ranks.js';

const EXIT_CODES = `
Exit codes: 0 success, 1 failure (data, file or machine), 2 usage error, 130 interrupted, 143 terminated.
NO_COLOR=1 turns colours off. DEBUG=1 shows stack traces.`;

export function createProgram(): Command {
  return new Command('softmax-regression')
    .description(
      'Softmax regression on TensorFlow.js, from the command line: from a CSV file to a model, a report and ONNX.',
    )
    .version(packageVersion())
    .commandsGroup('Models:')
    .addCommand(trainCommand())
    .addCommand(learningCurveCommand())
    .addCommand(evaluateCommand())
    .addCommand(compareCommand())
    .addCommand(predictCommand())
    .addCommand(explainCommand())
    .addCommand(reportCommand())
    .addCommand(inspectCommand())
    .addCommand(exportCommand())
    .commandsGroup('This machine:')
    .addCommand(gradcheckCommand())
    .addCommand(nativeCommand())
    .addCommand(doctorCommand())
    .addCommand(dataCommand())
    .addHelpText('after', EXIT_CODES);
}

/** Runs one command line. Never throws. */
export async function main(argv: readonly string[]): Promise<void> {
  const program = createProgram();
  let running: Command | undefined;
  program.hook('preAction', async (_, command) => {
    running = command;
    await (await import('./destination.js')).assertFiles(command);
  });
  throwInsteadOfExit(program);
  try {
    // Before anything is printed.
    if (argv[2] === 'train') await ranksHere();
    await program.parseAsync(argv);
  } catch (error) {
    if (!(error instanceof ReaderGone)) process.exitCode = report(error, running);
    await endWithFirst(error, running);
  }
  // A result that failed has been reported; lines that failed have not.
  const failure = outputFailure();
  if (failure !== undefined && !process.exitCode) process.exitCode = report(failure, running);
}

/** Milliseconds in which rank 0 can say itself what is wrong on all ranks. */
const FIRST_SPEAKS = 2000;

/** After an error on another rank than 0, waits until rank 0 ends all, or has rank 0 print the error. */
async function endWithFirst(error: unknown, command: Command | undefined): Promise<void> {
  if (command?.name() !== 'train') return;
  const communicator = await ranksHere().catch(() => undefined);
  if (communicator === undefined || communicator.rank === 0) return;
  await sleep(FIRST_SPEAKS);
  const where = `rank ${communicator.rank} of ${communicator.size}`;
  communicator.abort(`${where}: ${explain(error, command).message}`, Number(process.exitCode ?? 1));
}

/** Commander passes this setting only to commands that it created itself. */
function throwInsteadOfExit(command: Command): void {
  command.exitOverride().showHelpAfterError('(see --help)').configureOutput(commanderOutput);
  command.commands.forEach(throwInsteadOfExit);
}

/** Prints the error to stderr and returns its exit code. */
function report(error: unknown, command: Command | undefined): number {
  // Commander has already printed its message or the help.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const { message, isUsage, isOurs } = explain(error, command);
  const unexpected = isOurs ? '' : '\n(unexpected error: DEBUG=1 shows the stack trace)';
  const shown = process.env.DEBUG && error instanceof Error ? error.stack : undefined;
  note((shown ?? `error: ${message}${unexpected}`).split('\n'));
  if (error instanceof Interrupted) return error.exitCode;
  return isUsage ? 2 : 1;
}

/** Read at run time: this file runs from `src/cli` and from `dist/cjs/cli`. */
function packageVersion(): string {
  for (let folder = __dirname; ; folder = join(folder, '..')) {
    const manifest = join(folder, 'package.json');
    if (existsSync(manifest)) return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
  }
}

if (require.main === module) {
  watchStreams();
  void main(process.argv);
}
