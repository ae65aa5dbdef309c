import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { hypotOf, maxOf, minOf } from '../src/core/lists.js';

// A call with more than about 120,000 arguments overflows the stack. So no list that grows with the data is spread into one.

const ROOT = join(__dirname, '..');

/** The lists whose length the code itself limits, with the limit. */
const SHORT: Readonly<Record<string, string>> = {
  'src/compile/compile.ts: fn(...args)': 'the arguments of the compiled function',
  'src/compile/loop.ts: this.step(...args)': 'the arguments of a step',
  'src/data/table/csv/delimiter.ts: Math.max(...counts)': 'one count for each delimiter',
  'src/graph/loop-writer.ts: int32(...rest)': 'the axes of a tensor',
  'src/graph/value-checks.ts: constant(...bounds)': 'the axes of a tensor',
  'src/graph/xla-loop-writer.ts: int32(...shape)': 'the axes of a tensor',
  'src/graph/xla-loop-writer.ts: int32(...shape.map(() => 0))': 'the axes of a tensor',
  'src/graph/xla-loop-writer.ts: int32(...size)': 'the axes of a tensor',
  "src/node/native/unpack.ts: join(...name.split('/'))": 'the segments of a path',
  'src/node/trust.ts: join(...names.slice(0, i + 1))': 'the segments of a path',
  'src/optim/first-order.ts: f(...by.map((tensors) => tensors[name]))': 'parameters, gradients, optimizer state',
  'src/reference/phm.ts: zeros(...shapeOf(factor))': 'the axes of an array',
  'src/reference/phm.ts: zeros(...shapeOf(component))': 'the axes of an array',
  'src/training/checkpoint/training-snapshot.ts: Object.assign(...groups)': 'the groups of the optimizer state',
  'tools/fuzz/fuzz.ts: findings.push(...found)': 'at most ten findings',
  'tools/fuzz/mutate.ts: (DAMAGES as Damage[]).push(...FORGED)': 'a constant list',
  'tools/kill/cases.ts: problemOf(...STEPS[backend])': 'a constant pair',
  "tools/kill/contest.ts: findings.push(...lines.filter((line) => line.startsWith('fault')))":
    'the faults of a process',
  'tools/kill/kill.ts: findings.push(...endFaults(life, folder, expected))': 'the faults of a process',
  'tools/kill/kill.ts: findings.push(...(await ledger.faultsAfterDeath(folder, subject.says)))':
    'the faults of a process',
  'tools/soak/run.ts: Math.min(...resident)': 'the samples of one run',
  'tools/soak/run.ts: Math.max(...resident)': 'the samples of one run',
  'web/worker/data.ts: String.fromCharCode(...bytes)': 'the first bytes of a file',
  'web/worker/calls.ts: (session[name] as (...args: unknown[]) => unknown).apply([...args])':
    'the arguments of a call of the page',
};

/** The calls that spread a list into arguments, or apply one. A function may pass on its own rest parameter. */
function spreads(path: string, source: string): string[] {
  const file = ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const visit = (node: ts.Node, rests: readonly string[]): void => {
    const own = ts.isFunctionLike(node) ? node.parameters.filter(({ dotDotDotToken }) => dotDotDotToken) : [];
    const known = [...rests, ...own.map(({ name }) => name.getText())];
    if (ts.isCallExpression(node) || ts.isNewExpression(node)) {
      const callee = node.expression;
      for (const given of node.arguments ?? []) {
        if (!ts.isSpreadElement(given)) continue;
        const list = ts.isAsExpression(given.expression) ? given.expression.expression : given.expression;
        const written =
          ts.isParenthesizedExpression(list) && ts.isAsExpression(list.expression) ? list.expression.expression : list;
        const isFixed = ts.isArrayLiteralExpression(written) && !written.elements.some(ts.isSpreadElement);
        if (!isFixed && !known.includes(written.getText()))
          found.push(`${path}: ${callee.getText()}(...${written.getText()})`);
      }
      if (ts.isPropertyAccessExpression(callee) && callee.name.text === 'apply') {
        found.push(`${path}: ${callee.expression.getText()}.apply(${node.arguments?.[1]?.getText() ?? ''})`);
      }
    }
    ts.forEachChild(node, (child) => visit(child, known));
  };
  visit(file, []);
  return found;
}

function sourcesOf(folder: string): string[] {
  return (
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
      // The pages of the chapter have lists of three classes and four pixels.
      .filter((path) => path.endsWith('.ts') && !path.startsWith('web/learn/'))
  );
}

const FOUND = ['src', 'tools', 'web']
  .flatMap(sourcesOf)
  .flatMap((path) => spreads(path, readFileSync(join(ROOT, path), 'utf8')));

describe('no list of data is spread into arguments', () => {
  it('in src, tools and web', () => {
    expect(FOUND.filter((each) => !(each in SHORT))).toEqual([]);
  });

  it('and each exception is in use', () => {
    expect(Object.keys(SHORT).filter((each) => !FOUND.includes(each))).toEqual([]);
  });

  it.each([
    ['Math.max(...values)', 'Math.max(...values)'],
    ['list.push(0, ...values)', 'list.push(...values)'],
    ['new Set2(...values)', 'Set2(...values)'],
    ['String.fromCharCode(...bytes.subarray(4))', 'String.fromCharCode(...bytes.subarray(4))'],
    ['f(...[1, ...values])', 'f(...[1, ...values])'],
    ['Math.max.apply(null, values)', 'Math.max.apply(values)'],
    ['const f = (...own: number[]) => g(...other, ...own)', 'g(...other)'],
  ])('which the check finds: %s', (source, call) => {
    expect(spreads('a.ts', source)).toEqual([`a.ts: ${call}`]);
  });

  it.each(['[...values]', 'f({ ...values })', 'f(...[1, 2])', 'const f = (...own: number[]) => g(...own)'])(
    'unlike %s',
    (source) => expect(spreads('a.ts', source)).toEqual([]),
  );
});

describe('maxOf, minOf and hypotOf', () => {
  it.each([[[]], [[0, -0]], [[3, -4]], [[1e200, 1e200, 1e-200]], [[Number.NaN, 1]], [[1, Number.POSITIVE_INFINITY]]])(
    'are Math.max, Math.min and Math.hypot: %j',
    (numbers: number[]) => {
      expect([maxOf(numbers), minOf(numbers), hypotOf(numbers)]).toEqual([
        Math.max(...numbers),
        Math.min(...numbers),
        Math.hypot(...numbers),
      ]);
    },
  );

  it('take a list that is too long for arguments', () => {
    const numbers = new Float64Array(2e6).fill(-1);
    expect(() => Math.max(...numbers)).toThrow(RangeError);
    expect([maxOf(numbers), minOf(numbers)]).toEqual([-1, -1]);
    expect(hypotOf(numbers)).toBeCloseTo(Math.SQRT2 * 1000, 9);
  });
});
