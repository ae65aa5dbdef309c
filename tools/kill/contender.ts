// One of several processes that do the same work concurrently and may be killed.
//   node contender.cjs FOLDER fetch 'DATA AS JSON', or: node contender.cjs FOLDER replace, or: node contender.cjs FOLDER install
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadPinnedData } from '../../src/node/datasets/pinned-data.js';
import { replaceFolderAtomic } from '../../src/node/files.js';
import { withLock } from '../../src/node/lock.js';
import { installNative } from '../../src/node/native/install.js';

const say = (line: string) => writeSync(1, `${line}\n`);

const PIECES = ['a', 'b', 'c'];

/** Reports a fault if another running process has entered. Returns a function that leaves. */
function enter(folder: string): () => void {
  const inside = join(folder, 'inside');
  mkdirSync(inside, { recursive: true });
  for (const pid of readdirSync(inside)) if (lives(Number(pid))) say(`fault: ${pid} works at the same time`);
  const mine = join(inside, String(process.pid));
  writeFileSync(mine, '');
  return () => rmSync(mine);
}

/** Whether a process runs and is not a zombie. */
function lives(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}

/** Slowly builds a folder of several files. */
function replace(folder: string): Promise<void> {
  const target = join(folder, 'cache', 'target');
  const build = async (fresh: string) => {
    for (const piece of PIECES) {
      writeFileSync(join(fresh, piece), String(process.pid));
      await sleep(10);
    }
  };
  const replaceIt = async () => {
    const leave = enter(folder);
    await replaceFolderAtomic(target, build);
    leave();
  };
  return withLock(target, replaceIt, { onWait: () => say('wait') });
}

/** The first process builds the kernels. The others wait and then find them. */
async function install(folder: string): Promise<void> {
  let leave: (() => void) | undefined;
  const { built, device } = await installNative({
    onProgress: ({ stage }) => {
      if (stage.startsWith('wait')) say('wait');
      else leave ??= enter(folder);
    },
  });
  leave?.();
  say(built ? 'built' : `found, on the ${device}`);
}

async function main([folder, work, data]: string[]): Promise<void> {
  process.env.SOFTMAX_REGRESSION_CACHE = join(folder, 'cache');
  say('begin');
  if (work === 'replace') await replace(folder);
  else if (work === 'install') await install(folder);
  else {
    const { source } = await loadPinnedData(JSON.parse(data), {
      onProgress: ({ stage }) => (stage.startsWith('wait') ? say('wait') : undefined),
    });
    say(`from ${source}`);
  }
}

main(process.argv.slice(2)).catch((error) => {
  say(`fault: ${error.message.replaceAll('\n', ' ')}`);
  process.exitCode = 1;
});
