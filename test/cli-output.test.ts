// The output of the command line is bounded, whatever a file contains.

import { tableOf } from '../src/cli/columns.js';
import { evaluationLines } from '../src/cli/output.js';
import { parseCsv } from '../src/data/table/table.js';
import { modelOf } from './helpers/models.js';

const long = 'x'.repeat(4000);

it('shortens long names of classes and columns, since a table is as wide as its widest row', async () => {
  const model = modelOf([[1, -1]], [0, 0], [long, 'b']);
  const lines = evaluationLines(await model.evaluate([[1], [2]], [long, 'b']), 'two').map(String);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(200);
  expect(lines.join('\n')).toContain(`  ${'x'.repeat(60)}…  `);
  const { columns } = parseCsv(`${long},y\n1,a\n2,b\n`, { label: 'y' });
  const table = tableOf({ name: 'a table', rows: 2, dropped: 0, columns }, true);
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
