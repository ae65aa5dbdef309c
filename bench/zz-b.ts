import { readFileSync } from 'node:fs';
import { columnStatistics, SoftmaxRegression, selectBackend } from 'softmax-regression';
import 'softmax-regression/node';
async function main() {
  await selectBackend('tensorflow');
  for (const name of ['digits', 'wine']) for (const std of [true, false]) {
    const table = readFileSync(`/tmp/solver/${name}.csv`, 'utf8').trim().split('\n').map((l) => l.split(',').map(Number));
    const raw = table.map((r) => r.slice(0, -1)); const y = table.map((r) => r.at(-1)!);
    const { mean, scale } = columnStatistics(raw);
    const X = std ? raw.map((x) => x.map((v, j) => (v - mean[j]) / scale[j])) : raw;
    const ts: number[] = []; let last: any;
    for (let r = 0; r < 6; r++) { const t = performance.now(); last = (await SoftmaxRegression.fit(X, y, { l2: 1 / y.length, tolerance: 1e-8 })).result; ts.push(Math.round(performance.now() - t)); }
    console.log(name, std, last.iterations, last.reason, last.gradientNorm, ts.join(' '), last.objective);
  }
}
main();
