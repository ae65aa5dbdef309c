// features: dates and times in text → numbers for a linear model. Pure TypeScript.

/** How dates such as 01/02/2024 are read: the day first, or the month first. */
export type DateOrder = 'dmy' | 'mdy';
export const DATE_ORDERS: readonly DateOrder[] = ['dmy', 'mdy'];

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const WEEKDAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];

const TIME = /[T\s]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*(am|pm)?\s*(?:z|utc|([+-])(\d{2}):?(\d{2}))?$/i;
const YEAR_FIRST = /^(\d{4})([-/.])(\d{1,2})\2(\d{1,2})$/;
const YEAR_LAST = /^(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})$/;
const DAY_MONTH = /^(\d{1,2})[\s-]+([a-z]{3,9})\.?,?[\s-]+(\d{4})$/i;
const MONTH_DAY = /^([a-z]{3,9})\.?\s+(\d{1,2}),?\s+(\d{4})$/i;
const YEAR_MONTH = /^(\d{4})-(\d{2})$/;
const COMPACT = /^(\d{4})(\d{2})(\d{2})$/;
/** The maximum length of a date. The search for a time of day in a long text of blanks takes the square of its length. */
const LONGEST = 100;
const UNIX = /^\d{10}(\d{3})?$/;

const SECOND = 1000;
const DAY = 86400 * SECOND;

/** A moment. */
export interface Moment {
  /** Milliseconds since 1970-01-01 of the date as it is written, as if it were UTC. */
  readonly time: number;
  /** The offset from UTC that is written, in milliseconds. */
  readonly offset: number;
  /** Whether a time of day is written. */
  readonly hasTime: boolean;
}

/**
 * A date, with or without a time of day: 2024-01-31, 2024/1/31, 31.01.2024, 01/31/2024, 31 Jan 2024, January 31, 2024,
 * 20240131, 2024-01; 10 or 13 digits are Unix seconds or milliseconds. The years 00–68 are 2000–2068, and 69–99 are 1969–1999,
 * as in POSIX. Undefined for any other text, and for days that no month has.
 *
 * @example parseDate('31/01/2024 13:05', 'dmy')   // { time: 1706706300000, offset: 0, hasTime: true }
 */
export function parseDate(text: string, order: DateOrder): Moment | undefined {
  if (text.length > LONGEST) return undefined;
  if (UNIX.test(text)) return { time: Number(text) * (text.length === 10 ? SECOND : 1), offset: 0, hasTime: true };
  const clock = TIME.exec(text);
  const day = dayOf(clock === null ? text : text.slice(0, clock.index), order);
  if (day === undefined) return undefined;
  if (clock === null) return { time: day, offset: 0, hasTime: false };
  const [, hours, minutes, seconds = 0, fraction = 0, half, sign, aheadHours = 0, aheadMinutes = 0] = clock;
  const hour = hourOf(Number(hours), half);
  const [minute, second] = [Number(minutes), Number(seconds)];
  // A leap second is written as 60.
  if (hour === undefined || minute > 59 || second > 60 || Number(aheadHours) > 23 || Number(aheadMinutes) > 59) {
    return undefined;
  }
  const time = day + ((hour * 60 + minute) * 60 + second + Number(`0.${fraction}`)) * SECOND;
  const offset = (60 * Number(aheadHours) + Number(aheadMinutes)) * 60 * SECOND;
  return { time, offset: sign === '-' ? -offset : offset, hasTime: true };
}

function hourOf(hour: number, half: string | undefined): number | undefined {
  if (half === undefined) return hour <= 23 ? hour : undefined;
  if (hour < 1 || hour > 12) return undefined;
  return (hour % 12) + (half.toLowerCase() === 'pm' ? 12 : 0);
}

function dayOf(text: string, order: DateOrder): number | undefined {
  const first = YEAR_FIRST.exec(text);
  if (first !== null) return midnight(Number(first[1]), Number(first[3]), Number(first[4]));
  const last = YEAR_LAST.exec(text);
  if (last !== null) {
    const [a, b] = [Number(last[1]), Number(last[3])];
    const year = last[4].length === 4 ? Number(last[4]) : Number(last[4]) + (Number(last[4]) < 69 ? 2000 : 1900);
    return order === 'dmy' ? midnight(year, b, a) : midnight(year, a, b);
  }
  const month = YEAR_MONTH.exec(text);
  if (month !== null) return midnight(Number(month[1]), Number(month[2]), 1);
  const compact = COMPACT.exec(text);
  if (compact !== null) return midnight(Number(compact[1]), Number(compact[2]), Number(compact[3]));
  const dayMonth = DAY_MONTH.exec(text);
  if (dayMonth !== null) return midnight(Number(dayMonth[3]), monthOf(dayMonth[2]), Number(dayMonth[1]));
  const monthDay = MONTH_DAY.exec(text);
  if (monthDay !== null) return midnight(Number(monthDay[3]), monthOf(monthDay[1]), Number(monthDay[2]));
  return undefined;
}

