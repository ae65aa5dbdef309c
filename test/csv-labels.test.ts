// Labels that look like numbers: codes stay text, so that no two labels become one and none is changed.
import fc from 'fast-check';
import { parseCsv } from '../src/data/table/table.js';
import { PROPERTY } from './helpers/numbers.js';

const labelsOf = (texts: readonly string[], more: object = {}) =>
  parseCsv(`x,y\n${texts.map((text, i) => `${i},"${text}"`).join('\n')}`, { label: 'y', ...more }).labels;

describe('labels of a table', () => {
  it.each([
    ['zip codes', ['02134', '10001', '02134']],
    ['phone prefixes', ['0041', '041', '41']],
    ['versions', ['1.10', '1.1', '2.0']],
    ['wells and exponents', ['1E2', '100', '2E5']],
    ['ids of more digits than float64 has', ['1524880913452421121', '1524880913452422789']],
    ['ids of 20 digits', ['12345678901234567890', '12345678901234567891']],
    ['hashes in hexadecimal that look like exponents', ['0047583311587E590003', '0047583311588E590003']],
    ['short hashes', ['1e9999', '2e9999']],
    ['signs', ['+1', '-1', '1']],
    ['fixed decimals', ['0.50', '1.00']],
    ['negative zero', ['-0', '0']],
    ['booleans in two spellings', ['true', 'TRUE', 'false']],
  ])('stay text if they are codes: %s', (_, texts) => {
    expect(labelsOf(texts)).toEqual(texts);
  });

  it.each<[string, string[], (number | boolean)[]]>([
    ['digits', ['0', '1', '10'], [0, 1, 10]],
    ['negative and fractional', ['-1', '0.5', '1e+21'], [-1, 0.5, 1e21]],
    ['booleans', ['True', 'False', 'True'], [true, false, true]],
  ])('are parsed if nothing is lost: %s', (_, texts, values) => {
    expect(labelsOf(texts)).toEqual(values);
  });

  it('use the decimal mark of the table', () => {
    const options = { label: 'y', decimal: ',' } as const;
    expect(parseCsv('x;y\n1;1,5\n2;2', options).labels).toEqual([1.5, 2]);
    expect(parseCsv('x;y\n1;1,50\n2;2', options).labels).toEqual(['1,50', '2']);
  });

  it('have the type that labelType sets', () => {
    expect(labelsOf(['02134', '10001'], { labelType: 'number' })).toEqual([2134, 10001]);
    expect(labelsOf(['0', '1'], { labelType: 'text' })).toEqual(['0', '1']);
    expect(labelsOf(['true', 'false'], { labelType: 'text' })).toEqual(['true', 'false']);
    expect(() => labelsOf(['1', 'b'], { labelType: 'number' })).toThrow(
      'parseCsv:3:2: y must be a finite number; got "b". Pass `labelType: \'text\'` to keep labels as they are written.',
    );
    expect(() => labelsOf(['1', '1e999'], { labelType: 'number' })).toThrow('got "1e999"');
    expect(() => labelsOf(['0', '1'], { labelType: 'float' })).toThrow(
      expect.objectContaining({ code: 'DOMAIN', argument: 'labelType' }),
    );
  });

  it('have a note that says what was decided on codes', () => {
    const noteOf = (texts: readonly string[], labelType?: 'number' | 'text') => {
      const text = `x,y\n${texts.map((each, i) => `${i},${each}`).join('\n')}`;
      return parseCsv(text, { label: 'y', labelType }).columns.find(({ kind }) => kind === 'label')?.note;
    };
    expect(noteOf(['2', '1.10', '1.1', '01.1', '1.10'], 'number')).toBe(
      '4 texts became 2 labels: "1.10" and "1.1" are one',
    );
    expect(noteOf(['1', '02'], 'number')).toBe('read as numbers: "02" is 2');
    expect(noteOf(['1', '02'], 'text')).toBe('codes such as 02 stay text');
    for (const labelType of ['number', 'text', undefined] as const) {
      expect(noteOf(['1', '2'], labelType)).toBeUndefined();
    }
    expect(noteOf(['a', '02'], 'text')).toBeUndefined();
    expect(noteOf(['1.10', '1.1'])).toBe('codes such as 1.10 stay text');
  });

  it('are never merged, and print as they are written', () => {
    const text = fc.oneof(
      fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 1, maxLength: 22 }),
      fc.string({ unit: fc.constantFrom(...'01.eE-+'), minLength: 1, maxLength: 6 }),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
    );
    fc.assert(
      fc.property(fc.uniqueArray(text, { minLength: 2, maxLength: 6 }), (texts) => {
        const label = parseCsv(`x,y\n${texts.map((each, i) => `${i},"${each}"`).join('\n')}`, {
          label: 'y',
          missingTokens: [''],
        }).labels;
        expect(label.map(String)).toEqual(texts);
      }),
      { ...PROPERTY, numRuns: 500 },
    );
  });
});
