// The parts of `npm run mutants`: the mutants, their sample, and the suites and reasons listed for this package.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EQUIVALENT } from '../tools/mutants/equivalent.js';
import { mutantsOf, sample } from '../tools/mutants/mutate.js';
import { roundsOf } from '../tools/mutants/suites.js';

const SOURCES = join(__dirname, '..', 'src');
const ROOMS = ['reference', 'nn', 'optim', 'metrics', 'formats'];
const files = ROOMS.flatMap((room) => readdirSync(join(SOURCES, room)).map((name) => `${room}/${name}`));
const sources = new Map(files.map((file) => [file, readFileSync(join(SOURCES, file), 'utf8')]));
const mutants = files.flatMap((file) => mutantsOf(file, sources.get(file) as string));

function mutated(text: string): string[] {
  return mutantsOf('a.ts', text).map(({ source }) => source);
}

describe('mutantsOf', () => {
  it.each([
    ['arithmetic', 'a + b', ['a - b']],
    ['a remainder', 'a % b', ['a * b']],
    ['a sign', '-a', ['(a)']],
    ['a boundary, and negates the comparison', 'a < b', ['a <= b', 'a >= b']],
    ['equality', 'a === b', ['a !== b']],
    ['logic', 'a && b', ['a || b']],
    ['a default', 'a ?? b', ['a', 'b']],
    ['a negation', '!a', ['a']],
    ['a boolean', 'true', ['false']],
    ['a constant, up and down', '1.5', ['2.5', '0.5']],
    ['zero, and parenthesises −1', 'a - 0', ['a + 0', 'a - 1', 'a - (-1)']],
    ['a conditional', 'a ? b : c', ['true ? b : c', 'false ? b : c', 'a ? c : b']],
    ['a Math function', 'Math.abs(a)', ['(a)']],
    ['max to min', 'Math.max(a, b)', ['Math.min(a, b)']],
    ['an array method', 'a.some(b)', ['a.every(b)']],
  ])('changes %s', (_, expression, expected) => {
    expect(mutated(`x = [${expression}].b`).sort()).toEqual([...expected.map((each) => `x = [${each}].b`), ';'].sort());
  });

  it.each([
    ['an assignment', 'a *= b;', ['a /= b;', ';']],
    ['an increment', 'a++;', ['a--;', ';']],
    ['a guard', 'if (a) throw b;', ['if (true) throw b;', 'if (false) throw b;']],
    ['a branch', 'if (a) {} else { ; }', ['if (true) {} else { ; }', 'if (false) {} else { ; }', 'if (a) {} else {}']],
    ['a loop', 'while (a) b();', ['while (false) b();', 'while (a) ;']],
    ['a function body', 'function f() { return a }', ['function f() {}']],
    ['a break', 'for (;;) { break; }', ['for (;;) {}', 'for (;;) { ; }']],
  ])('changes %s', (_, statement, expected) => {
    expect(mutated(statement).sort()).toEqual([...expected].sort());
  });

  it('changes tensor methods only in files that import TensorFlow.js', () => {
    const text = 'const y = tf.where(a.greater(b), x.add(c).sum(), d.neg());';
    expect(mutated(text)).toEqual([]);
    const lines = mutated(`import * as tf from '@tensorflow/tfjs';\n${text}`).map((each) => each.split('\n')[1]);
    expect(lines.sort()).toEqual(
      [
        'const y = tf.where(a.greaterEqual(b), x.add(c).sum(), d.neg());',
        'const y = tf.where(a.greater(b), x.sub(c).sum(), d.neg());',
        'const y = tf.where(a.greater(b), x.add(c).mean(), d.neg());',
        'const y = tf.where(a.greater(b), x.add(c).sum(), d);',
        'const y = tf.where(a.greater(b), d.neg(), x.add(c).sum());',
      ].sort(),
    );
  });

  it('does not change strings, types, imports and loop steps', () => {
    const text = "import { a } from '1'; type B = 2; const c: 3 = `4` + '5'; for (; ; i++) f<6>('7');";
    expect(mutated(text).filter((each) => !each.endsWith(' ;'))).toEqual([]);
    expect(mutated('for (let i = 0; ; ) ;')).toEqual(['for (let i = 1; ; ) ;']);
  });

  it('reports the position of a mutant, and numbers equal changes on equal lines', () => {
    const found = mutantsOf('nn/a.ts', 'x;\n  f(a + b);\n  f(a + b);\n').filter(({ kind }) => kind === 'arithmetic');
    expect(found).toMatchObject([
      { file: 'nn/a.ts', line: 2, column: 7, original: '+', replacement: '-', change: 'f(a + b); → f(a - b);' },
      { file: 'nn/a.ts', line: 3, column: 7, change: 'f(a + b); → f(a - b); (2)' },
    ]);
  });
});

describe('sample', () => {
  it('samples all files evenly, without replacement', () => {
    const chosen = sample(mutants, 10 * files.length, 1);
    expect(new Set(chosen.map(({ source }) => source)).size).toBe(10 * files.length);
    // A file with few mutants has all of them in the sample.
    const of = (some: typeof mutants, file: string) => some.filter((mutant) => mutant.file === file).length;
    const large = files.filter((file) => of(chosen, file) < of(mutants, file));
    expect(large.length).toBeGreaterThan(files.length - 5);
    const counts = large.map((file) => of(chosen, file));
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(2);
  });

  it('is determined by its seed, and differs between seeds', () => {
    const names = (seed: number) => sample(mutants, 100, seed).map(({ file, change }) => `${file}: ${change}`);
    const [one, same, other] = [names(1), names(1), new Set(names(2))];
    expect(same).toEqual(one);
    expect(one.filter((name) => other.has(name)).length).toBeLessThan(20);
  });

  it('is unchanged by added lines without code', () => {
    const of = (text: string) => sample(mutantsOf('a.ts', text), 3, 1).map(({ change }) => change);
    const text = 'f(a + b);\ng(a < b);\nh(a && b);\ni(a ? b : c);\n';
    expect(of(`${text}\n// nothing\n`)).toEqual(of(text));
    expect(of(`\n\n${text}`)).toEqual(of(text));
  });

  it('returns all mutants if asked for more', () => {
    expect(sample(mutants, 1e6, 1)).toHaveLength(mutants.length);
  });
});

describe('the run', () => {
  it('has existing suites for each file of the four rooms', () => {
    for (const file of files) {
      for (const suite of roundsOf(file, ['cpu']).flatMap(({ suites }) => suites)) {
        expect(existsSync(join(__dirname, `${suite}.test.ts`))).toBe(true);
      }
    }
    expect(() => roundsOf('nn/new.ts', ['cpu'])).toThrow('nn/new.ts has no suites');
  });

  it('lists only existing mutants as equivalent, each with a reason', () => {
    const names = new Set(mutants.map(({ file, change }) => `${file}: ${change}`));
    expect(EQUIVALENT.filter(({ file, change }) => !names.has(`${file}: ${change}`))).toEqual([]);
    expect(EQUIVALENT.filter(({ reason }) => reason.length < 20)).toEqual([]);
    expect(names.size).toBe(mutants.length);
  });
});
