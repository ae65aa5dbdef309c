import type { ReportInput } from 'softmax-regression/report';
import { renderReport } from 'softmax-regression/report';
import { useBackend } from './helpers/backends.js';
import { modelOf } from './helpers/models.js';
import { smallInput } from './helpers/report-input.js';

// Inputs that once took memory or time beyond what is read from them, or overflowed the stack.

beforeAll(() => useBackend('cpu'));

describe('150,000 classes', () => {
  it('have a table of weights', () => {
    const q = 150_000;
    const model = modelOf([new Array<number>(q).fill(0)], new Array<number>(q).fill(0), [...Array(q).keys()]);
    const [row] = model.weightTable({ sort: 'magnitude' }).rows;
    expect([row.weights.length, row.magnitude]).toEqual([q, 0]);
  });
});

describe('images of 400 × 400 pixels', () => {
  it('have a report', async () => {
    const side = 400;
    const small = smallInput();
    const numFeatures = side ** 2;
    const input: ReportInput = {
      ...small,
      data: { name: 'Wide', image: { width: side, height: side } },
      model: {
        ...small.model,
        featureNames: undefined,
        numFeatures,
        weight: Array.from({ length: numFeatures }, (_, j) => [j, 0, 0]),
      },
      mistakes: [],
    };
    expect(await renderReport(input)).toContain('images of 400 × 400 pixels');
  });
});
