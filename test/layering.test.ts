import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, relative, sep } from 'node:path';
import ts from 'typescript';

interface File {
  /** From src, with slashes: `nn/dense.ts`. */
  readonly path: string;
  readonly source: string;
}

interface Import {
  readonly specifier: string;
  /** Whether it is gone once types are erased. */
  readonly typeOnly: boolean;
}

const TFJS = '@tensorflow/tfjs';

/** What a room may import, for all of its files or for one of them. */
interface Right {
  /** A room, a package, or `node:*`; `*` for every room. */
  readonly name: string;
  readonly typeOnly: boolean;
  /** The only file of the room that may. */
  readonly file?: string;
}

type Rooms = ReadonlyMap<string, readonly Right[]>;

/** Short names in the table. */
const SHORT: Readonly<Record<string, string>> = {
  tfjs: TFJS,
  'tfjs-node': `${TFJS}-node`,
  'every room': '*',
};

/** The table of rooms in docs/architecture.md: `| room | its one job | may import |`. */
function readRooms(page: string): Rooms {
  const lines = page.split('\n');
  const head = lines.findIndex((line) => /^\| room \|.*\| may import \|$/.test(line));
  if (head === -1) throw new Error('the page has no table of rooms');
  const rows = lines.slice(head + 2);
  const table = rows.slice(
    0,
    rows.findIndex((line) => !line.startsWith('|')),
  );
  return new Map(
    table.map((line) => {
      const [, rooms, , imports] = line.split('|').map((cell) => cell.trim());
      return [rooms.replaceAll('`', '').replace(/(\/|\.ts)$/, ''), rightsOf(imports)];
    }),
  );
}

function rightsOf(cell: string): Right[] {
  if (cell === 'nothing') return [];
  return cell.split(', ').map((item) => {
    const [, types, written, file] = /^(types of )?`?(.+?)`?(?: \((.+) only\))?$/.exec(item) as RegExpExecArray;
    return { name: SHORT[written] ?? written, typeOnly: types !== undefined, file };
  });
}

const ROOMS = readRooms(readFileSync(join(__dirname, '..', 'docs', 'architecture.md'), 'utf8'));

/** What index.ts must not reach, even indirectly: it runs in browsers. */
const NOT_IN_BROWSERS = ['node', 'mpi', 'graph', 'cli', 'node:*'];

/** `nn/dense.ts` is in the room nn; so is `nn.ts`, its front door. `data/table/` is a room within `data/`. */
function roomOf(path: string): string {
  const [outer, inner] = path.replace(/\.ts$/, '').split('/');
  return ROOMS.has(`${outer}/${inner}`) ? `${outer}/${inner}` : outer;
}

/** Every import of a file: static, re-exporting, dynamic, by require, and in a type. */
function importsOf({ path, source }: File): Import[] {
  const imports: Import[] = [];
  const add = (specifier: ts.Node | undefined, typeOnly: boolean) => {
    const literal = specifier !== undefined && ts.isStringLiteralLike(specifier);
    imports.push({ specifier: literal ? specifier.text : '(computed)', typeOnly });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, isTypeImport(node.importClause));
    else if (ts.isExportDeclaration(node) && node.moduleSpecifier) add(node.moduleSpecifier, isTypeExport(node));
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal, true);
    else if (ts.isCallExpression(node) && isImportCall(node)) add(node.arguments[0], false);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, source, ts.ScriptTarget.Latest));
  return imports;
}

function isTypeImport(clause: ts.ImportClause | undefined): boolean {
  if (clause === undefined) return false;
  const { namedBindings } = clause;
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  if (clause.name !== undefined || namedBindings === undefined || !ts.isNamedImports(namedBindings)) return false;
  return namedBindings.elements.every(({ isTypeOnly }) => isTypeOnly);
}

function isTypeExport({ isTypeOnly, exportClause }: ts.ExportDeclaration): boolean {
  if (isTypeOnly || exportClause === undefined || !ts.isNamedExports(exportClause)) return isTypeOnly;
  return exportClause.elements.every((element) => element.isTypeOnly);
}

function isImportCall({ expression }: ts.CallExpression): boolean {
  return (
    expression.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(expression) && expression.text === 'require')
  );
}

/** The file that a relative import means, or undefined for a package. */
function targetOf(from: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  return posix.join(posix.dirname(from), specifier).replace(/\.js$/, '.ts');
}

