// Dates in text, and their features.
import { dateFeatures, dateWidth, encodeDate, looksLikeDate, parseDate, startOfDay } from '../src/features/date.js';

const time = (...parts: [number, number, number, number?, number?, number?]) => {
  const [year, month, ...rest] = parts;
  return Date.UTC(year, month - 1, ...rest);
};

describe('parseDate', () => {
  it('returns the number of its docstring', () => {
    expect(parseDate('31/01/2024 13:05', 'dmy')).toEqual({ time: 1706706300000, offset: 0, hasTime: true });
    expect(1706706300000).toBe(time(2024, 1, 31, 13, 5));
  });

  it('reads no text of more than 100 characters', () => {
    const spaced = (blanks: number) => `2024-02-09${' '.repeat(blanks)}10:00`;
    expect(parseDate(spaced(85), 'dmy')?.time).toBe(time(2024, 2, 9, 10));
    expect(parseDate(spaced(86), 'dmy')).toBeUndefined();
  });

  it.each([
    ['2024-02-29', time(2024, 2, 29)],
    ['2024/2/9', time(2024, 2, 9)],
    ['2024.02.09', time(2024, 2, 9)],
    ['20240209', time(2024, 2, 9)],
    ['9 Feb 2024', time(2024, 2, 9)],
    ['09-February-2024', time(2024, 2, 9)],
    ['Feb 9, 2024', time(2024, 2, 9)],
    ['September 9 2024', time(2024, 9, 9)],
    ['0099-01-02', -59042908800000],
  ])('reads %s in either order', (text, expected) => {
    for (const order of ['dmy', 'mdy'] as const) {
      expect(parseDate(text, order)).toEqual({ time: expected, offset: 0, hasTime: false });
    }
  });

  it.each([
    ['01/02/2024', time(2024, 2, 1), time(2024, 1, 2)],
    ['1.2.24', time(2024, 2, 1), time(2024, 1, 2)],
    ['1-2-69', time(1969, 2, 1), time(1969, 1, 2)],
    ['31/01/2024', time(2024, 1, 31), undefined],
    ['01/31/2024', undefined, time(2024, 1, 31)],
  ])('reads %s day first or month first', (text, dmy, mdy) => {
    expect(parseDate(text, 'dmy')?.time).toBe(dmy);
    expect(parseDate(text, 'mdy')?.time).toBe(mdy);
  });

  it.each([
    ['2024-02-09T13:05:06Z', time(2024, 2, 9, 13, 5, 6)],
    ['2024-02-09 13:05:06.789', time(2024, 2, 9, 13, 5, 6) + 789],

    ['2024-02-09 1:05 pm', time(2024, 2, 9, 13, 5)],
    ['2024-02-09 12:05 AM', time(2024, 2, 9, 0, 5)],
    ['1707483906', time(2024, 2, 9, 13, 5, 6)],
    ['1707483906000', time(2024, 2, 9, 13, 5, 6)],
  ])('reads the time of %s as it is written', (text, expected) => {
    expect(parseDate(text, 'dmy')).toEqual({ time: expected, offset: 0, hasTime: true });
  });

  it('keeps an offset from UTC beside the time that is written', () => {
    const moment = { time: time(2024, 2, 9, 13, 5, 6), offset: 2 * 3600_000, hasTime: true };
    expect(parseDate('2024-02-09 13:05:06+02:00', 'dmy')).toEqual(moment);
  });

  it.each([
    ...['', 'today', '2024', '2024-13-01', '2024-02-30', '2023-02-29', '00/01/2024', '2024-1/2', '31 Foo 2024'],
    ...['Marble 9, 2024', '2024-02-09 24:00', '2024-02-09 13:60', '2024-02-09 13:05 pm', '2024-02-09x', '1.2.3.4'],
    ...['12345678901', '99999999', '2024-02-09 0:05 am'],
  ])('returns undefined for %j', (text) => {
    expect(parseDate(text, 'dmy')).toBeUndefined();
    expect(parseDate(text, 'mdy')).toBeUndefined();
  });
});

describe('looksLikeDate', () => {
  it('accepts dates, but no digits alone', () => {
    expect(['2024-01-31', '31/01/2024', '01/31/2024', 'Jan 31, 2024'].every(looksLikeDate)).toBe(true);
    expect(['20240131', '1707483906', 'red', '1.5', '12:30'].some(looksLikeDate)).toBe(false);
  });
});

describe('encodeDate', () => {
  it('writes the features of its docstring', () => {
    const values = new Float64Array(21);
    encodeDate(time(2024, 2, 1), { origin: time(2024, 1, 1), hasTime: false }, values, 0);
    const names = dateFeatures('day', { hasTime: false });
    expect(Object.fromEntries(names.flatMap((name, i) => (values[i] === 0 ? [] : [[name, values[i]]])))).toEqual({
      'day.year': 2024,
      'day.days': 31,
      'day.month=2': 1,
      'day.weekday=Thursday': 1,
    });
  });

  it('writes the hour and a fraction of a day, over other values and before the epoch', () => {
    const values = new Float64Array(50).fill(7);
    const at = time(1969, 12, 28, 18, 30);
    encodeDate(at, { origin: startOfDay(at), hasTime: true }, values, 2);
    const names = dateFeatures('t', { hasTime: true });
    expect(names).toHaveLength(dateWidth(true));
    const set = names.flatMap((name, i) => (values[2 + i] === 0 ? [] : [`${name}: ${values[2 + i]}`]));
    const expected = ['t.year: 1969', `t.days: ${18.5 / 24}`, 't.month=12: 1', 't.weekday=Sunday: 1', 't.hour=18: 1'];
    expect(set).toEqual(expected);
    expect([values[1], values[47]]).toEqual([7, 7]);
  });
});
