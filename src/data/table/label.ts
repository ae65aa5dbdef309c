// data: the labels of rows, and those that a model does not know.
import type { Label } from '../../core/labels.js';
import { describe } from '../../core/shape.js';
import type { RowEncoder } from './encode.js';
import type { Row } from './row.js';

/**
 * The label of a row.
 *
 * @throws FormatError for a label that is missing, of another type, or not among `classes`, if they are given
 */
export function labelOf(encoder: RowEncoder, row: Row, line: number, classes?: ReadonlySet<Label>): Label {
  const label = encoder.label(row, line);
  if (label !== undefined && classes?.has(label) !== false) return label;
  const hint = classes && 'Pass `onUnknownLabel` to leave such rows out.';
  if (label === undefined || classes === undefined) {
    const type = encoder.labelType === 'number' ? 'a number' : 'true or false';
    throw encoder.labelError(row, line, `be ${type}, like the classes`, hint);
  }
  // Not all of them: this may be the error of each of many rows.
  const some: string[] = [];
  for (const each of classes) if (some.push(describe(each)) === 10) break;
  throw encoder.labelError(
    row,
    line,
    `be one of the classes ${some.join(', ')}${classes.size > 10 ? ', …' : ''}`,
    hint,
  );
}

/**
 * The label of a row as written if it is not among `classes`, or of another type.
 *
 * @throws FormatError if it is missing
 */
export function unknownLabelOf(
  encoder: RowEncoder,
  row: Row,
  line: number,
  classes: ReadonlySet<Label>,
): string | undefined {
  const label = encoder.label(row, line);
  return label !== undefined && classes.has(label) ? undefined : encoder.labelText(row);
}