/** What an import is called in the table: a room, a package, or `node:*`. */
function nameOf(from: string, specifier: string): string {
  const target = targetOf(from, specifier);
  if (target !== undefined) return roomOf(target);
  if (specifier.startsWith('node:')) return 'node:*';
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

/** All breaches of the table, paths from index.ts to what browsers lack, mutual imports of two rooms, and cycles. */
function violations(files: readonly File[]): string[] {
  const graph = new Map(files.map((file) => [file.path, importsOf(file)]));
  return [...breaches(graph), ...browserBreaches(graph), ...mutualPairs(graph), ...cycles(graph)];
}

type Graph = ReadonlyMap<string, readonly Import[]>;

function breaches(graph: Graph): string[] {
  return [...graph].flatMap(([path, imports]) => {
    const room = roomOf(path);
    const rights = ROOMS.get(room);
    if (rights === undefined) return [`${path}: ${room} is no room of the table`];
    return imports.flatMap(({ specifier, typeOnly }) => {
      const name = nameOf(path, specifier);
      const isAllowed = rights.some(
        (right) =>
          (right.name === name || (right.name === '*' && ROOMS.has(name))) &&
          (typeOnly || !right.typeOnly) &&
          (right.file === undefined || path === `${room}/${right.file}`),
      );
      return name === room || isAllowed
        ? []
        : [`${path}: ${room} may not import ${typeOnly ? 'types of ' : ''}${name} (${specifier})`];
    });
  });
}

/** Pairs of rooms that import each other, even by types only. */
function mutualPairs(graph: Graph): string[] {
  const pairs = new Set<string>();
  for (const [path, imports] of graph) {
    for (const { specifier } of imports) pairs.add(`${roomOf(path)} ⇄ ${nameOf(path, specifier)}`);
  }
  const isPair = (pair: string) => {
    const [a, b] = pair.split(' ⇄ ');
    return a < b && pairs.has(`${b} ⇄ ${a}`);
  };
  return [...pairs].filter(isPair).map((pair) => `rooms import each other: ${pair}`);
}

function browserBreaches(graph: Graph): string[] {
  const reached = new Set(['index.ts']);
  const found: string[] = [];
  for (const path of reached) {
    for (const { specifier } of graph.get(path) ?? []) {
      const name = nameOf(path, specifier);
      if (NOT_IN_BROWSERS.includes(name)) found.push(`${path}: reached from index.ts, imports ${name} (${specifier})`);
      const target = targetOf(path, specifier);
      if (target !== undefined) reached.add(target);
    }
  }
  return found;
}

function cycles(graph: Graph): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, above: readonly string[]): void => {
    if (above.includes(path)) {
      found.push(`cycle: ${[...above.slice(above.indexOf(path)), path].join(' → ')}`);
    } else if (!done.has(path)) {
      for (const { specifier } of graph.get(path) ?? []) {
        const target = targetOf(path, specifier);
        if (target !== undefined) visit(target, [...above, path]);
      }
      done.add(path);
    }
  };
  for (const path of graph.keys()) visit(path, []);
  return found;
}

/** What the page may import besides its own files: front doors of the package, and tfjs with its backends. */
const OF_THE_PAGE = [
  'softmax-regression',
  'softmax-regression/formats',
  'softmax-regression/report',
  TFJS,
  `${TFJS}-backend-wasm`,
  `${TFJS}-backend-webgpu`,
];

/** The files of the page's worker. Only they may import TensorFlow.js. */
const OF_ITS_WORKER = /^worker(?:\.ts$|\/)/;

function pageBreaches(files: readonly File[]): string[] {
  return files.flatMap((file) =>
    importsOf(file).flatMap(({ specifier, typeOnly }) => {
      const target = targetOf(file.path, specifier);
      const isOwn = target !== undefined && !target.startsWith('..');
      if (!isOwn && !OF_THE_PAGE.includes(specifier)) return [`${file.path}: the page may not import ${specifier}`];
      if (typeOnly || OF_ITS_WORKER.test(file.path)) return [];
      const isOfWorker = isOwn && OF_ITS_WORKER.test(target);
      // The page draws the report with the document, and loads it on demand.
      if (!isOfWorker && (isOwn || specifier === 'softmax-regression/report')) return [];
      return [`${file.path}: only the worker may import ${specifier}`];
    }),
  );
}

function sourceFiles(): File[] {
  const root = join(__dirname, '..', 'src');
  const paths = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'));
  return paths.map((path) => ({
    path: relative('.', path).split(sep).join('/'),
    source: readFileSync(join(root, path), 'utf8'),
  }));
}

