// Compiles a file of assembly/ and prints the module that src/ loads. `npm run simd` writes both modules.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

/** The room and the constant of each module. */
const MODULES = {
  simd: { room: 'core', constant: 'SIMD_MODULE' },
  csv: { room: 'data', constant: 'SCAN_MODULE' },
};

const name = process.argv[2];
if (!Object.hasOwn(MODULES, name)) {
  console.error(`the module must be ${Object.keys(MODULES).join(' or ')}; got ${name}.`);
  process.exit(2);
}
const { room, constant } = MODULES[name];
const root = fileURLToPath(new URL('..', import.meta.url));
let bytes;
const source = `assembly/${name}.ts`;
const options = [source, '-o', `${name}.wasm`, '-O3', '--runtime', 'stub', '--enable', 'simd', '--noAssert'];
const { error, stderr } = await asc.main(options, {
  readFile: (file, base) => {
    try {
      return readFileSync(`${base ?? root}/${file}`, 'utf8');
    } catch {
      return null;
    }
  },
  writeFile: (_, content) => {
    bytes = content;
  },
  listFiles: () => [],
});
if (error) {
  console.error(`${error.message}\n${stderr.toString()}`);
  process.exit(1);
}
const lines = Buffer.from(bytes)
  .toString('base64')
  .match(/.{1,116}/g);
console.log(`// ${room}: what ${source} compiles to, made by \`npm run simd\`.

/** The module, in base64. */
export const ${constant} = [
${lines.map((line) => `  '${line}',`).join('\n')}
].join('');`);
