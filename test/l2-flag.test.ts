// The flag --l2 where it names several values, and the table of the search.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SoftmaxRegression } from 'softmax-regression';
import { fileCheckpoint } from 'softmax-regression/node';
import { assertTogether } from '../src/cli/commands/train.js';
import { chosenFlags } from '../src/cli/train/checks.js';
import { candidatesOf, chosenBy, L2_CHOICE, withoutCandidates } from '../src/cli/train/l2.js';
import { pathLines } from '../src/cli/train/path-lines.js';
import type { LambdaPath, LambdaRow } from '../src/model/lambda-path.js';

const row = (l2: number, logLoss: number, converged = true) =>
  ({
    l2,
    logLoss,
    standardError: 0.02,
    accuracy: 0.9,
    folds: [logLoss, logLoss, logLoss],
    converged,
  }) as unknown as LambdaRow;

const PATH: LambdaPath = {
  table: [row(1, 0.7), row(0.01, 0.32), row(1e-4, 0.31), row(0, 0.4)],
  ...{ best: 1e-4, oneStandardError: 0.01 },
};

describe('--l2', () => {
  it.each<[string, unknown]>([
    ['0.1', 0.1],
    ['-1', -1],
    ['1e-3', 1e-3],
    ['auto', 'auto'],
    ['1,0.1,1e-3,0', [1, 0.1, 1e-3, 0]],
    ['1, 0.1', [1, 0.1]],
  ])('reads %s', (text, value) => {
    expect(L2_CHOICE.parse(text)).toEqual(value);
  });

  it.each(['', 'Auto', '1,', ',', '1,1', '1,-1', '1,Infinity', 'Infinity', 'a', '1;0.1'])('refuses "%s"', (text) => {
    expect(() => L2_CHOICE.parse(text)).toThrow(
      'It must be a finite number, a list of different numbers ≥ 0, or auto.',
    );
  });

  it.each(['auto', [1, 0.1]])('refuses %p with --resume, whose checkpoint has one l2', (l2) => {
    expect(() => assertTogether({ l2, resume: 'l.ck' })).toThrow(
      '--l2 must be the number of the checkpoint with --resume; got a search.',
    );
    expect(() => assertTogether({ l2: 0.1, resume: 'l.ck' })).not.toThrow();
  });

  it('is left to the search where it names several values', () => {
    expect([candidatesOf({ l2: 'auto' }), candidatesOf({ l2: [1, 2] })]).toEqual(['auto', [1, 2]]);
    expect([candidatesOf({ l2: 1 }), candidatesOf({})]).toEqual([undefined, undefined]);
    expect(withoutCandidates({ l2: 'auto', l1: 2 })).toEqual({ l1: 2, l2: undefined });
    expect(withoutCandidates({ l2: 1, l1: 2 })).toEqual({ l1: 2, l2: 1 });
  });
});

describe('pathLines', () => {
  it('marks the choice of each rule', () => {
    expect(pathLines(PATH, undefined, undefined)).toEqual([
      'l2 0.0001 chosen by cross-validation on the training samples, 3 folds: the lowest log loss',
      '  l2               log loss  standard error  accuracy',
      '  1                  0.7000          0.0200    0.9000',
      '  0.01               0.3200          0.0200    0.9000',
      '  0.0001 (chosen)    0.3100          0.0200    0.9000',
      '  0                  0.4000          0.0200    0.9000',
    ]);
    expect([chosenBy('best', PATH), chosenBy('one-standard-error', PATH)]).toEqual([1e-4, 0.01]);
    const [first, , , second] = pathLines(PATH, 'one-standard-error', 'lbfgs');
    expect(first).toContain('the largest within one standard error of the lowest, at 0.0001');
    expect(second).toContain('0.01 (chosen)');
  });

  it.each<[string, readonly LambdaRow[], number, readonly string[]]>([
    [
      'at the smallest',
      [row(1, 0.7), row(0.1, 0.5)],
      0.1,
      ['The lowest log loss is at the smallest l2. To go on, pass --l2 0.1,0.01,0.001.'],
    ],
    [
      'at the largest',
      [row(1, 0.5), row(0.1, 0.7)],
      1,
      ['The lowest log loss is at the largest l2. To go on, pass --l2 100,10,1.'],
    ],
    ['between', [row(1, 0.7), row(0.1, 0.5), row(0.01, 0.6)], 0.1, []],
    ['at 0, below which there is nothing', [row(1, 0.7), row(0, 0.5)], 0, []],
  ])('says where to go on if the lowest loss is at an end: %s', (_, table, best, lines) => {
    expect(pathLines({ table, best, oneStandardError: best }, 'best', 'lbfgs').slice(2 + table.length)).toEqual(lines);
  });

  it('names the values whose fits did not converge, for solvers that converge', () => {
    const table = [row(1, 0.7), row(0.1, 0.5, false), row(0.01, 0.6)];
    const path = { table, best: 0.1, oneStandardError: 0.1 };
    expect(pathLines(path, 'best', 'lbfgs').at(-1)).toBe('Not all fits converged: l2 0.1. Raise --max-iterations.');
    expect(pathLines(path, 'best', 'adam').at(-1)).toContain('0.6000');
  });
});

describe('a training that was interrupted after the search', () => {
  const folder = mkdtempSync(join(tmpdir(), 'l2-flag-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each(['adam', 'lbfgs'] as const)('goes on with the l2 of the %s fit', async (solver) => {
    const path = join(folder, solver);
    const fit = solver === 'adam' ? { solver, epochs: 2, seed: 1 } : { solver, maxIterations: 2 };
    await SoftmaxRegression.fit([[0], [1], [2], [3]], [0, 1, 0, 1], {
      ...fit,
      l2: 0.01,
      checkpoint: fileCheckpoint(path),
    });
    expect(await chosenFlags(path, {})).toBe(', with --l2 0.01 in place of the search');
    expect(await chosenFlags(path, { l2Rule: 'best' })).toMatch(/ of the search, and without --l2-rule$/);
    expect(await chosenFlags(join(folder, 'none'), {})).toBe('');
  });
});
