import type { LearningRateSchedule } from 'softmax-regression';
import { DomainError } from '../src/core/errors.js';
import { assertSchedule, rateAt, ratesOf } from '../src/optim/schedule.js';
import golden from './golden/schedule.golden.json';

const { rate, steps, epochs } = golden;
const FLOAT64 = { rtol: 1e-12, atol: 1e-17 };

const SCHEDULES = {
  step: { schedule: 'step', rate, factor: 0.5, every: 2 },
  exponential: { schedule: 'exponential', rate, factor: 0.7 },
  cosine: { schedule: 'cosine', rate },
  warmup: { schedule: 'cosine', rate, warmup: 1.5, final: 0.01 },
} as const;

const all = (schedule: LearningRateSchedule) =>
  Array.from({ length: epochs * steps }, (_, i) =>
    rateAt(schedule, { epoch: Math.floor(i / steps), step: i % steps, steps }, epochs),
  );

describe('rateAt', () => {
  it.each(Object.entries(SCHEDULES))("matches PyTorch's scheduler: %s", (name, schedule) => {
    expect(all(schedule)).toBeAllClose(golden[name as keyof typeof SCHEDULES], FLOAT64);
  });

  it('matches the docstring examples', () => {
    const moment = { epoch: 5, step: 0, steps: 10 };
    expect(rateAt({ schedule: 'step', rate: 0.1, factor: 0.5, every: 2 }, moment, 6)).toBeCloseTo(0.025, 12);
    expect(rateAt({ schedule: 'cosine', rate: 0.1 }, moment, 10)).toBeCloseTo(0.05, 12);
  });

  it('is constant, also after a warm-up', () => {
    expect(new Set(all({ schedule: 'constant', rate }))).toEqual(new Set([rate]));
    const warm = all({ schedule: 'constant', rate, warmup: 1 });
    expect(warm.slice(0, 5)).toBeAllClose([0.025, 0.05, 0.075, 0.1, 0.1], FLOAT64);
  });

  it('stays at the final rate after the end of a cosine', () => {
    const rates = all({ schedule: 'cosine', rate, final: 0.02, epochs: 3 });
    expect(rates[11]).toBeGreaterThan(0.02);
    expect(new Set(rates.slice(12))).toEqual(new Set([0.02]));
  });

  it('rises during warm-up, never rises after it, and never exceeds the rate', () => {
    for (const warmup of [0, 0.1, 0.3, 1, 2.5, 3.99]) {
      for (const schedule of Object.values(SCHEDULES)) {
        const rates = all({ ...schedule, warmup });
        const peak = rates.indexOf(Math.max(...rates));
        expect(Math.max(...rates)).toBeLessThanOrEqual(rate);
        for (let i = 1; i < rates.length; i++) {
          if (i <= peak) expect(rates[i]).toBeGreaterThan(rates[i - 1]);
          else expect(rates[i]).toBeLessThanOrEqual(rates[i - 1]);
        }
      }
    }
  });

  it('calls a function for each step, and rejects invalid rates', () => {
    const given = ({ epoch, step, steps }: { epoch: number; step: number; steps: number }) => epoch + step / steps;
    expect([...ratesOf(given, 3, 4, 9)]).toEqual([3, 3.25, 3.5, 3.75]);
    for (const wrong of [-1, Number.NaN, '1', undefined]) {
      expect(() => ratesOf(() => wrong as number, 2, 4, 9)).toThrow(
        expect.objectContaining({ code: 'DOMAIN', where: 'learningRate at epoch 2, step 0 of 4' }),
      );
    }
  });
});

describe('assertSchedule', () => {
  it('accepts a constant rate with a warm-up longer than the training', () => {
    expect(() => assertSchedule({ schedule: 'constant', rate, warmup: 9 }, 6, 'fit', 'learningRate')).not.toThrow();
  });

  it.each<[unknown, object]>([
    ['fast', { argument: 'learningRate', actual: '"fast"' }],
    [[0.1], { argument: 'learningRate', actual: 'an array of 1' }],
    [{ schedule: 'linear', rate }, { argument: 'learningRate.schedule' }],
    [{ rate }, { argument: 'learningRate.schedule', actual: 'undefined' }],
    [{ schedule: 'cosine' }, { argument: 'learningRate.rate', actual: 'undefined' }],
    [{ schedule: 'cosine', rate: 0 }, { argument: 'learningRate.rate' }],
    [{ schedule: 'cosine', rate, warmup: -1 }, { argument: 'learningRate.warmup' }],
    [{ schedule: 'cosine', rate, warmup: 6 }, { argument: 'learningRate.epochs' }],
    [
      { schedule: 'cosine', rate, final: 0.2 },
      { argument: 'learningRate.final', expected: 'be in [0, 0.1], the rate' },
    ],
    [{ schedule: 'step', rate, factor: 0.5 }, { argument: 'learningRate.every' }],
    [
      { schedule: 'step', rate, factor: 2, every: 1 },
      { argument: 'learningRate.factor', expected: 'be in (0, 1]' },
    ],
    [{ schedule: 'exponential', rate, factor: 0 }, { argument: 'learningRate.factor' }],
    [
      { schedule: 'exponential', rate, factor: 0.9, every: 2 },
      { where: 'fit: learningRate', actual: "'every'" },
    ],
  ])('rejects %j', (schedule, fields) => {
    expect(() => assertSchedule(schedule, epochs, 'fit', 'learningRate')).toThrow(
      expect.objectContaining({ code: 'DOMAIN', where: 'fit', ...fields }),
    );
  });

  it('rejects a cosine without epochs if the number of epochs is unknown', () => {
    const cosine = { schedule: 'cosine', rate };
    expect(() => assertSchedule(cosine, undefined, 'fit', 'learningRate')).toThrow(DomainError);
    assertSchedule({ ...cosine, epochs: 9 }, undefined, 'fit', 'learningRate');
  });
});

describe('the checks of schedules', () => {
  it('fail for rates that are one step late', () => {
    for (const [name, schedule] of Object.entries(SCHEDULES)) {
      const late = all(schedule);
      late.unshift(late[0]);
      late.pop();
      expect(late).not.toBeAllClose(golden[name as keyof typeof SCHEDULES], FLOAT64);
    }
  });
});
