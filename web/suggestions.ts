// web: options for a training of seconds on the data at hand.
import type { Suggestions } from './form.js';
import type { DataSummary } from './messages.js';

/** With fewer images, epochs are short: more of them, of smaller batches. */
const FEW_IMAGES = 5000;

/** Images are learned in steps, so that their weights are seen to develop. */
export function suggestionsFor({ image, trainingSamples }: DataSummary): Suggestions {
  const steps: Suggestions = trainingSamples < FEW_IMAGES ? { epochs: 30, batchSize: 32, learningRate: 0.002 } : {};
  if (image !== undefined) return { solver: 'adam', standardize: false, ...steps };
  return { solver: 'lbfgs', standardize: true, epochs: 100, batchSize: 32, learningRate: 0.05 };
}
