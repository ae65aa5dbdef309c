// The folder of a killed training, and the checks of its files.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { loadModel, readCheckpoint } from 'softmax-regression/node';

export const CHECKPOINT = 'run.checkpoint';
export const MODEL = 'kept.safetensors';
export const REPORT = 'report.html';
const FILES = [CHECKPOINT, MODEL, REPORT] as const;

export const hashOf = (content: Uint8Array | string) => createHash('sha256').update(content).digest('hex').slice(0, 16);

function hashIfAny(path: string): string | undefined {
  return statSync(path, { throwIfNoEntry: false }) && hashOf(readFileSync(path));
}

/** The hash of each file of a training. */
export function contentsOf(folder: string): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(FILES.map((file) => [file, hashIfAny(join(folder, file))]));
}

export function temporariesIn(folder: string): readonly string[] {
  return readdirSync(folder).filter((name) => name.startsWith('.'));
}

/** The last written and the pending content of each file, as announced by the process. */
export class Ledger {
  readonly #last = new Map<string, string | undefined>();
  readonly #pending = new Map<string, string>();

  read(line: string): void {
    const [word, file, hash] = line.split(' ');
    if (word === 'write') this.#pending.set(file, hash);
    if (word !== 'written') return;
    this.#last.set(file, this.#pending.get(file));
    this.#pending.delete(file);
  }

  get isWriting(): boolean {
    return this.#pending.size > 0;
  }

  /** The faults in the files of a dead process. Each file must be the old or the new one, and complete. */
  async faultsAfterDeath(folder: string, says: boolean): Promise<string[]> {
    const faults: string[] = [];
    const contents = contentsOf(folder);
    for (const file of says ? [CHECKPOINT, MODEL] : []) {
      const allowed = [this.#last.get(file), ...(this.#pending.has(file) ? [this.#pending.get(file)] : [])];
      if (!allowed.includes(contents[file])) faults.push(`${file} is neither the old nor the new one`);
      this.#last.set(file, contents[file]);
    }
    this.#pending.clear();
    const readers: Record<string, (path: string) => Promise<unknown>> = {
      [CHECKPOINT]: readCheckpoint,
      [MODEL]: loadModel,
      [REPORT]: async (path) => {
        if (!/<\/html>\s*$/.test(readFileSync(path, 'utf8'))) throw new Error(`${path}: the page is incomplete`);
      },
    };
    for (const file of FILES) {
      if (contents[file] === undefined) continue;
      await readers[file](join(folder, file)).catch((error: Error) =>
        faults.push(`${file} is broken: ${error.message}`),
      );
    }
    for (const file of FILES) {
      const left = temporariesIn(folder).filter((name) => name.startsWith(`.${file}.`)).length;
      if (left > 1)
        faults.push(`${left} temporary files of ${file}: a write does not remove those of a killed process`);
    }
    const others = temporariesIn(folder).filter((name) => !FILES.some((file) => name.startsWith(`.${file}.`)));
    if (others.length > 0) faults.push(`unknown files: ${others.length}`);
    return faults;
  }
}
