// cli: whether the model of a table can be saved, before it is trained.
import { FormatError } from '../../core/errors.js';
import { sortedClasses } from '../../core/labels.js';
import type { AnyDataSet } from '../../reading/samples.js';
import { headerSizeOf } from '../../serialization/model-file.js';

/** A deviation whose text is as long as any. */
const LONGEST = Number.MAX_VALUE;

/** @throws FormatError if the names, categories and classes of a table may be too long for the header of a model file */
export function assertStorable({ name, samples, featureNames, schema }: AnyDataSet): void {
  const [, d] = samples.features.shape;
  const classes = sortedClasses(samples.labels);
  const content = { numFeatures: d, classes, numParameters: (d + 1) * classes.length, options: {} };
  const featureDeviations = new Array<number>(d).fill(LONGEST);
  const { bytes, most } = headerSizeOf({ ...content, featureNames, schema, featureDeviations });
  if (bytes <= most) return;
  throw new FormatError({
    where: name,
    argument: 'the names, categories and labels of its columns',
    expected: `fit the header of a model file, ${most} bytes`,
    actual: `about ${bytes}`,
    hint: 'Leave out columns with --ignore, use shorter names, or train without -o.',
  });
}
