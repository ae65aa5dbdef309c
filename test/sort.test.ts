import fc from 'fast-check';
import { ascendingOrder } from '../src/core/sort.js';
import { finish, finishInTurns } from '../src/core/task.js';
import { turnsOf } from './helpers/models.js';
import { PROPERTY } from './helpers/numbers.js';

/** The order of the built-in sort, which is stable. */
function expectedOf(values: Float64Array): number[] {
  return [...values.keys()].sort((a, b) => values[a] - values[b]);
}

describe('ascendingOrder', () => {
  it('matches a stable sort', () => {
    const numbers = fc.array(fc.constantFrom(-Infinity, -1, 0, 0.5, 0.5000001, 2, Infinity), { maxLength: 40 });
    fc.assert(
      fc.property(numbers, (list) => {
        const values = Float64Array.from(list);
        expect([...finish(ascendingOrder(values))]).toEqual(expectedOf(values));
      }),
      PROPERTY,
    );
    expect([...finish(ascendingOrder(Float64Array.of(3, 1, 2)))]).toEqual([1, 2, 0]);
  });

  it.each([2 ** 13, 2 ** 13 + 1, 3 * 2 ** 13 + 5, 100_000])('matches a stable sort for %d values with ties', (n) => {
    const values = Float64Array.from({ length: n }, (_, i) => (i * 7919) % 1013);
    expect([...finish(ascendingOrder(values))]).toEqual(expectedOf(values));
  });

  it('runs in steps that yield to the event loop, and can be aborted', async () => {
    const values = Float64Array.from({ length: 50_000 }, (_, i) => (i * 7919) % 10_007);
    let order: Uint32Array = new Uint32Array();
    const turns = await turnsOf(async () => {
      order = await finishInTurns(ascendingOrder(values));
    });
    expect(turns).toBeGreaterThan(5);
    expect([...order]).toEqual(expectedOf(values));
    const reason = new Error('enough');
    await expect(finishInTurns(ascendingOrder(values), AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});