describe('the rooms of src', () => {
  const files = sourceFiles();

  it('import only what the table allows, without cycles', () => {
    expect(violations(files)).toEqual([]);
  });

  it('are exactly those of the table', () => {
    expect([...new Set(files.map(({ path }) => roomOf(path)))].sort()).toEqual([...ROOMS.keys()].sort());
  });

  it('are named in the first line of each of their files', () => {
    const doors = [
      'index.ts',
      'formats.ts',
      'node.ts',
      'mpi.ts',
      'predict.ts',
      'predict-records.ts',
      'predict-text.ts',
      'reference.ts',
      'metrics.ts',
      'report.ts',
    ];
    const odd = files.filter(({ path, source }) => {
      const head = doors.includes(path) ? '// The front door' : `// ${path.replace(/\.ts$/, '').split('/')[0]}: `;
      return !source.replace(/^#!.*\n/, '').startsWith(head);
    });
    expect(odd.map(({ path }) => path)).toEqual([]);
  });

  it('have at most 20 files and 12 % of the lines in each folder', () => {
    const total = files.reduce((sum, { source }) => sum + source.split('\n').length, 0);
    const folders = new Map<string, { files: number; lines: number }>();
    for (const { path, source } of files) {
      const { files, lines } = folders.get(posix.dirname(path)) ?? { files: 0, lines: 0 };
      folders.set(posix.dirname(path), { files: files + 1, lines: lines + source.split('\n').length });
    }
    const crowded = [...folders].filter(([, { files, lines }]) => files > 20 || lines > 0.12 * total);
    expect(crowded).toEqual([]);
  });

  it('do not use TensorFlow.js in reference, metrics, data, reading, core and report', () => {
    for (const { path, source } of files) {
      if (['reference', 'metrics', 'data', 'reading', 'core', 'report'].includes(path.split('/')[0]))
        expect(source).not.toContain('@tensorflow');
    }
  });
});

describe('the files of web', () => {
  const root = join(__dirname, '..', 'web');
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .map((path) => path.split(sep).join('/'))
    .filter((path) => path.endsWith('.ts') && !path.startsWith('learn/'))
    .map((path) => ({ path, source: readFileSync(join(root, path), 'utf8') }));

  it('import the package by its front doors, and TensorFlow.js only in the worker', () => {
    expect(files.length).toBeGreaterThan(0);
    expect(pageBreaches(files)).toEqual([]);
    expect(cycles(new Map(files.map((file) => [file.path, importsOf(file)])))).toEqual([]);
  });

  it('are described in their first line', () => {
    expect(files.filter(({ source }) => !source.startsWith('// web: ')).map(({ path }) => path)).toEqual([]);
  });
});

/**
 * The pages of the chapter import the reference and their own files, and TensorFlow.js in one file, which is loaded when
 * asked. The shell takes from the page what keeps files for use without a network. What they show as code imports the reference only.
 */
function chapterBreaches(files: readonly File[]): string[] {
  return files.flatMap((file) =>
    importsOf(file).flatMap(({ specifier }) => {
      const folder = targetOf(file.path, specifier)?.split('/')[0];
      const isOwn = folder !== undefined && folder !== '..' && !file.path.startsWith('code/');
      if (isOwn || specifier === 'softmax-regression/reference') return [];
      if (file.path === 'autograd.ts' && specifier.startsWith(TFJS)) return [];
      if (file.path === 'shell.ts' && specifier === '../offline.js') return [];
      return [`${file.path}: the chapter may not import ${specifier}`];
    }),
  );
}

describe('the files of web/learn', () => {
  const root = join(__dirname, '..', 'web', 'learn');
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => ({ path: path.split(sep).join('/'), source: readFileSync(join(root, path), 'utf8') }));

  it('import the reference and each other, without cycles', () => {
    expect(files.length).toBeGreaterThan(0);
    expect(chapterBreaches(files)).toEqual([]);
    expect(cycles(new Map(files.map((file) => [file.path, importsOf(file)])))).toEqual([]);
  });

  it('are described in their first line', () => {
    expect(files.filter(({ source }) => !source.startsWith('// web: ')).map(({ path }) => path)).toEqual([]);
  });

  it('run the code that their page shows', () => {
    for (const { path, source } of files.filter((file) => /^pages\/(?!index)/.test(file.path))) {
      expect(importsOf({ path, source })).toContainEqual({
        specifier: path.replace('pages/', '../code/').replace('.ts', '.js'),
        typeOnly: false,
      });
    }
  });
});

