import { SECOND_MS } from '../../src/units.ts';

/**
 * Formats times in the viewer's time zone, in English. It does not use Intl.DateTimeFormat, because the first one costs a page about 60 ms, a
 * quarter of the time to draw it.
 */
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const two = (n: number): string => String(n).padStart(2, '0');
const at = (t: number): Date => new Date(t * SECOND_MS);

/** "24 Nov" of epoch seconds. */
export const dayText = (t: number): string => `${at(t).getDate()} ${MONTHS[at(t).getMonth()]}`;

/** "09:05" */
export const minuteText = (t: number): string => `${two(at(t).getHours())}:${two(at(t).getMinutes())}`;

/** "09:05:30" */
export const secondText = (t: number): string => `${minuteText(t)}:${two(at(t).getSeconds())}`;

/** The offset from UTC at that time, with summer time: "GMT+1", "GMT−3:30". */
export function utcOffsetText(t: number): string {
  const minutes = -at(t).getTimezoneOffset();
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  return `GMT${minutes < 0 ? '−' : '+'}${hours}${rest === 0 ? '' : `:${two(rest)}`}`;
}

/** "24 Nov, 09:05:30 GMT+1" */
export const instantText = (t: number): string => `${dayText(t)}, ${secondText(t)} ${utcOffsetText(t)}`;
