// bench: the peak of resident memory of a process of its own.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Writes the peak when the process ends. Unlike maxRSS, VmHWM leaves out the memory of the parent. */
const METER = `
  import { readFileSync, writeFileSync } from 'node:fs';
  process.on('exit', () => {
    let kibibytes = process.resourceUsage().maxRSS;
    try { kibibytes = /VmHWM:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]; } catch {}
    writeFileSync(process.env.PEAK_FILE, String(1024 * kibibytes));
  });`;

const FILE = '.peak';

/** Arguments of Node and variables for a process whose peak `peakOf` returns. */
export function metered(folder: string): { readonly args: readonly string[]; readonly env: NodeJS.ProcessEnv } {
  return {
    args: ['--import', `data:text/javascript,${encodeURIComponent(METER)}`],
    env: { ...process.env, PEAK_FILE: join(folder, FILE), TF_CPP_MIN_LOG_LEVEL: '3' },
  };
}

/** In bytes; undefined if the process was killed. */
export function peakOf(folder: string): number | undefined {
  const path = join(folder, FILE);
  return existsSync(path) ? Number(readFileSync(path, 'utf8')) : undefined;
}
