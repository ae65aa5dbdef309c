import { FormatError } from '../src/core/errors.js';

describe('the message of an error', () => {
  const messageFor = (actual: string) =>
    new FormatError({ where: 'a.csv', argument: 'the table', expected: 'have a column', actual }).message;

  it('is cut after its control characters are escaped', () => {
    expect(messageFor('\0'.repeat(5000)).length).toBeLessThan(1100);
    expect(messageFor('\0'.repeat(5000))).toMatch(/^a\.csv: the table must have a column; got (\\u0000)+.*…\.$/);
  });

  it('shows a thousand characters of a field', () => {
    expect(messageFor('x'.repeat(1000))).toContain(`${'x'.repeat(1000)}.`);
    expect(messageFor('x'.repeat(1001))).toContain(`${'x'.repeat(1000)}….`);
  });
});
