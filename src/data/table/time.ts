// data: text → points in time.

/** A date, or a date and a time of day, as ISO 8601 and RFC 3339 write them; a blank may stand for the T. */
const ISO_TIME =
  /^(\d{4})-(\d{2})(?:-(\d{2})(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s?(?:([Zz])|([+-])(\d{2}):?(\d{2}))?)?)?$/;

/**
 * Milliseconds since 1970 of an ISO date, in UTC unless the text gives an offset; NaN for other text and for days that the
 * calendar does not have.
 *
 * @example [parseTime('1970-01-02'), parseTime('1970-01-01T01:00+01:00'), parseTime('2023-02-29')]   // [86400000, 0, NaN]
 * @see RFC 3339
 */
export function parseTime(text: string): number {
  const parts = ISO_TIME.exec(text);
  if (parts === null) return Number.NaN;
  const [year, month, day, hour, minute, second] = [1, 2, 3, 4, 5, 6].map((i) => Number(parts[i] ?? (i === 3 ? 1 : 0)));
  const midnight = new Date(0);
  // Not Date.UTC, which takes the years 0 to 99 for 1900 to 1999.
  midnight.setUTCFullYear(year, month - 1, day);
  const isDay = midnight.getUTCMonth() === month - 1 && midnight.getUTCDate() === day;
  const [, , , , , , , fraction, , sign, hours, minutes] = parts;
  const [aheadHours, aheadMinutes] = [Number(hours ?? 0), Number(minutes ?? 0)];
  if (!isDay || hour > 23 || minute > 59 || second > 59 || aheadHours > 23 || aheadMinutes > 59) return Number.NaN;
  const offset = (sign === '-' ? -1 : 1) * (60 * aheadHours + aheadMinutes);
  const seconds = 3600 * hour + 60 * (minute - offset) + second;
  return midnight.getTime() + 1000 * seconds + 1000 * Number(`0.${fraction ?? 0}`);
}
