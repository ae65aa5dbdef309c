// cli: the rows whose labels are not classes of the model, where --unknown-label drop leaves them out.
import type { Label } from '../core/labels.js';
import type { Evaluation } from '../model/evaluation.js';
import type { LabelledRows, UnknownLabels } from '../reading/table.js';
import { count, counted, score } from './output.js';

/** The rows that an evaluation left out. */
export interface LeftOut extends Pick<UnknownLabels, 'rows' | 'labels'> {
  /** The accuracy on all rows, with those left out counted as wrong. */
  readonly accuracy: number;
}

/** Undefined if no row was left out. */
export function leftOutOf(
  { unknownLabels }: Pick<LabelledRows, 'unknownLabels'>,
  { accuracy, perClass }: Evaluation<Label>,
): LeftOut | undefined {
  if (unknownLabels === undefined) return undefined;
  const { rows, weight, labels } = unknownLabels;
  const known = perClass.support.reduce((sum, each) => sum + each, 0);
  return { rows, labels, accuracy: (accuracy * known) / (known + weight) };
}

/** The most labels that are listed. */
const MOST_LABELS = 10;

/** How many rows of which labels were left out; an empty text if there are none. */
export function leftOutText(unknown: Pick<LeftOut, 'rows' | 'labels'> & { readonly accuracy?: number }): string {
  const { rows, labels, accuracy } = unknown;
  const names = Object.entries(labels).map(([label, n]) => `${label} (${count(n)})`);
  const listed = `${names.slice(0, MOST_LABELS).join(', ')}${names.length > MOST_LABELS ? ', …' : ''}`;
  const text = `${counted(rows, 'row')} of unknown labels left out: ${listed}`;
  return accuracy === undefined ? text : `${text}; accuracy ${score(accuracy)} if they count as wrong`;
}
