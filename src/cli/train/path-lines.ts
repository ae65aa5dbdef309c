// cli: the search for l2 as lines of text.
import type { LambdaPath, LambdaRow } from '../../model/lambda-path.js';
import type { Solver } from '../../training/solvers.js';
import { figure, score, tableLines, unconvergedLines } from '../output.js';
import type { Line } from '../terminal.js';
import { chosenBy, type L2Rule } from './l2.js';

/** The search as a table, with the choice, and whether values beyond the list may be better. */
export function pathLines(path: LambdaPath, rule: L2Rule = 'best', solver: Solver | undefined): Line[] {
  const { table, best } = path;
  const chosen = chosenBy(rule, path);
  const rows = table.map(({ l2, logLoss, standardError, accuracy }) => [
    `${figure(l2)}${l2 === chosen ? ' (chosen)' : ''}`,
    ...[logLoss, standardError, accuracy].map(score),
  ]);
  const why =
    rule === 'best' ? 'the lowest log loss' : `the largest within one standard error of the lowest, at ${figure(best)}`;
  return [
    `l2 ${figure(chosen)} chosen by cross-validation on the training samples, ${table[0].folds.length} folds: ${why}`,
    ...tableLines(['l2', 'log loss', 'standard error', 'accuracy'], rows),
    ...edgeLines(table, best),
    ...unconvergedLines(
      table.map(({ l2, converged }) => [`l2 ${figure(l2)}`, converged]),
      solver,
    ),
  ];
}

/** A hint if the lowest loss is at an end of the list, where the minimum may lie beyond. */
function edgeLines(table: readonly LambdaRow[], best: number): string[] {
  const [most, least] = [table[0].l2, table[table.length - 1].l2];
  if (table.length < 2 || best === 0 || (best !== most && best !== least)) return [];
  const factors = best === least ? [1, 0.1, 0.01] : [100, 10, 1];
  const wider = factors.map((factor) => figure(best * factor)).join(',');
  return [`The lowest log loss is at the ${best === least ? 'smallest' : 'largest'} l2. To go on, pass --l2 ${wider}.`];
}
