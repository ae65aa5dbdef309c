// The weights that a report compares are those of the features, however a model stores them.
import { centredWeights, columnEffects, type Modelled } from '../src/report/model/effects.js';

const DEVIATIONS = [0.01, 200, 3];
/** Weights per unit of the features. */
const WEIGHT = [
  [3, -3, 0],
  [0.001, 0.002, -0.003],
  [-1, 0.5, 0.5],
];

function modelled(weight: readonly (readonly number[])[], factor?: readonly number[]): Modelled {
  const model = { classes: ['a', 'b', 'c'], numFeatures: 3, numParameters: 12, weight, bias: [0, 0, 0], options: {} };
  return { data: { name: 'x', featureDeviations: DEVIATIONS }, model: { ...model, columns: factor && { factor } } };
}

const folded = modelled(WEIGHT);
const standardised = modelled(
  WEIGHT.map((row, j) => row.map((value) => value * DEVIATIONS[j])),
  DEVIATIONS.map((each) => 1 / each),
);

it('has the same effects for weights of standardised features', () => {
  const [first, second] = [folded, standardised].map((each) => columnEffects(each));
  expect(second.map(({ column }) => column.name)).toEqual(['feature 2', 'feature 1', 'feature 0']);
  first.forEach(({ effects: [effect] }, i) => {
    expect(second[i].effects[0].values).toBeAllClose(effect.values, { rtol: 1e-12, atol: 0 });
  });
  expect(first[2].effects[0].values).toBeAllClose([0.03, -0.03, 0], { rtol: 1e-12, atol: 1e-15 });
});

it('draws the same network for weights of standardised features', () => {
  const [first, second] = [folded, standardised].map(({ model }) => centredWeights(model));
  first.forEach((row, j) => {
    expect(second[j]).toBeAllClose(row, { rtol: 1e-12, atol: 1e-15 });
  });
});
