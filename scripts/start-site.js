// The pages of web/, built and served by a process of its own: the build loads TypeScript by tsx, which does not run
// within tsx. CommonJS, as scripts, tests and the bench load it.
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { existsSync, mkdtempSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { createInterface } = require('node:readline');

/** The program of chromium, if there is one. */
exports.CHROMIUM = [process.env.CHROMIUM ?? '', '/usr/bin/chromium', '/usr/bin/google-chrome'].find(existsSync);

/** Milliseconds for the build and the start, on a machine however slow. */
const LIMIT = 300_000;

exports.startSite = async function startSite() {
  const folder = mkdtempSync(join(tmpdir(), 'site-'));
  const args = ['scripts/web.mjs', '--out', join(folder, 'site'), '--serve', '--port', '0'];
  const server = spawn(process.execPath, args, { cwd: join(__dirname, '..'), stdio: ['ignore', 'pipe', 'inherit'] });
  const stopServer = async () => {
    if (server.exitCode === null && server.kill()) await once(server, 'exit');
  };
  const end = async () => {
    await stopServer();
    rmSync(folder, { recursive: true, force: true });
  };
  const limit = setTimeout(() => server.kill(), LIMIT);
  for await (const line of createInterface({ input: server.stdout })) {
    if (!line.startsWith('http://localhost:')) continue;
    clearTimeout(limit);
    return { url: line, folder, stopServer, end };
  }
  clearTimeout(limit);
  await end();
  throw new Error('the pages are not served');
};
