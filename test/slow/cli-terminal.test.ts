// Names of files, columns and classes reach no terminal raw; results keep their bytes; streams that fail say why.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { loadModel } from 'softmax-regression/node';
import { CommandLine } from '../helpers/command-line.js';

/** A title, a cleared screen, C1, bidirectional and zero-width characters. */
const EVIL = '\u001b]0;owned\u0007\u001b[2J\u009b31m\u202e\u2066\u200dx';
const CONTROL = /[^\P{Cc}\n]|\p{Bidi_Control}/u;
const line = new CommandLine();
const [table, model, checkpoint] = [`${EVIL}.csv`, `${EVIL}.st`, `${EVIL}.ck`];
const FIT = ['--label', `kind${EVIL}`, '--backend', 'cpu', '--test-fraction', '0'];

beforeAll(async () => {
  const rows = Array.from({ length: 12 }, (_, i) => `${i},${(i * 7) % 5},${i < 6 ? `a${EVIL}` : `b${EVIL}`}`);
  line.write(table, `width${EVIL},height,kind${EVIL}\n${rows.join('\n')}\n`);
  const trained = await line.run('train', table, ...FIT, '-o', model, '--report', `${EVIL}.html`);
  expect(trained).toMatchObject({ code: 0 });
  expect(trained.stdout + trained.stderr).not.toMatch(CONTROL);
  expect(trained.stdout).toContain('\\u009b31m');
});

afterAll(() => line.dispose());

it.each<[string, number, string[]]>([
  ['inspect', 0, [model]],
  ['inspect', 0, [model, '--json']],
  ['evaluate', 0, [model, table, '--backend', 'cpu']],
  ['compare', 0, [model, model, table]],
  ['explain', 0, [model, table, '--row', '3']],
  ['export', 0, [model, '-o', `${EVIL}.onnx`]],
  ['report', 0, [model, table, '-o', `${EVIL}.html`, '--backend', 'cpu']],
  ['learning-curve', 0, [table, ...FIT.slice(0, 4), '--folds', '2', '--sizes', '4,6']],
  ['train', 2, [table, ...FIT, '-o', table]],
  ['train', 1, [table, ...FIT, '--solver', 'sgd', '--resume', model]],
  ['train', 1, [table, ...FIT, '--solver', 'sgd', '--resume', checkpoint]],
  ['train', 1, [table, '--label', `none${EVIL}`]],
  ['predict', 1, [model, `none${EVIL}`]],
  ['data', 1, ['fetch', '--dir', EVIL]],
  ['native', 2, [EVIL]],
  ['inspect', 2, [`--${EVIL}`]],
])('%s writes no control character (exit code %i)', async (command, code, args) => {
  const ended = await line.run(command, ...args);
  expect(ended).toMatchObject({ code });
  expect(ended.stdout + ended.stderr).not.toMatch(CONTROL);
  if (args.includes('--json'))
    expect(JSON.parse(ended.stdout)).toMatchObject({ classes: [`a${EVIL}`, `b${EVIL}`], file: model });
});

it('predict keeps every byte of a label in a pipe and in a file', async () => {
  const piped = await line.run('predict', model, table);
  expect(piped.stdout).toContain(`a${EVIL}`);
  expect(await line.run('predict', model, table, '-o', 'labels.csv')).toMatchObject({ code: 0, stdout: '' });
  expect(readFileSync(line.path('labels.csv'), 'utf8')).toBe(piped.stdout);
});

(existsSync('/dev/full') ? describe : describe.skip)('a full stream', () => {
  it.each([`predict '${model}' '${table}'`, `inspect '${model}' --json`, 'doctor', '--help'])(
    'of results is named: %#',
    async (command) => {
      const { code, stderr } = await line.shell(`npx softmax-regression ${command} > /dev/full`);
      expect(stderr).toMatch(/^error: standard output must be on a disk with free space; got ENOSPC: .*\n$/);
      expect(code).toBe(1);
    },
  );

  it('of a model: the model is in the temporary folder', async () => {
    const train = `npx softmax-regression train '${table}' ${FIT.map((word) => `'${word}'`).join(' ')}`;
    const { code, stderr } = await line.shell(`${train} -o - > /dev/full`);
    expect(code).toBe(1);
    const [, file] = /The model is saved in (\S+) instead\./.exec(stderr) ?? [];
    expect((await loadModel(file)).classes).toHaveLength(2);
    rmSync(dirname(file), { recursive: true });
  });

  it('of messages changes no result', async () => {
    // With the model on standard output, the lines of train are messages.
    const train = `npx softmax-regression train '${table}' ${FIT.map((word) => `'${word}'`).join(' ')} -o -`;
    const ended = await line.shell(`${train} 2> lines.txt > first.st; ${train} 2> /dev/full > second.st`);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(readFileSync(line.path('lines.txt'), 'utf8')).toContain('accuracy');
    expect(readFileSync(line.path('second.st'))).toEqual(readFileSync(line.path('first.st')));
  });
});

it('a limit on the size of files is named, and leaves no file', async () => {
  const report = `npx softmax-regression report '${model}' '${table}' --backend cpu -o limited.html`;
  const { code, stderr } = await line.shell(`ulimit -f 1; ${report}`);
  expect(stderr).toMatch(
    /^error: limited\.html: this path must stay within the limit on the size of a file; got EFBIG: /m,
  );
  expect(code).toBe(1);
  expect(readdirSync(line.folder).filter((name) => /limited|partial/.test(name))).toEqual([]);
});

it('a reader that ends early ends the command quietly', async () => {
  // More than a pipe holds.
  line.write('long.csv', `width${EVIL},height\n${'1,2\n'.repeat(200_000)}`);
  const predict = `npx softmax-regression predict '${model}' long.csv`;
  const { stdout, stderr } = await line.shell(`{ ${predict}; echo "code $?" >&2; } | head -n 1`);
  expect({ stdout, stderr }).toEqual({ stdout: 'line,label,probability\n', stderr: 'code 0\n' });
});
