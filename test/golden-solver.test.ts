import { SoftmaxRegression } from 'softmax-regression';
import { dataSets, golden, standardized, weighing } from './helpers/golden-solver.js';

/** W and b, the rows of W first. */
function parametersOf(model: SoftmaxRegression<number>): number[][] {
  return [...model.weight, model.bias].map((row) => Array.from(row));
}

function centred(rows: readonly number[][]): number[] {
  return rows.flatMap((row) => row.map((value) => value - row.reduce((a, b) => a + b) / row.length));
}

describe('fit', () => {
  it.each(
    golden.cases.map((each) => {
      const { data, C, standardize, intercept, weighted } = each;
      const scaled = standardize ? 'standardised' : 'raw';
      return [`${data}, C = ${C}, ${scaled}, ${intercept ? 'a bias' : 'no bias'}, weights ${weighted}`, each] as const;
    }),
  )('matches the optimum of scikit-learn’s newton-cholesky: %s', async (_, { data, C, ...each }) => {
    const { features, labels } = dataSets[data];
    const rows = each.standardize ? standardized(features) : features;
    const { options, total } = weighing(each.weighted, labels);
    const { model, result } = await SoftmaxRegression.fit(rows, labels, {
      ...options,
      // For two classes scikit-learn penalises one vector; here there are two of half its size. C = 1 is the default.
      ...(C === 1 ? {} : { l2: (data === 'cancer' ? 2 : 1) / (C * total) }),
      fitIntercept: each.intercept,
      tolerance: 1e-9,
      maxIterations: 3000,
    });
    expect(result.converged).toBe(true);
    expect(result.objective / each.objective).toBeAllClose(1, { rtol: 1e-7, atol: 0 });
    expect(result.suboptimality).toBeGreaterThanOrEqual(result.objective - each.objective - 1e-14);
    if (!('weight' in each) || each.weight === undefined) return;
    expect(centred(parametersOf(model))).toBeAllClose([...each.weight, ...each.bias], { rtol: 0, atol: 1e-4 });
  });

  it.each(
    golden.sparse.map((each) => {
      const kind = each.l2 === 0 ? 'l1' : 'elastic net';
      return [`${each.data}, ${kind} of ${each.l1.toPrecision(2)}, weights ${each.weighted}`, each] as const;
    }),
  )('matches the optimum and the zeros of scikit-learn’s saga: %s', async (_, { data, l1, l2, ...each }) => {
    const { features, labels } = dataSets[data];
    const { options } = weighing(each.weighted, labels);
    const { model, result } = await SoftmaxRegression.fit(standardized(features), labels, {
      ...options,
      l1,
      l2,
      tolerance: 1e-9,
    });
    expect(result).toMatchObject({ converged: true, reason: 'gradient', advice: null });
    expect(result.objective / each.objective).toBeAllClose(1, { rtol: 1e-7, atol: 0 });
    expect(result.suboptimality).toBeGreaterThanOrEqual(result.objective - each.objective - 1e-14);
    expect(result.suboptimality).toBeLessThan(1e-5 * each.objective);
    // With two classes, only the difference of their weights matters.
    const weight = model.weight.flatMap((row) => (row.length === 2 ? [row[1] - row[0]] : Array.from(row)));
    expect(weight).toBeAllClose(each.weight, { rtol: 0, atol: 1e-4 });
    expect(weight.map((value) => value === 0)).toEqual(each.weight.map((value) => value === 0));
    expect(centred([Array.from(model.bias)])).toBeAllClose(each.bias, { rtol: 0, atol: 1e-4 });
  });
});
