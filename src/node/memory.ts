// node: the memory that is free for this process.
import { readFileSync } from 'node:fs';
import { freemem, totalmem } from 'node:os';
import { getHeapStatistics } from 'node:v8';

/** What the system says about memory, in bytes. */
export interface MemorySystem {
  /** `process.availableMemory`, which Node has since 20.13. */
  readonly available: (() => number) | undefined;
  readonly free: () => number;
  readonly total: number;
  /** The text of a file; undefined if it cannot be read. */
  readonly read: (path: string) => string | undefined;
}

const SYSTEM: MemorySystem = {
  available: process.availableMemory?.bind(process),
  free: freemem,
  total: totalmem(),
  read: (path) => {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      return undefined;
    }
  },
};

/** The files of a control group, for its two versions: the folder, the limit, what is used, and the cache of files. */
const GROUPS = [
  { folder: '/sys/fs/cgroup', limit: 'memory.max', used: 'memory.current', cache: /^(?:in)?active_file (\d+)$/gm },
  {
    folder: '/sys/fs/cgroup/memory',
    limit: 'memory.limit_in_bytes',
    used: 'memory.usage_in_bytes',
    cache: /^total_(?:in)?active_file (\d+)$/gm,
  },
];

/**
 * The memory in bytes that this process may still take: `process.availableMemory()`, or else what the limit of its control
 * group leaves, or else the free memory of the machine. The cache of files counts as free: the kernel gives it back.
 */
export function availableMemory(system: MemorySystem = SYSTEM): number {
  const { available, free, total } = system;
  const group = groupOf(system);
  const { limit, used, cache } = group ?? { limit: total, used: 0, cache: 0 };
  const left = available?.() ?? (group === undefined ? free() : Math.max(0, limit - used));
  return Math.min(left + cache, limit);
}

/** The limit of the control group, what is used, and the part of it that is a cache; undefined without a limit. */
function groupOf({ read, total }: MemorySystem): { limit: number; used: number; cache: number } | undefined {
  for (const { folder, limit: limitFile, used: usedFile, cache: pattern } of GROUPS) {
    const limit = Number(read(`${folder}/${limitFile}`) ?? Number.NaN);
    // 'max' is NaN; version 1 writes a huge number.
    if (!(limit < total)) continue;
    const cache = [...(read(`${folder}/memory.stat`) ?? '').matchAll(pattern)];
    const sum = cache.reduce((bytes, [, text]) => bytes + Number(text), 0);
    return { limit, used: Number(read(`${folder}/${usedFile}`) ?? 0), cache: sum };
  }
  return undefined;
}

/** Small data are read whatever the system says. */
const LEAST = 2 ** 26;

/**
 * The bytes that data may take: half of what is free, and at most twice what is left of the heap, which holds
 * a quarter of the data or less.
 */
export function memoryForData(): number {
  const { heap_size_limit: limit, used_heap_size: used } = getHeapStatistics();
  return Math.max(LEAST, Math.floor(0.5 * Math.min(availableMemory(), 4 * (limit - used))));
}