describe('the checks of layering', () => {
  const file = (path: string, source: string): File => ({ path, source });

  it.each<[string, Import[]]>([
    ["import { a } from './a.js';", [{ specifier: './a.js', typeOnly: false }]],
    ["import a from 'a';", [{ specifier: 'a', typeOnly: false }]],
    ["import * as a from 'a';", [{ specifier: 'a', typeOnly: false }]],
    ["import 'a';", [{ specifier: 'a', typeOnly: false }]],
    ["import {} from 'a';", [{ specifier: 'a', typeOnly: true }]],
    ["import type { A } from 'a';", [{ specifier: 'a', typeOnly: true }]],
    ["import type * as a from 'a';", [{ specifier: 'a', typeOnly: true }]],
    ["import { type A, type B } from 'a';", [{ specifier: 'a', typeOnly: true }]],
    ["import { type A, b } from 'a';", [{ specifier: 'a', typeOnly: false }]],
    ["import a, { type A } from 'a';", [{ specifier: 'a', typeOnly: false }]],
    ["export { a } from 'a';", [{ specifier: 'a', typeOnly: false }]],
    ["export * from 'a';", [{ specifier: 'a', typeOnly: false }]],
    ["export * as a from 'a';", [{ specifier: 'a', typeOnly: false }]],
    ["export type { A } from 'a';", [{ specifier: 'a', typeOnly: true }]],
    ["export { type A } from 'a';", [{ specifier: 'a', typeOnly: true }]],
    ["async () => { await import('a'); }", [{ specifier: 'a', typeOnly: false }]],
    ["const a = require('a');", [{ specifier: 'a', typeOnly: false }]],
    [
      "let a: typeof import('a'); let b: import('b').B;",
      [
        { specifier: 'a', typeOnly: true },
        { specifier: 'b', typeOnly: true },
      ],
    ],
    ['const a = import(name);', [{ specifier: '(computed)', typeOnly: false }]],
    ["/* import 'a' */ export const a = \"import 'b'\";", []],
  ])('find the imports of %p', (source, expected) => {
    expect(importsOf(file('nn/a.ts', source))).toEqual(expected);
  });

  it.each<[string, string, string, string]>([
    [
      'an import from an upper room',
      'core/a.ts',
      "import '../nn/dense.js';",
      'core/a.ts: core may not import nn (../nn/dense.js)',
    ],
    [
      'tfjs in the reference',
      'reference/a.ts',
      "import * as tf from '@tensorflow/tfjs';",
      'reference/a.ts: reference may not import @tensorflow/tfjs (@tensorflow/tfjs)',
    ],
    [
      'nn in the reference, even as a type',
      'reference/a.ts',
      "import type { Logits } from '../nn/tensors.js';",
      'reference/a.ts: reference may not import types of nn (../nn/tensors.js)',
    ],
    [
      'a front door in place of its room',
      'nn/a.ts',
      "import * as reference from '../reference.js';",
      'nn/a.ts: nn may not import reference (../reference.js)',
    ],
    [
      'a package that is not in the table',
      'data/a.ts',
      "import { parse } from 'csv-parse';",
      'data/a.ts: data may not import csv-parse (csv-parse)',
    ],
    [
      'a value where types are allowed',
      'graph/a.ts',
      "import { gatherRows } from '../data/batches.js';",
      'graph/a.ts: graph may not import data (../data/batches.js)',
    ],
    [
      'a dynamic import',
      'model/a.ts',
      "() => import('../backend/select.js');",
      'model/a.ts: model may not import backend (../backend/select.js)',
    ],
    ['a computed import', 'model/a.ts', 'import(name);', 'model/a.ts: model may not import (computed) ((computed))'],
    [
      'an import from the command line',
      'node/a.ts',
      "import '../cli/main.js';",
      'node/a.ts: node may not import cli (../cli/main.js)',
    ],
    ['a new room', 'attic/a.ts', '', 'attic/a.ts: attic is no room of the table'],
  ])('find %s', (_, path, source, expected) => {
    expect(violations([file(path, source)])).toEqual([expected]);
  });

  it('allow types where the table allows types, and every file of an allowed package', () => {
    expect(violations([file('graph/a.ts', "import type { FeatureValues } from '../data/batches.js';")])).toEqual([]);
    expect(violations([file('graph/a.ts', "import '@tensorflow/tfjs-node/dist/proto/api_pb.js';")])).toEqual([]);
  });

  it('find an indirect path from index.ts to what browsers lack', () => {
    const files = [
      file('index.ts', "export { a } from './data/a.js';"),
      file('data/a.ts', "import type { b } from './b.js';"),
      file('data/b.ts', "import { readFileSync } from 'node:fs';"),
    ];
    expect(violations(files)).toEqual([
      'data/b.ts: data may not import node:* (node:fs)',
      'data/b.ts: reached from index.ts, imports node:* (node:fs)',
    ]);
    expect(violations([file('index.ts', "export { a } from './node/a.js';")])).toContain(
      'index.ts: reached from index.ts, imports node (./node/a.js)',
    );
  });

  it('find what the page may not import', () => {
    const files = [
      file('main.ts', "import type { Solver } from 'softmax-regression'; import './worker/session.js';"),
      file('views.ts', "import { softmax } from 'softmax-regression';"),
      file('worker.ts', "import { PALETTES } from '../src/report/theme.js'; import 'softmax-regression';"),
      file('worker/a.ts', `import * as tf from '${TFJS}'; import '../charts.js'; import '../../src/index.js';`),
    ];
    expect(pageBreaches(files)).toEqual([
      'main.ts: only the worker may import ./worker/session.js',
      'views.ts: only the worker may import softmax-regression',
      'worker.ts: the page may not import ../src/report/theme.js',
      'worker/a.ts: the page may not import ../../src/index.js',
    ]);
  });

  it('find what the chapter may not import', () => {
    const files = [
      file('view.ts', "import { softmax } from 'softmax-regression'; import './dom.js'; import '../views.js';"),
      file('pages/a.ts', "import '../view.js'; import { softmax } from 'softmax-regression/reference';"),
      file('code/a.ts', "import '../view.js'; import { softmax } from 'softmax-regression/reference';"),
      file('autograd.ts', `import * as tf from '${TFJS}-core';`),
      file('pages/b.ts', `import * as tf from '${TFJS}-core'; import { autograd } from '../autograd.js';`),
      file(
        'pages/c.ts',
        "const load = () => import('../autograd.js'); import type { autograd } from '../autograd.js';",
      ),
    ];
    expect(chapterBreaches(files)).toEqual([
      'view.ts: the chapter may not import softmax-regression',
      'view.ts: the chapter may not import ../views.js',
      'code/a.ts: the chapter may not import ../view.js',
      `pages/b.ts: the chapter may not import ${TFJS}-core`,
    ]);
  });

  it('find two rooms that import each other, even by types only', () => {
    const files = [
      file('model/a.ts', "import { fit } from '../training/fit.js';"),
      file('training/fit.ts', "import type { Model } from '../model/b.js';"),
    ];
    expect(violations(files)).toContain('rooms import each other: model ⇄ training');
  });

  it('find a package in another file than the one that may import it', () => {
    expect(violations([file('optim/first-order.ts', `import * as tf from '${TFJS}';`)])).toEqual([]);
    expect(violations([file('optim/lbfgs.ts', `import * as tf from '${TFJS}';`)])).toEqual([
      `optim/lbfgs.ts: optim may not import ${TFJS} (${TFJS})`,
    ]);
  });

  it('parse the table', () => {
    const table = ['| room | its one job | may import |', '|---|---|---|', '| `a/` | work | nothing |'];
    const row = '| `b/c/` | more | a, types of d, tfjs (e.ts only), `node:*`, every room |';
    expect([...readRooms([...table, row, ''].join('\n'))]).toEqual([
      ['a', []],
      [
        'b/c',
        [
          { name: 'a', typeOnly: false },
          { name: 'd', typeOnly: true },
          { name: TFJS, typeOnly: false, file: 'e.ts' },
          { name: 'node:*', typeOnly: false },
          { name: '*', typeOnly: false },
        ],
      ],
    ]);
    expect(() => readRooms('no table')).toThrow('no table of rooms');
  });

  it('find a cycle, also of types', () => {
    const files = [
      file('nn/a.ts', "import { b } from './b.js';"),
      file('nn/b.ts', "import type { C } from './c.js';"),
      file('nn/c.ts', "export * from './b.js';"),
    ];
    expect(violations(files)).toEqual(['cycle: nn/b.ts → nn/c.ts → nn/b.ts']);
  });
});
