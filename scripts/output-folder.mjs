// A folder that a build fills: it holds what the build made, and nothing else is ever removed.
import { lstatSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Lists the files of the last build. */
const MANIFEST = '.built-by-softmax-regression.json';

/**
 * Replaces the files of an earlier build by new ones. Links are removed, not followed.
 *
 * @param files contents by path in the folder, with `/`
 * @throws an error of one line if the folder holds something that no earlier build made; nothing is removed then
 */
export function replaceOutput(folder, files) {
  const entries = entriesOf(folder);
  const made = entries.includes(MANIFEST) ? madeBefore(folder) : [];
  const known = new Set(made.flatMap((name) => [name, ...parentsOf(name)]));
  const foreign = entries.find((name) => name !== MANIFEST && !known.has(name));
  if (foreign !== undefined) {
    throw new Error(
      `${folder}: this folder must be new, empty or made by an earlier build; got ${JSON.stringify(foreign)} in it. Choose another one with --out, or remove it yourself.`,
    );
  }
  // The deepest first, so that folders are empty. No entry is behind a link: entriesOf does not follow links.
  for (const name of [...entries].sort().reverse()) {
    const path = join(folder, name);
    if (lstatSync(path).isDirectory()) rmdirSync(path);
    else rmSync(path);
  }
  // First the list, so that a build that is killed leaves nothing that the next one does not know.
  const names = Object.keys(files);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, MANIFEST), `${JSON.stringify({ files: names }, null, 2)}\n`, { flag: 'wx' });
  for (const name of names) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), files[name], { flag: 'wx' });
  }
}

/** Everything in the folder, by its path with `/`; the content of linked folders is not included. */
function entriesOf(folder, prefix = '') {
  const items = readdirIfAny(join(folder, prefix));
  return items.flatMap((item) => {
    const name = `${prefix}${item.name}`;
    return item.isDirectory() ? [name, ...entriesOf(folder, `${name}/`)] : [name];
  });
}

function readdirIfAny(folder) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (error.code === 'ENOENT') return [];
    throw new Error(`${folder}: this folder must be new, or a readable folder; got ${error.code}.`);
  }
}

function madeBefore(folder) {
  try {
    const { files } = JSON.parse(readFileSync(join(folder, MANIFEST), 'utf8'));
    return Array.isArray(files) ? files.filter((name) => typeof name === 'string') : [];
  } catch {
    return [];
  }
}

function parentsOf(name) {
  const parts = name.split('/').slice(0, -1);
  return parts.map((_, i) => parts.slice(0, i + 1).join('/'));
}
