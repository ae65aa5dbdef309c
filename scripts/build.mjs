// Builds dist/: CommonJS for Node, ES modules for browsers, and thin ES modules over CommonJS for `import` in Node, so
// that a process that uses both `import` and `require` has one copy of every class and of every loaded backend.
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');

rmSync(dist, { recursive: true, force: true });
for (const project of ['tsconfig.cjs.json', 'tsconfig.esm.json']) {
  const { status } = spawnSync(process.execPath, [tsc, '-p', project], { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(1);
}
for (const file of readdirSync(dist, { recursive: true })) {
  const change = file.endsWith('.d.ts') ? (text) => withUndefined(withoutBuffers(text)) : withoutComments;
  if (!/\.(d\.ts|js)$/.test(file)) continue;
  writeFileSync(`${dist}/${file}`, change(readFileSync(`${dist}/${file}`, 'utf8')));
}
const entries = [
  'formats',
  'index',
  'mpi',
  'node',
  'predict',
  'predict-records',
  'predict-text',
  'reference',
  'report',
];
removeUnreferred(entries.flatMap((entry) => ['cjs', 'esm'].map((format) => `${dist}/${format}/${entry}.d.ts`)));
for (const entry of entries) {
  const reexport = `export * from './cjs/${entry}.js';\n`;
  writeFileSync(`${dist}/${entry}.mjs`, reexport);
  writeFileSync(`${dist}/${entry}.d.mts`, reexport);
}
// The sources of the kernels: the addons are compiled on the user's machine.
cpSync(`${root}/src/kernels`, `${dist}/cjs/kernels`, { recursive: true });
cpSync(`${root}/src/mpi/addon.cc`, `${dist}/cjs/mpi/addon.cc`);
chmodSync(`${dist}/cjs/cli/main.js`, 0o755);
// Written last: if it exists, the build is complete.
writeFileSync(`${dist}/esm/package.json`, '{ "type": "module" }\n');

/** Removes the declarations that no entry point refers to, such as those of the command line. */
function removeUnreferred(declarations) {
  const referred = new Set();
  const follow = (path) => {
    if (referred.has(path) || !existsSync(path)) return;
    referred.add(path);
    for (const [, file] of readFileSync(path, 'utf8').matchAll(/\b(?:from |import |import\()['"](\.[^'"]*)\.js['"]/g)) {
      follow(join(dirname(path), `${file}.d.ts`));
    }
  };
  declarations.forEach(follow);
  for (const file of readdirSync(dist, { recursive: true })) {
    if (file.endsWith('.d.ts') && !referred.has(join(dist, file))) rmSync(join(dist, file));
  }
}

/** The code alone. Editors show the comments of the declarations, and the repository has all of them. */
function withoutComments(text) {
  const { ESNext } = ts.ScriptTarget;
  const compilerOptions = { removeComments: true, target: ESNext, module: ts.ModuleKind.ESNext };
  // Otherwise the file is called module.ts, and one that imports ./module.js is taken to import itself.
  return ts.transpileModule(text, { compilerOptions, fileName: 'no-import-has-this-name.ts' }).outputText;
}

/** Declarations for TypeScript before 5.7, which has no `Int32Array<ArrayBuffer>`: typed arrays have no type argument. */
function withoutBuffers(text) {
  return text.replace(/\b((?:Uint|Int|Float|BigInt|BigUint)\d+(?:Clamped)?Array)<ArrayBuffer(?:Like)?>/g, '$1');
}

/**
 * Declarations in which each optional property may also be undefined, as it may in the sources: `x?: T` becomes
 * `x?: T | undefined`. So callers with exactOptionalPropertyTypes can pass on what they have.
 */
function withUndefined(text) {
  const source = ts.createSourceFile('a.d.ts', text, ts.ScriptTarget.Latest, true);
  const edits = [];
  const visit = (node) => {
    const isProperty = ts.isPropertySignature(node) || ts.isPropertyDeclaration(node) || ts.isMappedTypeNode(node);
    const mark = isProperty && node.type ? node.questionToken : undefined;
    // `-?` of a mapped type takes the mark away.
    const isOptional = mark !== undefined && mark.kind !== ts.SyntaxKind.MinusToken;
    if (isOptional) edits.push([node.type.getStart(), '('], [node.type.end, ') | undefined']);
    ts.forEachChild(node, visit);
  };
  visit(source);
  // From the end, so that earlier positions stay valid.
  edits.sort(([a], [b]) => b - a);
  return edits.reduce((all, [at, added]) => all.slice(0, at) + added + all.slice(at), text);
}
