import fc from 'fast-check';
import { formatTable, sparkline, wantsColour } from 'softmax-regression/report';
import { PROPERTY } from './helpers/problems.js';

describe('sparkline', () => {
  it('draws the least as the lowest block and the largest as the highest', () => {
    expect(sparkline([1, 2, 3, 8])).toBe('▁▂▃█');
    expect(sparkline([3, 2, 1])).toBe('█▅▁');
    expect(sparkline([])).toBe('');
  });

  it('is level for equal values, and has a space where there is no finite one', () => {
    expect(sparkline([5, 5])).toBe('▅▅');
    expect(sparkline([0, Number.NaN, 1, Number.POSITIVE_INFINITY])).toBe('▁ █ ');
    expect(sparkline([-Number.MAX_VALUE, 0, Number.MAX_VALUE])).toBe('▁▅█');
  });

  it('takes means of neighbours where it has less room', () => {
    expect(sparkline([0, 2, 4, 4, 7, 9], { width: 3 })).toBe('▁▄█');
    expect(sparkline([0, 1], { width: 80 })).toBe('▁█');
  });

  it('has one block for each value, and never falls where they rise', () =>
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1 }), (values) => {
        const line = sparkline([...values].sort((a, b) => a - b));
        expect(line).toHaveLength(values.length);
        expect([...line].sort().join('')).toBe(line);
      }),
      PROPERTY,
    ));

  it.each([0, -1, 1.5, Number.NaN])('refuses a width of %p', (width) => {
    expect(() => sparkline([1], { width })).toThrow('sparkline: width must be an integer > 0');
  });
});

describe('formatTable', () => {
  it('sets text left and numbers right', () => {
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

  it('counts characters by the room they take', () => {
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

  it('shows control characters in place of obeying them', () => {
    expect(formatTable({ rows: [['\x1b[31mred\x07\n', 'a\x7f\x9b']] })).toEqual(['␛[31mred␇␊  a␡�']);
  });

  it('makes the head bold where colour is welcome, and nothing else', () => {
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
  ])('with %p and a terminal: %p says %p', (environment, isTerminal, expected) => {
    expect(wantsColour(environment, isTerminal)).toBe(expected);
  });
});
