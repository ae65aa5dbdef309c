import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '..', '..');

describe('the modules of WebAssembly', () => {
  it.each([
    ['simd', 'src/core/simd-module.ts'],
    ['csv', 'src/data/table/csv/scan-module.ts'],
  ])('of assembly/%s.ts is up to date', (name, file) => {
    const made = execFileSync(process.execPath, [join(ROOT, 'scripts/simd.mjs'), name], { encoding: 'utf8' });
    expect(made).toBe(readFileSync(join(ROOT, file), 'utf8'));
  });
});
