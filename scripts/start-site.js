// The pages of web/, built and served.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface Site {
  /** The address of the pages, without `/` at the end. */
  readonly url: string;
  /** A folder for files of tests. */
  readonly folder: string;
  stopServer(): Promise<void>;
  /** Stops the server and removes the folder. */
  end(): Promise<void>;
}

export async function startSite(): Promise<Site> {
  const folder = mkdtempSync(join(tmpdir(), 'site-test-'));
  const args = ['scripts/web.mjs', '--out', join(folder, 'site'), '--serve', '--port', '0'];
  const server = spawn(process.execPath, args, {
    cwd: join(__dirname, '..', '..'),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const stopServer = async () => {
    if (server.exitCode === null && server.kill()) await once(server, 'exit');
  };
  const end = async () => {
    await stopServer();
    rmSync(folder, { recursive: true, force: true });
  };
  for await (const line of createInterface({ input: server.stdout })) {
    if (line.startsWith('http://localhost:')) return { url: line, folder, stopServer, end };
  }
  await end();
  throw new Error('the pages are not served');
}
