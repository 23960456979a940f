/** Times as people say them, in the reader's language and zone. `now` and times in milliseconds since 1970. */

const DAY_MS = 86_400_000;

const clock = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const clockOfSeconds = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit", second: "2-digit" });
const clockOfMillis = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3 });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: "long" });
const dayMonth = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const fullDay = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const fullDayYear = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long", year: "numeric" });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });

export function clockTime(time: number): string {
  return clock.format(time);
}

export function clockSeconds(time: number): string {
  return clockOfSeconds.format(time);
}

export function clockMillis(time: number): string {
  return clockOfMillis.format(time);
}

export function exactTime(time: number): string {
  return exact.format(time);
}

/** Midnight before, on the reader's own calendar. */
export function dayOf(time: number): number {
  return new Date(time).setHours(0, 0, 0, 0);
}

/** For a divider: "Today", "Yesterday", "Wednesday, 18 November". */
export function dayName(time: number, now: number): string {
  const days = daysAgo(time, now);
  if (days === 0) return "Today";
  if (days === 1) return "Yesterday";
  return new Date(time).getFullYear() === new Date(now).getFullYear() ? fullDay.format(time) : fullDayYear.format(time);
}

/** For a list: the clock of today, the weekday of this week, the date of before. */
export function shortTime(time: number, now: number): string {
  const days = daysAgo(time, now);
  if (days <= 0) return clock.format(time);
  if (days === 1) return "Yesterday";
  return days < 7 ? weekday.format(time) : dayMonth.format(time);
}

function daysAgo(time: number, now: number): number {
  // Days of 23 and 25 hours exist.
  return Math.round((dayOf(now) - dayOf(time)) / DAY_MS);
}
