/**
 * Numbers as text for people. Levels are in MiB and GiB, as limits are; rates are in MB (10^6), as dashboards show slopes.
 */

import { DAY_S, GIB, HOUR_S, KIB, MIB, MINUTE_S } from './units.ts';

/** `bytes` as a level, two to four digits: "785 MiB", "1.37 GiB", "12.4 MiB", "64 KiB". */
export const bytesText = (bytes: number): string => levelWith(bytes, trim);

/** The same for columns and for changing numbers: a final zero is kept, so that digits are aligned. "2.00 GiB", "44.0 MiB". */
export const fixedWidthBytesText = (bytes: number): string => levelWith(bytes, (value, digits) => value.toFixed(digits));

/** A part of a sum, in the unit of the sum if that is readable: "87 of 88 MiB". */
export function shareOfBytesText(part: number, whole: number): string {
  const [partText, wholeText] = [bytesText(part), bytesText(whole)];
  const unit = wholeText.slice(wholeText.indexOf(' '));
  return `${partText.endsWith(unit) ? partText.slice(0, -unit.length) : partText} of ${wholeText}`;
}

function levelWith(bytes: number, digitsOf: (value: number, digits: number) => string): string {
  const abs = Math.abs(bytes);
  if (abs >= 1000 * MIB) return `${digitsOf(bytes / GIB, 2)} GiB`;
  if (abs >= MIB) return `${digitsOf(bytes / MIB, abs >= 100 * MIB ? 0 : 1)} MiB`;
  if (abs >= KIB) return `${digitsOf(bytes / KIB, 0)} KiB`;
  return `${Math.round(bytes)} bytes`;
}

export type RateUnit = 'second' | 'minute' | 'hour' | 'day';

/** From how many bytes an hour on a rate is told in this unit of time, how it is called, and its hours. */
const RATE_UNITS: Readonly<Record<RateUnit, { readonly from: number; readonly per: string; readonly hours: number }>> = {
  second: { from: 3.6e9, per: 'a second', hours: 1 / HOUR_S },
  minute: { from: 600e6, per: 'a minute', hours: MINUTE_S / HOUR_S },
  hour: { from: 10e6, per: 'an hour', hours: 1 },
  day: { from: 0, per: 'a day', hours: 24 },
};

/** The unit of time in which a slope in bytes an hour is a readable number. */
export const rateUnitOf = (bytesPerHour: number): RateUnit =>
  (Object.keys(RATE_UNITS) as RateUnit[]).find((unit) => Math.abs(bytesPerHour) >= RATE_UNITS[unit].from) ?? 'day';

/** A rate that was told in one unit may come so far across its border and still be told in it. */
const ACROSS_BORDER = 1.3;

/** Whether a slope is readable in a unit in which it was told before: at a border it would be told in two by turns. */
export const isReadableIn = (unit: RateUnit, bytesPerHour: number): boolean =>
  unit === rateUnitOf(bytesPerHour * ACROSS_BORDER) || unit === rateUnitOf(bytesPerHour / ACROSS_BORDER);

/** A slope in bytes an hour: "114 MB a day", "31 MB an hour", "5 MB a second", "0.9 MB a second" where it is told in seconds. */
export function rateText(bytesPerHour: number, unit: RateUnit = rateUnitOf(bytesPerHour)): string {
  const { per, hours } = RATE_UNITS[unit];
  const bytes = bytesPerHour * hours;
  return `${unit === 'day' || bytes >= 1e6 ? megabytes(bytes) : `${trim(bytes / 1e6, 1)} MB`} ${per}`;
}

/**
 * A slope with its 90 % interval, all three in one unit: that of the slope, or of the interval where the slope is far smaller. It has the digits
 * at which the three differ: "114 MB a day (90 %: 103 to 126)", "2.102 MB a second (90 %: 2.100 to 2.103)".
 */
export function rateWithIntervalText(slope: number, low: number, high: number): string {
  const steepest = Math.max(Math.abs(low), Math.abs(high));
  const readable = Math.abs(slope) >= steepest / 100 ? slope : steepest;
  const { per, hours } = timeUnitOf(readable);
  const [size, unit] = byteUnitOf(hours * readable);
  const [at, from, to] = distinctTexts([slope, low, high].map((value) => (value * hours) / size));
  return `${at} ${unit} ${per} (90 %: ${from} to ${to})`;
}

/** More digits than this are noise. */
const MOST_DIGITS = 6;

/** Numbers with so many decimals that different numbers have different texts; large numbers have none, if they can. */
export function distinctTexts(values: readonly number[]): string[] {
  const different = new Set(values).size;
  const usual = values.every((value) => Math.abs(value) < 10) ? 1 : 0;
  for (let digits = usual; ; digits++) {
    const texts = values.map((value) => value.toFixed(digits).replace(/^-(0(\.0*)?)$/, '$1'));
    if (new Set(texts).size === different || digits === MOST_DIGITS) return texts;
  }
}

