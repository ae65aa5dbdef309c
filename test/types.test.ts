import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

describe('the types', () => {
  // The other tests are run without: each `@ts-expect-error` in them is a test here.
  it('hold in sources, tests, examples, bench and page, and refuse what the tests say that they refuse', () => {
    const compiler = require.resolve('typescript/bin/tsc');
    const options = { cwd: join(__dirname, '..'), encoding: 'utf8' } as const;
    const { stdout, status } = spawnSync(process.execPath, [compiler, '--noEmit', '--pretty', 'false'], options);
    expect([stdout, status]).toEqual(['', 0]);
  });
});
