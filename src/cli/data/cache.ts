// cli: --cache: the encoded rows of DATA in a folder, which the next command with the same table and options uses.
import { createHash } from 'node:crypto';
import { existsSync, realpathSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { VERSION } from '../../core/version.js';
import type { StoredRows } from '../../data/stored-rows.js';
import { MAX_VALUES } from '../../data/table/limits.js';
import { withLock } from '../../node/lock.js';
import { type Origin, openRowCache, type RowCache, writeRowCache } from '../../node/row-cache.js';
import type { Keeping } from '../../reading/keeping.js';
import type { AnyDataSet } from '../../reading/samples.js';
import { note } from '../terminal.js';
import { UsageError } from '../usage.js';
import type { Data } from './query.js';
import { type Room, shownWriter } from './row-files.js';
import { isFile, isTableFolder, partsOfFolder } from './tables.js';

/** What the rows of a table depend on. */
function originOf(source: string, options: object): Origin {
  const paths = isTableFolder(source) ? partsOfFolder(source) : [source];
  const states = paths.map((path) => {
    const { size, mtimeNs } = statSync(path, { bigint: true });
    return [basename(path), size, mtimeNs].join(' ');
  });
  return {
    table: realpathSync(source),
    options: JSON.stringify(options),
    version: VERSION,
    files: hashOf(states.join('\n')),
  };
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** What a line says that is printed when rows are read again. */
const REASONS = {
  version: 'is of another version',
  table: 'is of another table',
  options: 'is of other options',
  files: 'is of an earlier state of the table',
} as const;

/**
 * The data set of a table, from the rows in the folder if they are valid, else from the table; its rows are in the folder then.
 *
 * @param options those of reading
 * @param read reads the table
 * @throws BackendError if the folder has too little space or another file; the errors of `read`
 */
export async function cachedDataSet(
  folder: string,
  source: Data,
  options: object,
  { keeping, room }: { readonly keeping: Keeping; readonly room: Room },
  read: (keeping: Keeping) => Promise<AnyDataSet>,
): Promise<AnyDataSet> {
  if (typeof source !== 'string' || !(isFile(source) || isTableFolder(source))) {
    const given = typeof source === 'string' ? source : '--sql';
    throw new UsageError(`--cache must be left out with ${given}: what it keeps is found by the path of a file.`);
  }
  const origin = originOf(source, options);
  const name = `${basename(origin.table)}-${hashOf(`${origin.table}\n${origin.options}`).slice(0, 16)}.rows`;
  const path = join(folder, name);
  const { signal } = room;
  const written = () =>
    withLock(
      path,
      async () => {
        const found = await valid(path, origin, note);
        if (found !== undefined) return found;
        await writeRowCache(path, origin, (store) =>
          read({
            ...{ ...keeping, stores: 'always' },
            store: async (n, d, needed) => shownWriter(await store(n, d, needed), room, folder),
          }),
        );
        return (await openRowCache(path)) as RowCache;
      },
      { signal, onWait: (phrase) => note(phrase) },
    );
  // Without the lock, so that rows in a folder that only another user may write to can be read.
  const cache = (await valid(path, origin, () => {})) ?? (await written());
  return dataOf(cache, keeping, room);
}

/** The rows in a file, if they are those of the table as it is. `say` gets a line that says why not. */
async function valid(path: string, origin: Origin, say: (line: string) => void): Promise<RowCache | undefined> {
  const isThere = existsSync(path);
  const cache = await openRowCache(path);
  const again = (reason: string) => say(`cache: ${path} ${reason}; it is written again`);
  if (cache === undefined) {
    if (isThere) again('is cut short');
    return undefined;
  }
  const differs = (['version', 'table', 'options', 'files'] as const).find((key) => cache.origin[key] !== origin[key]);
  if (differs === undefined) return cache;
  await cache.close();
  again(REASONS[differs]);
  return undefined;
}

function fits(numbers: number, needed: number, { maxMemory }: Keeping): boolean {
  return numbers <= MAX_VALUES && needed <= maxMemory;
}

/** The rows of a file: in memory if they fit, as they would be without the file. */
async function dataOf(cache: RowCache, keeping: Keeping, room: Room): Promise<AnyDataSet> {
  const { shape, needed } = cache;
  const [n, d] = shape;
  try {
    const data = await cache.data();
    if (!fits(n * d, needed, keeping)) {
      room.closing?.(cache.close);
      return data;
    }
    const values = new Float64Array(n * d);
    await (data.samples.features as StoredRows).read(0, n, values);
    await cache.close();
    return { ...data, samples: { ...data.samples, features: { values, shape } } };
  } catch (error) {
    await cache.close();
    throw error;
  }
}