const byteUnitOf = (bytes: number): readonly [number, string] =>
  Math.abs(bytes) >= 1e9 ? [1e9, 'GB'] : Math.abs(bytes) >= 1e6 ? [1e6, 'MB'] : [1e3, 'kB'];

const timeUnitOf = (bytesPerHour: number): { readonly per: string; readonly hours: number } =>
  RATE_UNITS[rateUnitOf(bytesPerHour)];

function megabytes(bytes: number): string {
  const abs = Math.abs(bytes);
  if (abs >= 1e9) return `${trim(bytes / 1e9, 1)} GB`;
  if (abs >= 1e6) return `${trim(bytes / 1e6, abs >= 10e6 ? 0 : 1)} MB`;
  return `${trim(bytes / 1e3, 0)} kB`;
}

const UNITS = [
  ['day', DAY_S],
  ['hour', HOUR_S],
  ['minute', MINUTE_S],
  ['second', 1],
] as const;

/** A duration in the largest unit of which it has at least two, else one of the next: "12 days", "90 minutes", "1 hour". */
export function durationText(seconds: number): string {
  const [unit, size] = unitFor(seconds);
  const n = Math.max(0, Math.round(seconds / size));
  return n === 1 ? `1 ${unit}` : `${n} ${unit}s`;
}

/** An interval of time: "5 to 6 days", "69 to 75 hours", "12 days" if it is too narrow to show, "9 hours or more". */
export function intervalText(low: number, high: number | null): string {
  if (high === null) return `${durationText(low)} or more`;
  const [name, size] = unitFor(high);
  const finer = UNITS[UNITS.findIndex(([unit]) => unit === name) + 1];
  for (const [unit, seconds] of [
    [name, size] as const,
    ...(finer !== undefined && high / finer[1] <= MOST_FINER ? [finer] : []),
  ]) {
    const [from, to] = [Math.round(low / seconds), Math.round(high / seconds)];
    if (from === 0) return `${durationText(low)} to ${durationText(high)}`;
    if (from < to) return `${from} to ${to} ${unit}s`;
  }
  return durationText(high);
}

/** The time of an event that is due between `low` and `high` seconds from now: "in 5 to 6 days", "within 3 seconds", "now", "at any time". */
export function dueText(low: number, high: number | null): string {
  if (high === null && Math.round(low) === 0) return 'at any time';
  if (high !== null && Math.round(high) === 0) return 'now';
  if (high !== null && Math.round(low) === 0) return `within ${durationText(high)}`;
  return `in ${intervalText(low, high)}`;
}

/** A larger number of a finer unit than this is harder to read than a number of the coarser unit. */
const MOST_FINER = 100;

function unitFor(seconds: number): readonly [string, number] {
  return UNITS.find(([, size]) => seconds >= 2 * size) ?? UNITS[3];
}

function trim(value: number, digits: number): string {
  const text = value.toFixed(digits);
  return digits > 0 ? text.replace(/\.?0+$/, '') : text;
}

const CONTROLS =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are exactly the characters to be made visible
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/g;

const escaped = (c: string): string => {
  const code = c.charCodeAt(0);
  return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
};

/** Makes invisible characters visible: control characters except tab and newline, direction marks and the like become \xNN or \uNNNN. */
export const escapeControls = (text: string): string => text.replace(CONTROLS, escaped);

/** JSON in which invisible characters are escaped. JSON itself escapes only those below 0x20, and a terminal also obeys 0x9b. */
export const safeJson = (json: string): string =>
  json.replace(CONTROLS, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** A name from the container in a form for one line of a terminal, log or sentence. A long name keeps its start and its end. */
export function safeName(name: string, most = 120): string {
  const plain = escapeControls(name).replace(/[\t\n]/g, escaped);
  if (plain.length <= most) return plain;
  const head = Math.ceil((most - 1) / 2);
  return `${plain.slice(0, head)}…${plain.slice(plain.length - (most - 1 - head))}`;
}

/** A longer name of a process says no more. */
const MAX_PROCESS_NAME = 40;

export const processName = (name: string): string => safeName(name, MAX_PROCESS_NAME);

/** "java orders.jar pid 7", or "pid 7" if it is not known what the process is called. */
export const processText = (pid: string, name: string | null | undefined): string =>
  name == null || name === '' ? pid : `${processName(name)} ${pid}`;

/** "a", "a and b", "a, b and c". */
export function joinWithAnd(words: readonly string[]): string {
  if (words.length < 2) return words[0] ?? '';
  return `${words.slice(0, -1).join(', ')} and ${words[words.length - 1]}`;
}
