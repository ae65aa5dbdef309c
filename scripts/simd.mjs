// Compiles assembly/simd.ts and prints src/core/simd-module.ts. `npm run simd` writes that file.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const root = fileURLToPath(new URL('..', import.meta.url));
let bytes;
const options = ['assembly/simd.ts', '-o', 'simd.wasm', '-O3', '--runtime', 'stub', '--enable', 'simd', '--noAssert'];
const { error, stderr } = await asc.main(options, {
  readFile: (name, base) => {
    try {
      return readFileSync(`${base ?? root}/${name}`, 'utf8');
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
console.log(`// core: what assembly/simd.ts compiles to, made by \`npm run simd\`.

/** The module, in base64. */
export const SIMD_MODULE = [
${lines.map((line) => `  '${line}',`).join('\n')}
].join('');`);
