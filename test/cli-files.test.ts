// No output of a command names an input or another output: every command, every pair, every spelling.
import { linkSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { assertFiles, isSame, placeOfPath } from '../src/cli/destination.js';
import { FileArgument, FileOption } from '../src/cli/files.js';
import { createProgram } from '../src/cli/main.js';

let folder: string;
const at = (name: string) => join(folder, name);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cli-files-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function leavesOf(command: Command): Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leavesOf);
}

const pathOf = (command: Command): string[] =>
  command.parent === null ? [] : [...pathOf(command.parent), command.name()];

interface Slot {
  readonly name: string;
  readonly role: string;
}

const commands = leavesOf(createProgram()).map((command) => {
  const arguments_: Slot[] = command.registeredArguments.map((argument) => ({
    name: argument.name().toUpperCase(),
    role: argument instanceof FileArgument ? argument.role : '',
  }));
  const options: Slot[] = command.options.flatMap((option) =>
    option instanceof FileOption ? [{ name: option.long as string, role: option.role }] : [],
  );
  return { words: pathOf(command), arguments_, options };
});

/** Runs the check of a command alone, with these files. */
async function check(words: readonly string[], files: ReadonlyMap<string, string>): Promise<string | undefined> {
  const program = createProgram();
  program.hook('preAction', (_, command) => assertFiles(command));
  const leaf = leavesOf(program).find((each) => pathOf(each).join() === words.join()) as Command;
  // Only the second hook matters, so the work is replaced.
  leaf.action(() => {});
  const values = leaf.registeredArguments.map((argument) => files.get(argument.name().toUpperCase()) ?? 'iris');
  const flags = leaf.options.flatMap((option) => {
    const given = files.get(option.long as string);
    if (given !== undefined) return [option.long as string, given];
    if (!option.mandatory) return [];
    return [option.long as string, option instanceof FileOption ? at(`free-${option.attributeName()}`) : '1'];
  });
  return program.parseAsync([...words, ...values, ...flags], { from: 'user' }).then(
    () => undefined,
    (error: Error) => `${error.constructor.name}: ${error.message}`,
  );
}

/** `there/..` is `other`, and not the folder of `there`. */
function linkElsewhere(): void {
  mkdirSync(at('other/deep'), { recursive: true });
  writeFileSync(at('other/x'), 'old');
  symlinkSync('other/deep', at('there'));
}

const isWritten = ({ role }: Slot) => role === 'output' || role === 'state';

const pairs = commands.flatMap(({ words, arguments_, options }) => {
  const slots = [...arguments_, ...options];
  return slots.flatMap((a, i) =>
    slots
      .slice(i + 1)
      .filter((b) => (isWritten(a) || isWritten(b)) && !(a.role === 'state' && b.role === 'state'))
      .map((b) => [words.join(' '), a.name, b.name, words] as const),
  );
});

it('declares every argument and option that names a file', () => {
  for (const command of leavesOf(createProgram())) {
    for (const argument of command.registeredArguments) expect(argument).toBeInstanceOf(FileArgument);
    for (const option of command.options) {
      if (/<(file|folder|path|model|data)>/.test(option.flags)) expect(option).toBeInstanceOf(FileOption);
    }
  }
  expect(pairs.length).toBeGreaterThanOrEqual(28);
});

describe.each(pairs)('%s: %s and %s', (_, a, b, words) => {
  it.each<[string, string, string, () => void]>([
    ['one path', 'x', 'x', () => {}],
    ['two spellings', 'x', './none/../x', () => {}],
    ['a hard link', 'x', 'y', () => linkSync(at('x'), at('y'))],
    ['a symbolic link', 'y', 'x', () => symlinkSync('x', at('y'))],
    ['a link of the folder', 'y/x', 'x', () => symlinkSync('.', at('y'))],
    ['a link to a folder elsewhere, and ..', 'there/../x', 'other/x', () => linkElsewhere()],
    ['a link to a folder elsewhere, .., and a file to come', 'there/../new', 'other/new', () => linkElsewhere()],
    ['a file to come', 'new/x', 'new/../new/x', () => {}],
    ['a file to come through a dangling link', 'y', 'z', () => symlinkSync('z', at('y'))],
  ])('are not one file by %s', async (_, first, second, prepare) => {
    writeFileSync(at('x'), 'old');
    prepare();
    const before = readdirSync(folder).sort();
    const message = await check(
      words,
      new Map([
        [a, `${folder}/${first}`],
        [b, `${folder}/${second}`],
      ]),
    );
    expect(message).toMatch(/^UsageError: .* must be (another file than|different files)/);
    expect(message).toContain(a);
    expect(message).toContain(b);
    expect(readdirSync(folder).sort()).toEqual(before);
  });

  it('may be two files', async () => {
    writeFileSync(at('x'), 'old');
    expect(
      await check(
        words,
        new Map([
          [a, at('x')],
          [b, at('y')],
        ]),
      ),
    ).toBeUndefined();
  });
});

it.each(
  commands.flatMap(({ words, arguments_, options }) =>
    [...arguments_, ...options]
      .filter(({ role }) => role !== '')
      .map(({ name }) => [words.join(' '), name, words] as const),
  ),
)('%s: %s must not be empty', async (_, name, words) => {
  expect(await check(words, new Map([[name, '']]))).toBe(
    `UsageError: ${name} must be the path of a file; got an empty one.`,
  );
});

it.each(commands.flatMap(({ words, options }) => options.map(({ name }) => [words.join(' '), name, words] as const)))(
  '%s: %s must not be the next flag',
  async (_, name, words) => {
    expect(await check(words, new Map([[name, '--json']]))).toBe(
      `UsageError: ${name} must be the path of a file; got --json. A file of this name is ./--json.`,
    );
  },
);

it('a checkpoint may be the one that the training resumes from', async () => {
  const files = new Map([
    ['--checkpoint', at('x')],
    ['--resume', at('x')],
  ]);
  expect(await check(['train'], files)).toBeUndefined();
  expect(await check(['train'], new Map([...files, ['DATA', at('x')]]))).toMatch(/^UsageError: .* DATA/);
});

it('no result replaces a file of a folder of images', async () => {
  mkdirSync(at('mnist'));
  const name = (file: string) =>
    new Map([
      ['DATA', at('mnist')],
      ['--output', at(`mnist/${file}`)],
    ]);
  expect(await check(['train'], name('train-images-idx3-ubyte'))).toMatch(/another file than those of DATA/);
  expect(await check(['train'], name('m.safetensors'))).toBeUndefined();
});

it('a name that quotes a line end stays on one line', async () => {
  const path = at('a\n\u001b[2Jb');
  expect(
    await check(
      ['train'],
      new Map([
        ['DATA', path],
        ['--output', path],
      ]),
    ),
  ).toMatch(/got [^\n]*a\\u000a\\u001b\[2Jb\.$/);
});

it('names that differ in case are one file where the file system says so', async () => {
  const [a, b] = [await placeOfPath(at('M\u00e9.st')), await placeOfPath(at('me\u0301.ST'))];
  expect(await isSame(a, b, async () => true)).toBe(true);
  expect(await isSame(a, b, async () => false)).toBe(false);
  expect(await isSame(a, await placeOfPath(at('n.st')), async () => true)).toBe(false);
  expect(readdirSync(folder)).toEqual([]);
});
