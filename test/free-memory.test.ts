import { availableMemory, type MemorySystem, memoryForData } from '../src/node/memory.js';

const GB = 1e9;

/** A machine of 16 GB, 6 of them free. */
function machine(files: Readonly<Record<string, string>> = {}, available?: () => number): MemorySystem {
  return { available, free: () => 6 * GB, total: 16 * GB, read: (path) => files[path] };
}

const V2 = {
  '/sys/fs/cgroup/memory.max': `${4 * GB}\n`,
  '/sys/fs/cgroup/memory.current': `${3 * GB}\n`,
  '/sys/fs/cgroup/memory.stat': `anon ${GB}\nfile ${2 * GB}\ninactive_file ${1.5 * GB}\nactive_file ${GB / 4}\n`,
};

const V1 = {
  '/sys/fs/cgroup/memory/memory.limit_in_bytes': `${2 * GB}\n`,
  '/sys/fs/cgroup/memory/memory.usage_in_bytes': `${GB}\n`,
  '/sys/fs/cgroup/memory/memory.stat': `inactive_file 7\ntotal_inactive_file ${GB / 4}\ntotal_active_file 0\n`,
};

describe('the available memory', () => {
  it.each<[string, MemorySystem, number]>([
    ['what Node says', machine({}, () => 5 * GB), 5 * GB],
    ['what Node says and the cache of the group', machine(V2, () => GB), 2.75 * GB],
    ['what a group of version 2 leaves, its cache included', machine(V2), 2.75 * GB],
    ['what a group of version 1 leaves, its cache included', machine(V1), 1.25 * GB],
    ['what the machine has free, without Node 20.13 and a group', machine(), 6 * GB],
    ['what the machine has free, if the group has no limit', machine({ '/sys/fs/cgroup/memory.max': 'max\n' }), 6 * GB],
    [
      'what the machine has free, if the limit is a huge number',
      machine({ '/sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n' }),
      6 * GB,
    ],
    [
      'the cache if a group is above its limit',
      machine({ ...V2, '/sys/fs/cgroup/memory.current': `${9 * GB}` }),
      1.75 * GB,
    ],
    ['at most the limit of the group', machine(V2, () => 6 * GB), 4 * GB],
  ])('is %s', (_, system, expected) => {
    expect(availableMemory(system)).toBe(expected);
  });

  it('of this machine is a number of bytes', () => {
    expect(availableMemory()).toBeGreaterThan(2 ** 20);
    expect(memoryForData()).toBeGreaterThanOrEqual(2 ** 26);
    expect(memoryForData()).toBeLessThanOrEqual(availableMemory() + 2 ** 30);
  });
});
