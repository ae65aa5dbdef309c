// The lint rule tools/lint/exact-math.grit: files that stored numbers depend on call no function whose bits differ between engines.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const ROOT = join(__dirname, '..');
const { plugins } = JSON.parse(readFileSync(join(ROOT, 'biome.json'), 'utf8')) as {
  plugins: { path: string; includes: string[] }[];
};

/** Rooms of src/ without the rule, and why. */
const WITHOUT: Readonly<Record<string, string>> = {
  backend: 'chooses a backend',
  cli: 'reads arguments and prints',
  compile: 'moves tensors',
  graph: 'runs tensors on TensorFlow',
  kernels: 'C++',
  metrics: 'scores, which no model stores',
  nn: 'tensors',
  node: 'reads and writes bytes',
  predict: 'probabilities; the model file is read without arithmetic',
  'predict-records': 'probabilities',
  'predict-text': 'reads bytes',
  reference: 'the oracle of the tests',
  report: 'draws',
};

/** Files of the other rooms without the rule, and why. */
const EXCEPTED: Readonly<Record<string, string>> = {
  'src/core/sha256.ts': 'takes the first 32 bits of cube roots, none of which is near a change of these bits',
};

/** The part of model/ that makes what a file stores. */
const OF_MODEL = [
  'calibrate',
  'cross-validate',
  'lambda-path',
  'learning-curve',
  'linear-classifier',
  'softmax-regression',
];

const BAD = [
  'export const a = Math.exp(1);',
  'export const { log } = Math;',
  "export const b = Math['cos'](2);",
  'export const c = Math?.hypot(2, 3);',
  'export const d = [1, 8].map(Math.cbrt);',
  'export const e = globalThis.Math.pow(2, 3);',
  'export const f = a ** 2;',
  'export const g = 10 ** 3;',
  'export const h = 2 ** a;',
  'export const i = 2 ** 0.5;',
  'export let j = 2; j **= 2;',
  'export const k = Math;',
];
const GOOD = [
  'export const l = Math.sqrt(2) + Math.min(1, 2) - Math.PI * Math.LN2;',
  'export const m = [1.5].map(Math.floor);',
  'export const n = 2 ** -40 + 2 ** 24;',
  "export const o = 'Math.exp';",
  'export const p = { Math: 1 };',
];

/** The lines of each file that the rule refuses, counted from 0, in a copy of this project with these files alone. */
function refused(files: readonly string[], lines: readonly string[]): Record<string, number[]> {
  const folder = mkdtempSync(join(tmpdir(), 'exact-math-'));
  try {
    for (const { path } of plugins) {
      mkdirSync(join(folder, dirname(path)), { recursive: true });
      cpSync(join(ROOT, path), join(folder, path));
    }
    writeFileSync(join(folder, 'biome.json'), JSON.stringify({ plugins, linter: { rules: { preset: 'none' } } }));
    for (const file of files) {
      mkdirSync(join(folder, dirname(file)), { recursive: true });
      writeFileSync(join(folder, file), `${lines.join('\n')}\n`);
    }
    const biome = require.resolve('@biomejs/biome/bin/biome');
    const args = [biome, 'lint', '--colors=off', '--max-diagnostics=none', '.'];
    const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
    const found: Record<string, Set<number>> = {};
    for (const [, file, line] of `${stdout}${stderr}`.matchAll(/^(src\S+?):(\d+):\d+ plugin/gm)) {
      found[file] = (found[file] ?? new Set()).add(Number(line) - 1);
    }
    const sorted = ([file, numbers]: [string, Set<number>]) => [file, [...numbers].sort((a, b) => a - b)];
    return Object.fromEntries(Object.entries(found).map(sorted));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe('the rule of exact mathematics', () => {
  it('refuses functions of Math and powers whose bits differ between engines, and nothing else', () => {
    const lines = [...BAD, ...GOOD];
    expect(refused(['src/core/planted.ts'], lines)).toEqual({ 'src/core/planted.ts': [...BAD.keys()] });
  });

  it('holds in all rooms that stored numbers depend on', () => {
    const rooms = readdirSync(join(ROOT, 'src'), { withFileTypes: true }).filter((each) => each.isDirectory());
    const names = rooms.map(({ name }) => name).filter((name) => !(name in WITHOUT) && name !== 'model');
    const inRule = [
      ...names.flatMap((name) => [`src/${name}/planted.ts`, `src/${name}/below/planted.ts`]),
      ...OF_MODEL.map((name) => `src/model/${name}.ts`),
    ];
    const outside = [
      ...Object.keys(EXCEPTED),
      ...Object.keys(WITHOUT).map((name) => `src/${name}/planted.ts`),
      'src/model/evaluation.ts',
    ];
    const found = refused([...inRule, ...outside], BAD.slice(0, 1));
    expect(Object.keys(found).sort()).toEqual([...inRule].sort());
  });

  it('has no exceptions in comments', () => {
    const files = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }).filter((path) =>
      path.endsWith('.ts'),
    );
    const excepted = files.filter((path) =>
      /biome-ignore(-\w+)? lint\/plugin/.test(readFileSync(join(ROOT, 'src', path), 'utf8')),
    );
    expect(excepted).toEqual([]);
  });
});
