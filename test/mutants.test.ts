// What `npm run mutants` is made of: which changes it makes, which it chooses, and that its suites and reasons are of this package.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EQUIVALENT } from '../tools/mutants/equivalent.js';
import { mutantsOf, sample } from '../tools/mutants/mutate.js';
import { roundsOf } from '../tools/mutants/suites.js';

const SOURCES = join(__dirname, '..', 'src');
const ROOMS = ['reference', 'nn', 'optim', 'metrics'];
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
    ['a boundary, and turns a comparison round', 'a < b', ['a <= b', 'a >= b']],
    ['equality', 'a === b', ['a !== b']],
    ['logic', 'a && b', ['a || b']],
    ['a default', 'a ?? b', ['a', 'b']],
    ['a negation', '!a', ['a']],
    ['truth', 'true', ['false']],
    ['a constant, up and down', '1.5', ['2.5', '0.5']],
    ['zero, and keeps the sign apart', 'a - 0', ['a + 0', 'a - 1', 'a - (-1)']],
    ['a choice', 'a ? b : c', ['true ? b : c', 'false ? b : c', 'a ? c : b']],
    ['a function of Math', 'Math.abs(a)', ['(a)']],
    ['a pair of Math', 'Math.max(a, b)', ['Math.min(a, b)']],
    ['a function of arrays', 'a.some(b)', ['a.every(b)']],
  ])('changes %s', (_, expression, expected) => {
    expect(mutated(`x = [${expression}].b`).sort()).toEqual([...expected.map((each) => `x = [${each}].b`), ';'].sort());
  });

  it.each([
    ['an assignment', 'a *= b;', ['a /= b;', ';']],
    ['a step', 'a++;', ['a--;', ';']],
    ['a guard', 'if (a) throw b;', ['if (true) throw b;', 'if (false) throw b;']],
    ['a branch', 'if (a) {} else { ; }', ['if (true) {} else { ; }', 'if (false) {} else { ; }', 'if (a) {} else {}']],
    ['a loop', 'while (a) b();', ['while (false) b();', 'while (a) ;']],
    ['the body of a function', 'function f() { return a }', ['function f() {}']],
    ['the way out of a loop', 'for (;;) { break; }', ['for (;;) {}', 'for (;;) { ; }']],
  ])('changes %s', (_, statement, expected) => {
    expect(mutated(statement).sort()).toEqual([...expected].sort());
  });

  it('changes the arithmetic and comparisons of tensors where there are tensors', () => {
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

  it('leaves text, types, imports and the steps of loops as they are', () => {
    const text = "import { a } from '1'; type B = 2; const c: 3 = `4` + '5'; for (; ; i++) f<6>('7');";
    expect(mutated(text).filter((each) => !each.endsWith(' ;'))).toEqual([]);
    expect(mutated('for (let i = 0; ; ) ;')).toEqual(['for (let i = 1; ; ) ;']);
  });

  it('says where a mutant is, and tells the same change on two equal lines apart', () => {
    const found = mutantsOf('nn/a.ts', 'x;\n  f(a + b);\n  f(a + b);\n').filter(({ kind }) => kind === 'arithmetic');
    expect(found).toMatchObject([
      { file: 'nn/a.ts', line: 2, column: 7, original: '+', replacement: '-', change: 'f(a + b); → f(a - b);' },
      { file: 'nn/a.ts', line: 3, column: 7, change: 'f(a + b); → f(a - b); (2)' },
    ]);
  });
});

describe('sample', () => {
  it('takes from all files alike, and each mutant once', () => {
    const chosen = sample(mutants, 10 * files.length, 1);
    expect(new Set(chosen.map(({ source }) => source)).size).toBe(10 * files.length);
    const counts = files.map((file) => chosen.filter((mutant) => mutant.file === file).length);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(2);
  });

  it('is decided by its seed, and takes others with another', () => {
    const names = (seed: number) => sample(mutants, 100, seed).map(({ file, change }) => `${file}: ${change}`);
    const [one, same, other] = [names(1), names(1), new Set(names(2))];
    expect(same).toEqual(one);
    expect(one.filter((name) => other.has(name)).length).toBeLessThan(20);
  });

  it('keeps what it took when a line is added to a file', () => {
    const of = (text: string) => sample(mutantsOf('a.ts', text), 3, 1).map(({ change }) => change);
    const text = 'f(a + b);\ng(a < b);\nh(a && b);\ni(a ? b : c);\n';
    expect(of(`${text}\n// nothing\n`)).toEqual(of(text));
    expect(of(`\n\n${text}`)).toEqual(of(text));
  });

  it('takes all there are when asked for more', () => {
    expect(sample(mutants, 1e6, 1)).toHaveLength(mutants.length);
  });
});

describe('the run', () => {
  it('has suites for every file of the four rooms', () => {
    for (const file of files) {
      for (const suite of roundsOf(file, ['cpu']).flatMap(({ suites }) => suites)) {
        expect(existsSync(join(__dirname, `${suite}.test.ts`))).toBe(true);
      }
    }
    expect(() => roundsOf('nn/new.ts', ['cpu'])).toThrow('nn/new.ts has no suites');
  });

  it('calls nothing equivalent that is no mutant, and nothing without a reason', () => {
    const names = new Set(mutants.map(({ file, change }) => `${file}: ${change}`));
    expect(EQUIVALENT.filter(({ file, change }) => !names.has(`${file}: ${change}`))).toEqual([]);
    expect(EQUIVALENT.filter(({ reason }) => reason.length < 20)).toEqual([]);
    expect(names.size).toBe(mutants.length);
  });
});
