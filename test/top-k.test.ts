// The k largest entries: by insertion for a small k, by sorting for a large one.
import { Random } from '../src/core/random.js';
import { argTopK } from '../src/predict/scores.js';

it.each([1, 2, 63, 64, 65, 200, 300])('are in descending order, equal ones in theirs: k = %i', (k) => {
  const random = new Random(k);
  // Few different numbers, so that many are equal.
  const row = Float64Array.from({ length: 300 }, () => [-Infinity, Infinity, random.below(40)][random.below(3)]);
  const expected = [...row.keys()].sort((a, b) => (row[a] === row[b] ? a - b : row[b] - row[a]));
  expect(argTopK(row, k)).toEqual(expected.slice(0, k));
});
