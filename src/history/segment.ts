import { timeProblem } from '../clock.ts';
import { type ByField, entriesOf } from '../fields.ts';
import { bounded, isFieldKey, plausible } from '../plausible.ts';

/**
 * One segment on disk, as columns in compact JSON, which jq can read. `null` is a gap. Pure.
 * Schema 2 has coarser tiers. Schema 1, which had only raw rows, can be read too.
 */
export interface Segment {
  readonly schema: 'memhound.history/2';
  readonly epoch: string | null;
  readonly epochStart: number | null;
  readonly limit: number | 'max' | null;
  readonly heapMax: number | 'max' | null;
  /** Seconds that a row covers; 0: one sample. */
  readonly step: number;
  /** Time of the last sample in it; null: the time of its last row. */
  readonly until: number | null;
  readonly t: number[];
  /** For coarser rows the mean, or the minimum of a sawtooth. */
  readonly fields: ByField<(number | null)[]>;
  /** For coarser rows the minimum and maximum, if they differ from `fields`. */
  readonly min: ByField<(number | null)[]>;
  readonly max: ByField<(number | null)[]>;
  readonly events: { readonly t: number; readonly type: string }[];
}

export const emptySegment = (): Segment => ({
  schema: 'memhound.history/2',
  epoch: null,
  epochStart: null,
  limit: null,
  heapMax: null,
  step: 0,
  until: null,
  t: [],
  fields: {},
  min: {},
  max: {},
  events: [],
});

/** The rows and events at `fromS` or later. */
export function rowsFrom(segment: Segment, fromS: number): Segment {
  const { t, events } = segment;
  const first = t.findIndex((at) => at >= fromS);
  const from = first < 0 ? t.length : first;
  const later = (columns: Segment['fields']): Segment['fields'] =>
    Object.fromEntries(entriesOf(columns).map(([id, column]) => [id, column.slice(from)]));
  return {
    ...segment,
    t: t.slice(from),
    fields: later(segment.fields),
    min: later(segment.min),
    max: later(segment.max),
    events: events.filter((event) => event.t >= fromS),
  };
}

/** The text of a segment is not one that memhound writes. The file is then quarantined. */
export class SegmentError extends Error {
  override name = 'SegmentError';
}

const isNumber = (v: unknown): v is number => typeof v === 'number' && Number.isFinite(v);
const isNumberOrNull = (v: unknown): v is number | null => v === null || isNumber(v);
const isSeconds = (v: unknown): boolean => timeProblem(v) === null;
const isLimit = (v: unknown): v is Segment['limit'] => v === 'max' || v === null || (isNumber(v) && plausible(v) !== null);
const isTextOrNull = (v: unknown): v is string | null => v === null || typeof v === 'string';
const isObject = (v: unknown): v is object => typeof v === 'object' && v !== null && !Array.isArray(v);

function checkColumns(name: 'fields' | 'min' | 'max', columns: unknown, rows: number): void {
  if (!isObject(columns)) throw new SegmentError(`${name} must be an object`);
  for (const [id, column] of Object.entries(columns)) {
    const shown = `${name}[${JSON.stringify(bounded(id, 60))}]`;
    if (!isFieldKey(id)) throw new SegmentError(`${shown} must be named like a field`);
    if (!Array.isArray(column) || column.length !== rows || !column.every(isNumberOrNull))
      throw new SegmentError(`${shown} must be ${rows} numbers or nulls`);
  }
}

function objectIn(text: string): object {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new SegmentError(`expected JSON, found ${JSON.stringify(bounded(text, 40))}`); // cut, or not a segment at all
  }
  if (!isObject(json)) throw new SegmentError('expected an object');
  return json;
}

/**
 * `proven`: a hash has shown that memhound wrote this text, so its format is not checked in detail.
 * @throws SegmentError that says what is wrong
 */
export function parseSegment(text: string, { proven = false } = {}): Segment {
  const json = objectIn(text) as Partial<Omit<Segment, 'schema'>> & { schema?: unknown };
  if (json.schema !== 'memhound.history/1' && json.schema !== 'memhound.history/2')
    throw new SegmentError(`expected schema memhound.history/1 or 2, found ${JSON.stringify(json.schema)?.slice(0, 60)}`);
  const segment: Segment = { ...emptySegment(), ...json, schema: 'memhound.history/2' };
  const { t, events, step, until, epoch, epochStart, limit, heapMax } = segment;
  if (!Array.isArray(t)) throw new SegmentError('t must be numbers');
  // Rows rise, so the first and the last are enough of what memhound wrote itself; its clock may have been wild.
  for (const at of proven ? [t[0], t.at(-1)] : t) {
    const problem = at === undefined ? null : timeProblem(at);
    if (problem !== null) throw new SegmentError(`t: ${problem}`);
  }
  if (proven) return segment;
  if (t.some((at, i) => i > 0 && at <= t[i - 1]!)) throw new SegmentError('t must rise');
  for (const part of ['fields', 'min', 'max'] as const) checkColumns(part, segment[part], t.length);
  if (!isSeconds(step) || !(until === null || isSeconds(until))) throw new SegmentError('step and until must be seconds');
  if (!isTextOrNull(epoch) || !(epochStart === null || isSeconds(epochStart)))
    throw new SegmentError('epoch must be a text and epochStart a time, or both null');
  if (!isLimit(limit) || !isLimit(heapMax)) throw new SegmentError('limit and heapMax must be bytes, "max" or null');
  if (!Array.isArray(events) || !events.every((e) => isNumber(e?.t) && typeof e?.type === 'string'))
    throw new SegmentError('events must be a list of {t, type}');
  return segment;
}
