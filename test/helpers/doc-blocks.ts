// The TypeScript of the README and the guides, as modules to compile.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '..', '..');

export interface DocBlock {
  /** Where it begins: `docs/csv.md:21`. */
  readonly place: string;
  readonly code: string;
}

/**
 * The blocks of a page, in order. A block stands alone, unless the line above it is `<!-- continues the block above -->`: it is then
 * compiled after the block before it.
 */
export function blocksOf(page: string, text: string): DocBlock[] {
  const found = text.matchAll(/^(<!-- continues the block above -->\n)?```(?:ts|typescript)\n(.*?)^```$/gms);
  let before = '';
  return [...found].map(({ index, 1: continues, 2: code }) => {
    const line = text.slice(0, index).split('\n').length + (continues === undefined ? 0 : 1);
    before = continues === undefined ? code : before + code;
    return { place: `${page}:${line}`, code: `${before}export {};\n` };
  });
}

/** The blocks of the README and of every page in docs/. */
export function allBlocks(): DocBlock[] {
  const pages = readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md'));
  return ['README.md', ...pages.map((name) => `docs/${name}`)].flatMap((page) =>
    blocksOf(page, readFileSync(join(ROOT, page), 'utf8')),
  );
}
