// The killed programs: the trainings of `cases.ts`, and the command line.
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Random } from '../../src/core/random.js';
import { CASES, PLANTED } from './cases.js';
import { CHECKPOINT, MODEL, REPORT } from './folder.js';
import type { Subject } from './kill.js';

function table(): string {
  const random = new Random(5);
  const rows = Array.from({ length: 1500 }, (_, i) => {
    const values = Array.from({ length: 6 }, (_, j) => (random.normal() + (j === i % 3 ? 1 : 0)).toFixed(4));
    return [...values, 'abc'[i % 3]].join(',');
  });
  return ['u,v,w,x,y,z,kind', ...rows, ''].join('\n');
}

/** `train` of the command line, with --resume if there is a checkpoint. */
function command(name: string, ...options: string[]): Subject {
  return {
    name: `command line, ${name}`,
    says: false,
    prepare: (folder) => writeFileSync(join(folder, 'table.csv'), table()),
    argumentsIn: (folder) => [
      ...['command', 'table.csv', '--label', 'kind', ...options, '-o', MODEL, '--report', REPORT],
      ...[existsSync(join(folder, CHECKPOINT)) ? '--resume' : '--checkpoint', CHECKPOINT],
    ],
  };
}

export const SUBJECTS: readonly Subject[] = [
  ...CASES.map(({ name }) => ({ name, says: true, argumentsIn: () => [name] })),
  command('adam', '--solver', 'adam', '--epochs', '60', '--batch-size', '32', '--backend', 'cpu'),
];

export const PLANTED_SUBJECTS: readonly Subject[] = PLANTED.map(({ name, fault }) => ({
  name,
  byTime: fault === 'in place',
  says: true,
  argumentsIn: () => [name],
}));
