// The documentation: its links and paths exist, and the README stays short and complete.
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, relative, sep } from 'node:path';
import ts from 'typescript';
import { TABLES, withTable } from '../tools/tables/tables.js';

const ROOT = join(__dirname, '..');
const GENERATED = /^(node_modules|dist|dist-web|dist-docs|coverage|\.(?!github$|ci$).*)$/;

/** Every file of the repository, from its top, with slashes: `/src/nn/dense.ts`. */
const FILES = filesBelow(ROOT).map((path) => `/${relative(ROOT, path).split(sep).join('/')}`);

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.isDirectory() && GENERATED.test(entry.name)) return [];
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

const PAGES = FILES.filter((path) => /^\/(docs\/)?[^/]+\.md$/.test(path)).map((path) => path.slice(1));

/** Reads a page; tests replace it to plant errors. */
type Read = (page: string) => string;
const read: Read = (page) => readFileSync(join(ROOT, page), 'utf8');

function withoutBlocks(text: string): string {
  return text.replace(/^```.*?^```/gms, '');
}

/** The anchor that GitHub gives a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

function brokenLinks(page: string, readPage: Read): string[] {
  const targets = [...withoutBlocks(readPage(page)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target);
  return targets.filter((target) => {
    if (/^[a-z]+:/.test(target)) return false;
    const [path, anchor] = target.split('#');
    const file = path === '' ? page : posix.join(posix.dirname(page), path);
    if (!FILES.includes(`/${file}`)) return true;
    if (anchor === undefined) return false;
    const headings = [...withoutBlocks(readPage(file)).matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchorOf(heading));
    return !headings.includes(anchor);
  });
}

const SOURCE = /\.(ts|mjs|cjs|py|cc|yml)$/;

/** Whether a text between backticks is meant as a path of this repository: `src/nn/`, `nn/dense.ts`, `dense.ts`, not `iris.html`. */
function isPath(text: string): boolean {
  if (!/^[\w.*/-]+$/.test(text) || /^(\/|\.\.)/.test(text) || text.includes('NAME')) return false;
  if (GENERATED.test(text.split('/')[0])) return false;
  return /\w\/$/.test(text) || SOURCE.test(text) || (text.includes('/') && /\.(json|md|png|csv)$/.test(text));
}

/** Whether a file or folder ends in this path: pages also write `nn/dense.ts` for `src/nn/dense.ts`. */
function exists(path: string): boolean {
  const pattern = path.replace(/[.]/g, '\\.').replaceAll('*', '[^/]*');
  const whole = new RegExp(path.endsWith('/') ? `/${pattern}` : `/${pattern}$`);
  return FILES.some((file) => whole.test(file));
}

function missingPaths(page: string, readPage: Read): string[] {
  const texts = [...withoutBlocks(readPage(page)).matchAll(/`([^`\n]+)`/g)].map(([, text]) => text);
  return texts.filter((text) => isPath(text) && !exists(text));
}

/** The values that an entry point exports, types left out. */
function exportsOf(file: string): string[] {
  const source = ts.createSourceFile(file, read(file), ts.ScriptTarget.Latest);
  return source.statements.flatMap((statement) => {
    if (ts.isFunctionDeclaration(statement)) {
      const isExported = statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) === true;
      return isExported && statement.name !== undefined ? [statement.name.text] : [];
    }
    if (!ts.isExportDeclaration(statement) || statement.isTypeOnly || statement.exportClause === undefined) return [];
    if (ts.isNamespaceExport(statement.exportClause)) return [statement.exportClause.name.text];
    return statement.exportClause.elements.filter(({ isTypeOnly }) => !isTypeOnly).map(({ name }) => name.text);
  });
}

function unnamedExports(readme: string, names: readonly string[]): string[] {
  return names.filter((name) => !new RegExp(`\`${name}(\\.[\\w*]+)?\``).test(readme));
}

describe('the README', () => {
  it('has at most 120 lines', () => {
    expect(read('README.md').trimEnd().split('\n').length).toBeLessThanOrEqual(120);
  });

  it.each([
    'src/index.ts',
    'src/formats.ts',
    'src/node.ts',
    'src/mpi.ts',
    'src/report.ts',
    'src/predict.ts',
    'src/predict-records.ts',
    'src/predict-text.ts',
  ])('names every value that %s exports', (file) => {
    const names = exportsOf(file);
    expect(names.length).toBeGreaterThan(0);
    expect(unnamedExports(read('README.md'), names)).toEqual([]);
  });

  it('links to the gradient: its derivation, its two implementations and its check', () => {
    for (const file of [
      'docs/mathematics.md',
      'src/nn/cross-entropy.ts',
      'src/reference/cross-entropy.ts',
      'src/gradcheck.ts',
    ])
      expect(read('README.md')).toContain(`](${file})`);
  });
});

describe('every page', () => {
  it('is found', () => {
    expect(PAGES).toEqual(
      expect.arrayContaining(['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'SECURITY.md', 'docs/cli.md']),
    );
  });

  it.each(PAGES)('%s links to files and headings that exist', (page) => {
    expect(brokenLinks(page, read)).toEqual([]);
  });

  it.each(PAGES)('%s names paths that exist', (page) => {
    expect(missingPaths(page, read)).toEqual([]);
  });
});

describe('the checks', () => {
  const planted: Read = (page) =>
    page === 'docs/planted.md'
      ? '[a](gone.md) [b](native.md#gone) [c](native.md#platforms) [d](../README.md) `nn/gone.ts` `gone.mjs` `gone/` `nn/dense.ts` `test/golden/*.py` `iris.html`'
      : read(page);

  it('find a link to a missing file and a missing heading', () => {
    expect(brokenLinks('docs/planted.md', planted)).toEqual(['gone.md', 'native.md#gone']);
  });

  it('find missing files and folders', () => {
    expect(missingPaths('docs/planted.md', planted)).toEqual(['nn/gone.ts', 'gone.mjs', 'gone/']);
  });

  it('find a value that the README does not name', () => {
    expect(unnamedExports('`Model.fit`, `metrics.*`', ['Model', 'metrics', 'fit'])).toEqual(['fit']);
  });
});

describe('generated tables', () => {
  it.each(TABLES.map((each) => [each.page, each.name, each] as const))(
    'are up to date (else run npm run docs:tables): %s, %s',
    (page, _, each) => {
      expect(read(page)).toBe(withTable(read(page), each));
    },
  );

  it('are detected as missing or stale', () => {
    const [first] = TABLES;
    expect(() => withTable('no table', first)).toThrow('around its table');
    const stale = `<!-- ${first.name} -->\nold\n<!-- /${first.name} -->`;
    expect(withTable(stale, first)).not.toBe(stale);
  });
});