const FULL_MONTHS =
  /^(jan(uary)?|feb(ruary)?|mar(ch)?|apr(il)?|may|june?|july?|aug(ust)?|sept?(ember)?|oct(ober)?|nov(ember)?|dec(ember)?)$/;

/** The number of an English month, from 1; 0 for other words. */
function monthOf(name: string): number {
  const lower = name.toLowerCase();
  return FULL_MONTHS.test(lower) ? MONTHS.indexOf(lower.slice(0, 3)) + 1 : 0;
}

/** Milliseconds since 1970 at the beginning of a day; undefined for a day that does not exist. */
function midnight(year: number, month: number, day: number): number | undefined {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? date.getTime() : undefined;
}

/**
 * Milliseconds since 1970, UTC, of a date that does not depend on the order of day and month; NaN for other text.
 *
 * @example instantOf('1970-01-01T01:00+01:00')   // 0
 */
export function instantOf(text: string): number {
  const [a, b] = DATE_ORDERS.map((order) => parseDate(text, order));
  return a !== undefined && a.time === b?.time ? a.time - a.offset : Number.NaN;
}

/** Whether text looks like a date to a reader; numbers such as 20240131 do not. */
export function looksLikeDate(text: string): boolean {
  return !/^\d+$/.test(text) && (parseDate(text, 'dmy') !== undefined || parseDate(text, 'mdy') !== undefined);
}

/** How the dates of a column become features. */
export interface DateEncoding {
  /** Milliseconds since 1970 of the day from which days are counted. */
  readonly origin: number;
  /** Whether the hour is a feature. */
  readonly hasTime: boolean;
}

/** The names of the features of a date: year, days, months, weekdays and, with a time of day, hours. */
export function dateFeatures(name: string, { hasTime }: Pick<DateEncoding, 'hasTime'>): string[] {
  const hours = Array.from({ length: hasTime ? 24 : 0 }, (_, hour) => `${name}.hour=${hour}`);
  return [
    `${name}.year`,
    `${name}.days`,
    ...MONTHS.map((_, month) => `${name}.month=${month + 1}`),
    ...WEEKDAYS.map((weekday) => `${name}.weekday=${weekday}`),
    ...hours,
  ];
}

/**
 * Writes the features of a moment from index `at`: the year; the days since the origin, with a fraction for the time of
 * day; month, weekday and hour one-hot, because their effect is not linear.
 *
 * @example
 * const values = new Float64Array(21);
 * encodeDate(parseDate('2024-02-01', 'dmy').time, { origin: Date.UTC(2024, 0, 1), hasTime: false }, values, 0);
 * values   // 2024, 31; month=2 and weekday=Thursday are 1, all others 0
 */
export function encodeDate(
  time: number,
  { origin, hasTime }: DateEncoding,
  values: { [index: number]: number; fill(value: number, start: number, end: number): unknown },
  at: number,
): void {
  const date = new Date(time);
  values.fill(0, at, at + dateWidth(hasTime));
  values[at] = date.getUTCFullYear();
  values[at + 1] = (time - origin) / DAY;
  values[at + 2 + date.getUTCMonth()] = 1;
  values[at + 14 + ((date.getUTCDay() + 6) % 7)] = 1;
  if (hasTime) values[at + 21 + date.getUTCHours()] = 1;
}

/** The date with this number of days since the origin, as ISO 8601 writes it. */
export function dateText(days: number, { origin, hasTime }: DateEncoding): string {
  return new Date(origin + Math.round(days * DAY)).toISOString().slice(0, hasTime ? 19 : 10);
}

/** The number of features of a date. */
export function dateWidth(hasTime: boolean): number {
  return hasTime ? 45 : 21;
}

/** The beginning of the day of a moment. */
export function startOfDay(time: number): number {
  return Math.floor(time / DAY) * DAY;
}
