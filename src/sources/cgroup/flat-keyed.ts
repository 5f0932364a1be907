import { isFieldKey, plausible } from '../../plausible.ts';
import type { FileProblem, Limit } from '../types.ts';

/** A kernel file that does not have its documented format. The message names the file, the line and the text that was found. */
export class ParseError extends Error {
  override name = 'ParseError';
}

/** The files that could not be parsed. A file of the cgroup that is wrong costs its own values only. */
export class Problems {
  readonly list: FileProblem[] = [];

  /** null: `parse` has thrown a ParseError, which is kept. */
  attempt<T>(file: string, parse: () => T): T | null {
    try {
      return parse();
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
      this.list.push({ file, error: error.message });
      return null;
    }
  }
}

/** Parses "key value" lines, as in memory.stat, memory.events and memory.oom_control. @throws ParseError naming the line */
export function parseFlat(file: string, text: string): Map<string, number> {
  const values = new Map<string, number>();
  let line = 0;
  let at = 0;
  while (at < text.length) {
    let end = text.indexOf('\n', at);
    if (end < 0) end = text.length;
    line++;
    if (end > at) {
      const space = text.indexOf(' ', at);
      const key = text.slice(at, space);
      const figure = space > at && space < end ? numberOf(text.slice(space + 1, end)) : null;
      // The limits in memory.stat of v1 are not values, and "no limit" is no possible size: see parseCgroupV1.
      const isLimit = key.startsWith('hierarchical_');
      const value = figure === null || isLimit ? figure : plausible(figure);
      if (value === null || !isFieldKey(key))
        throw new ParseError(
          `${file} line ${line}: expected "key number", found ${JSON.stringify(text.slice(at, Math.min(end, at + 60)))}`,
        );
      if (!isLimit) values.set(key, value);
    }
    at = end + 1;
  }
  if (values.size === 0) throw new ParseError(`${file}: expected "key number" lines, found none`);
  return values;
}

/** Only digits. Number() would also accept blanks, signs, exponents and hexadecimal numbers. */
const numberOf = (text: string): number | null => (/^\d+$/.test(text) ? Number(text) : null);

/** One number. @throws ParseError */
export function parseNumber(file: string, text: string): number {
  const trimmed = text.trim();
  const figure = numberOf(trimmed);
  const value = figure === null ? null : plausible(figure);
  if (value === null) throw new ParseError(`${file}: expected a number, found ${JSON.stringify(trimmed.slice(0, 60))}`);
  return value;
}

/**
 * Parses a limit. For "no limit", v2 writes `max`. v1 writes the largest page-aligned number that fits a signed 64-bit counter
 * (9223372036854771712, or 9223372036854710272 with 64 KiB pages). A JS number cannot hold it exactly, so the text is tested.
 */
export function parseLimit(file: string, text: string): Limit {
  const trimmed = text.trim();
  if (trimmed === 'max' || /^922337203685\d{7}$/.test(trimmed)) return 'max';
  return parseNumber(file, trimmed);
}

/** The smaller of two limits. */
export function tighter(a: Limit, b: Limit): Limit {
  if (a === null || b === null) return a ?? b;
  if (a === 'max') return b;
  return b === 'max' ? a : Math.min(a, b);
}
