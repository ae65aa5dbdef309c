import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '..', '..');

describe('the module of SIMD kernels', () => {
  it('is up to date with assembly/simd.ts', () => {
    const made = execFileSync(process.execPath, [join(ROOT, 'scripts/simd.mjs')], { encoding: 'utf8' });
    expect(made).toBe(readFileSync(join(ROOT, 'src/core/simd-module.ts'), 'utf8'));
  });
});
