// The section of the report on the search for l2.
import { parseHTML } from 'linkedom';
import { type ReportLambdaPath, renderReport } from 'softmax-regression/report';
import { smallInput } from './helpers/report-input.js';

const PATH: ReportLambdaPath = {
  table: [
    { l2: 1, logLoss: 0.7, standardError: 0.01, accuracy: 0.8 },
    { l2: 0.01, logLoss: 0.32, standardError: 0.02, accuracy: 0.9 },
    { l2: 0.0001, logLoss: 0.3125, standardError: 0.03, accuracy: 0.875 },
    { l2: 0, logLoss: 0.4, standardError: 0.05, accuracy: 0.85 },
  ],
  best: 0.0001,
  oneStandardError: 0.01,
};

async function sectionOf(l2: number | undefined, change: Partial<ReportLambdaPath> = {}) {
  const input = smallInput();
  const model = { ...input.model, options: { ...input.model.options, l2 } };
  const { document } = parseHTML(await renderReport({ ...input, model, lambdaPath: { ...PATH, ...change } }));
  const section = document.getElementById('penalty') as HTMLElement;
  return { section, words: (section.textContent ?? '').replace(/[\s\u00a0]+/g, ' ') };
}

describe('the section on the penalty', () => {
  it('draws every l2 above 0 with its standard error, marks the one of the model, and lists all', async () => {
    const { section, words } = await sectionOf(0.0001);
    expect(section.querySelectorAll('.wide svg')).toHaveLength(1);
    // Three values, and the mark.
    expect(section.querySelectorAll('.wide circle')).toHaveLength(4);
    expect(section.querySelectorAll('.wide circle[r="6"]')).toHaveLength(1);
    expect(section.querySelectorAll('.narrow text')).not.toHaveLength(0);
    expect(section.querySelectorAll('tbody tr')).toHaveLength(4);
    expect(words).toContain('The one with the lowest log loss was chosen, 1.00 × 10⁻⁴.');
    expect(words).toContain('1.00 × 10⁻⁴ (chosen)0.31250.030087.5 %');
    expect(section.querySelector('svg')?.getAttribute('aria-label')).toBe(
      'The cross-validated log loss is lowest, 0.313 nats, at l2 = 1.00\u00a0×\u00a010⁻⁴, among 3 values from 1.00\u00a0×\u00a010⁻⁴ to 1.',
    );
  });

  it('says which rule chose, or that none did', async () => {
    expect((await sectionOf(0.01)).words).toContain(
      '0.01 was chosen, the largest whose log loss is within one standard error of the lowest, at 1.00 × 10⁻⁴.',
    );
    const { section, words } = await sectionOf(7);
    expect(words).toContain('The lowest log loss is at 1.00 × 10⁻⁴.');
    expect(words).not.toContain('chosen');
    expect(section.querySelectorAll('.wide circle')).toHaveLength(3);
  });

  it('has no chart for a single value above 0, and no section without a search', async () => {
    const { section } = await sectionOf(0, { table: PATH.table.slice(2) });
    expect(section.querySelectorAll('svg')).toHaveLength(0);
    expect(section.querySelectorAll('tbody tr')).toHaveLength(2);
    expect(await renderReport(smallInput())).not.toContain('id="penalty"');
  });

  it('stands before the learning curve', async () => {
    const { document } = parseHTML(await renderReport({ ...smallInput(), lambdaPath: PATH }));
    const ids = Array.from(document.querySelectorAll('section.section'), ({ id }) => id);
    expect(ids.slice(0, 3)).toEqual(['training', 'penalty', 'learning']);
  });
});
