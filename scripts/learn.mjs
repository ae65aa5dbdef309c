// Builds the pages of web/learn/: one HTML file for each script of web/learn/pages/, with the code that it runs, and the
// sources that they link.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path) => readFileSync(join(root, path), 'utf8');
const namesIn = (folder, ext) =>
  readdirSync(join(root, folder)).flatMap((file) => (file.endsWith(ext) ? [basename(file, ext)] : []));

/** @returns the files below learn/, by path */
export async function buildLearn(policy) {
  const pages = namesIn('web/learn/pages', '.ts');
  const outdir = join(root, 'learn');
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: pages.map((page) => `web/learn/pages/${page}.ts`),
    outdir,
    write: false,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    minify: true,
    legalComments: 'linked',
    logLevel: 'warning',
  });
  const scripts = outputFiles.map(({ path, contents }) => [relative(outdir, path).split(sep).join('/'), contents]);
  const frame = read('web/learn/page.html').replace('CONTENT_SECURITY_POLICY', policy);
  const files = {
    ...Object.fromEntries(scripts),
    'learn.css': read('web/learn/learn.css'),
    'source/mathematics.html': sourcePage('docs/mathematics.md', policy),
  };
  for (const page of pages) {
    files[`${page}.html`] = frame.replace('PAGE', page).replace('CODE', () => escapeHtml(shownCode(page)));
  }
  for (const name of namesIn('src/reference', '.ts')) {
    files[`source/reference/${name}.html`] = sourcePage(`src/reference/${name}.ts`, policy);
  }
  return Object.fromEntries(Object.entries(files).map(([path, contents]) => [`learn/${path}`, contents]));
}

/** The file of web/learn/code/ that a page runs, without its head line. */
export function shownCode(page) {
  const path = `web/learn/code/${page}.ts`;
  return existsSync(join(root, path)) ? read(path).replace(/^.*\n/, '') : '';
}

/** A file of the repository as a page, with an anchor at each exported function or heading. */
function sourcePage(path, policy) {
  const lines = read(path).split('\n').map(escapeHtml);
  const anchored = lines.map((line) => {
    const name = /^export function (\w+)/.exec(line)?.[1] ?? /^#+ (.+)$/.exec(line)?.[1];
    return name === undefined ? line : `<span id="${anchorOf(name)}">${line}</span>`;
  });
  const up = '../'.repeat(path.startsWith('docs/') ? 2 : 3);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="color-scheme" content="light dark">
<title>${path}</title>
<link rel="icon" href="${up}icon.svg">
<link rel="stylesheet" href="${up}style.css">
<link rel="stylesheet" href="${up}learn/learn.css">
</head>
<body>
<main class="page source"><h1>${path}</h1><pre>${anchored.join('\n')}</pre></main>
</body>
</html>
`;
}

/** Names of functions stay as they are; headings get the anchors of GitHub. */
function anchorOf(name) {
  if (/^\w+$/.test(name) && /[A-Z]/.test(name.slice(1))) return name;
  return name
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

function escapeHtml(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
