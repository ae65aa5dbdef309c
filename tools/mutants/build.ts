// Builds the package and its tests as CommonJS, without type checks, so that only tests can find a mutant.
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, transformSync } from 'esbuild';

const ROOT = join(__dirname, '..', '..');
/** Within the repository, so that packages resolve. */
export const BUILT = join(ROOT, '.mutants');

export async function buildAll(): Promise<void> {
  rmSync(BUILT, { recursive: true, force: true });
  mkdirSync(BUILT);
  const own = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  // The modules that jest.config.js and tsconfig.json map to sources.
  const exports = { '.': './src/index.js', './*': './src/*.js' };
  writeFileSync(join(BUILT, 'package.json'), JSON.stringify({ ...own, type: 'commonjs', exports }));
  const entryPoints = ['src', 'test', 'tools'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .map((path) => join(ROOT, folder, path)),
  );
  await build({ entryPoints, outdir: BUILT, outbase: ROOT, format: 'cjs', platform: 'node', target: 'node20' });
  for (const data of ['test/golden', 'src/kernels', 'tools/fuzz/found'])
    cpSync(join(ROOT, data), join(BUILT, data), { recursive: true });
}

export function builtSource(file: string): string {
  return join(BUILT, 'src', file.replace(/\.ts$/, '.js'));
}

export function builtSuite(name: string): string {
  return join(BUILT, 'test', `${name}.test.js`);
}

/** Compiles one source like the build. */
export function translate(source: string): string {
  return transformSync(source, { loader: 'ts', format: 'cjs', platform: 'node', target: 'node20' }).code;
}
