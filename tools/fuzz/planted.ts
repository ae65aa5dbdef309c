// Readers with planted faults, to test that each kind of fault is found.
import { Violation } from './guard.js';
import type { Target } from './target.js';

function planted(name: string, check: () => unknown): Target {
  const at = 7;
  return {
    name: `planted-${name}`,
    make: (random) => Uint8Array.of(random.below(at + 1)),
    check: ([first]) => (first === at ? check() : undefined),
  };
}

export const PLANTED: readonly Target[] = [
  planted('hang', () => {
    for (;;);
  }),
  planted('wait', () => new Promise((resolve) => setTimeout(resolve, 600_000))),
  planted('slow', () => {
    const start = process.cpuUsage();
    for (let used = 0; used < 2_100_000; ) {
      const { user, system } = process.cpuUsage(start);
      used = user + system;
    }
  }),
  planted('crash', () => process.abort()),
  planted('memory', () => {
    const hoard: string[][] = [];
    for (;;) hoard.push(Array.from({ length: 1e5 }, (_, i) => `${i} and more`));
  }),
  planted('allocation', () => new Float64Array(2 ** 28)),
  planted('unnamed', () => {
    throw new TypeError('cannot read properties of undefined');
  }),
  planted('pollution', () => Object.assign(Object.prototype, { polluted: true })),
  planted('long', () => {
    throw Object.assign(new Error('x'.repeat(10_000)), { code: 'FORMAT', expected: '' });
  }),
  planted('terminal', () => {
    throw Object.assign(new Error('\u001b[2J'), { code: 'FORMAT', expected: '' });
  }),
  planted('violation', () => {
    throw new Violation('it accepts an invalid file');
  }),
];
