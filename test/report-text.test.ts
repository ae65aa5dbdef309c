import fc from 'fast-check';
import { formatTable, sparkline, wantsColour } from 'softmax-regression/report';
import stringWidth from 'string-width';
import { PROPERTY } from './helpers/numbers.js';

describe('sparkline', () => {
  it('draws the smallest value as the lowest block and the largest as the highest', () => {
    expect(sparkline([1, 2, 3, 8])).toBe('▁▂▃█');
    expect(sparkline([3, 2, 1])).toBe('█▅▁');
    expect(sparkline([])).toBe('');
  });

  it('is flat for equal values, and blank for non-finite values', () => {
    expect(sparkline([5, 5])).toBe('▅▅');
    expect(sparkline([0, Number.NaN, 1, Number.POSITIVE_INFINITY])).toBe('▁ █ ');
    expect(sparkline([-Number.MAX_VALUE, 0, Number.MAX_VALUE])).toBe('▁▅█');
  });

  it('averages neighbours if the width is smaller', () => {
    expect(sparkline([0, 2, 4, 4, 7, 9], { width: 3 })).toBe('▁▄█');
    expect(sparkline([0, 1], { width: 80 })).toBe('▁█');
  });

  it('has one block per value, and rises with sorted values', () =>
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1 }), (values) => {
        const line = sparkline([...values].sort((a, b) => a - b));
        expect(line).toHaveLength(values.length);
        expect([...line].sort().join('')).toBe(line);
      }),
      PROPERTY,
    ));

  it.each([0, -1, 1.5, Number.NaN])('rejects a width of %p', (width) => {
    expect(() => sparkline([1], { width })).toThrow('sparkline: width must be an integer > 0');
  });
});

describe('formatTable', () => {
  it('aligns text left and numbers right', () => {
    expect(
      formatTable({
        head: ['class', 'recall'],
        rows: [
          ['cat', 0.5],
          ['chicken', 1],
        ],
      }),
    ).toEqual(['class    recall', 'cat         0.5', 'chicken       1']);
    expect(
      formatTable({
        rows: [
          ['a', '1'],
          ['bb', '10'],
        ],
        align: ['right', 'right'],
      }),
    ).toEqual([' a   1', 'bb  10']);
    expect(formatTable({ rows: [] })).toEqual([]);
  });

  it('aligns by display width', () => {
    expect(
      formatTable({
        rows: [
          ['猫', 'x'],
          ['cat', 'y'],
          ['e\u0301', 'z'],
        ],
      }),
    ).toEqual(['猫   x', 'cat  y', 'e\u0301    z']);
  });

  it('escapes control characters, as messages do', () => {
    expect(formatTable({ rows: [['\x1b[31mred\x07\n', 'a\x7f\x9b']] })).toEqual([
      '\\u001b[31mred\\u0007\\u000a  a\\u007f\\u009b',
    ]);
    expect(formatTable({ rows: [['a\u202eb\u2066', '\u0085c']] })).toEqual(['a\\u202eb\\u2066  \\u0085c']);
  });

  it('aligns after joined, zero-width, combining and wide characters', () => {
    const names = ['e\u0301'.repeat(20), '\u200d\ufe0f'.repeat(50), '각', '👩‍👩‍👧', 'x'];
    const lines = formatTable({ rows: names.map((name) => [name, '|']) });
    expect(new Set(lines.map((text) => stringWidth(text))).size).toBe(1);
  });

  it('makes only the head bold, with colour', () => {
    expect(formatTable({ head: ['a'], rows: [['b']], colour: true })).toEqual(['\x1b[1ma\x1b[22m', 'b']);
    expect(formatTable({ rows: [['b']], colour: true })).toEqual(['b']);
  });
});

describe('wantsColour', () => {
  it.each<[Record<string, string>, boolean, boolean]>([
    [{}, true, true],
    [{}, false, false],
    [{ NO_COLOR: '1' }, true, false],
    [{ NO_COLOR: '' }, true, true],
    [{ NO_COLOR: '1', FORCE_COLOR: '1' }, true, false],
    [{ FORCE_COLOR: '1' }, false, true],
    [{ FORCE_COLOR: '0' }, true, false],
    [{ TERM: 'dumb' }, true, false],
  ])('with %p and isTerminal %p is %p', (environment, isTerminal, expected) => {
    expect(wantsColour(environment, isTerminal)).toBe(expected);
  });
});
