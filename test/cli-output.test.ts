// The output of the command line is bounded, whatever a file contains.

import { MOST_LISTED, tableOf } from '../src/cli/columns.js';
import { inFlags } from '../src/cli/explain.js';
import { evaluationLines, fitLines } from '../src/cli/output.js';
import type { ColumnSummary } from '../src/data/table/learn/column.js';
import { parseCsv } from '../src/data/table/table.js';
import type { FitResult } from '../src/training/fit.js';
import type { TrainingOptions } from '../src/training/options.js';
import { modelOf } from './helpers/models.js';

const long = 'x'.repeat(4000);

it('shortens long names of classes and columns, since a table is as wide as its widest row', async () => {
  const model = modelOf([[1, -1]], [0, 0], [long, 'b']);
  const lines = evaluationLines(await model.evaluate([[1], [2]], [long, 'b']), 'two').map(String);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(200);
  expect(lines.join('\n')).toContain(`  ${'x'.repeat(60)}…  `);
  const { columns } = parseCsv(`${long},y\n1,a\n2,b\n`, { label: 'y' });
  const table = tableOf({ name: 'a table', rows: 2, dropped: 0, columns }, 20);
  expect(Math.max(...table.map((line) => line.length))).toBeLessThan(300);
});

it('lists at most 1,000 classes', async () => {
  const classes = Array.from({ length: 1002 }, (_, k) => k);
  const model = modelOf(
    [classes.map((k) => k / 1000)],
    classes.map(() => 0),
    classes,
  );
  const lines = evaluationLines(await model.evaluate([[1], [2]], [0, 1]), 'two').map(String);
  expect(lines).toContain('  … and 2 others; --json has them all');
  expect(lines.length).toBeLessThan(1020);
});

it('says how far the optimum may be, and if nothing is known of it', () => {
  const fit = { converged: true, reason: 'gradient', iterations: 33, objective: 0.0461, history: [], advice: null };
  const line = (suboptimality: number | null) =>
    fitLines({ ...fit, suboptimality } as unknown as FitResult, { solver: 'lbfgs', l2: 0 } as TrainingOptions)[0];
  const start = 'fit: lbfgs converged after 33 iterations, l2 0, objective 0.0461';
  expect(line(1.1e-9)).toMatch(`${start}, within 1.1e-9 of the optimum`);
  expect(line(0.0461).trimEnd()).toBe(`${start}, within 0.046 of the optimum, which may be 0`);
  expect(line(null).trimEnd()).toBe(start);
});

describe('the columns of a wide table', () => {
  const summary = (name: string, kind: 'number' | 'label' = 'number') => ({
    ...{ name, kind, values: 2, missing: 0, features: kind === 'label' ? 0 : 1 },
  });
  const numbers = Array.from({ length: 2000 }, (_, i) => summary(`x${i}`));
  const listed = (columns: readonly ColumnSummary[], most: number) =>
    tableOf({ name: 'a table', rows: 2, dropped: 0, columns }, most);

  it('are listed up to a limit, with the label and every suspect one', () => {
    const odd = { ...summary('zip'), suspect: 'code' as const };
    const lines = listed([...numbers, odd, summary('y', 'label')], MOST_LISTED.dryRun);
    // The name of the table, the head, the columns, the others.
    expect(lines).toHaveLength(1 + 1 + 500 + 1);
    expect(lines.slice(-3)).toEqual([
      expect.stringMatching(/^ {2}zip +number \(code\?\)/),
      expect.stringMatching(/^ {2}y +label/),
      '  … and 1,502 others; --dry-run --json lists them all',
    ]);
    expect(listed(numbers.slice(0, 500), MOST_LISTED.dryRun)).toHaveLength(502);
    expect(listed(numbers.slice(0, 21), MOST_LISTED.train).at(-1)).toBe('  … and 1 other; --dry-run lists them all');
  });

  it('are listed up to a limit if most are suspect', () => {
    const columns = numbers.map((column) => ({ ...column, suspect: 'id' as const }));
    const lines = listed([...columns, summary('y', 'label')], MOST_LISTED.train);
    expect(lines).toHaveLength(1 + 1 + 501 + 1);
    expect(lines.at(-1)).toBe('  … and 1,500 others, 1,500 of them suspect; --dry-run --json lists them all');
  });
});

describe('a list that a message mentions', () => {
  it('is written as repeated flags', () => {
    expect(inFlags('Pass `ignore: ["a", "b c"]`.')).toBe('Pass --ignore a --ignore "b c".');
    expect(inFlags('Pass `ignore: ["a"]` or `ignore: [""]`.')).toBe('Pass --ignore a or --ignore "".');
  });
});
