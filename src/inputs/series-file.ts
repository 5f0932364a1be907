import { timeProblem } from '../clock.ts';
import { type FieldName, fieldName } from '../fields.ts';
import { parseEvent } from '../history/parse-event.ts';
import { NO_PARTS } from '../history/part-readings.ts';
import type { FileTrack, Series } from '../history/series.ts';
import { isFieldKey, plausible } from '../plausible.ts';
import type { HistoryEvent } from '../sample/types.ts';
import { holdersOf } from '../sources/files/file-groups.ts';
import { parseResidency } from '../sources/files/residency-text.ts';
import type { Limit } from '../sources/types.ts';

/** Invalid input. The message says what is wrong and where. The caller adds the file's name. */
export class InputError extends Error {
  override name = 'InputError';
}

export const wrong = (place: string, expected: string, found: unknown): InputError =>
  new InputError(`${place} must be ${expected}, found ${show(found)}`);
const inputError = (place: string, expected: string, found: unknown): never => {
  throw wrong(place, expected, found);
};
const show = (value: unknown): string =>
  value === undefined ? 'nothing' : (JSON.stringify(value) ?? String(value)).slice(0, 60);
export const isObject = (v: unknown): v is Record<string, unknown> => typeof v === 'object' && v !== null && !Array.isArray(v);

/** If a recorder's clock was set back, time falls once or twice. If more than this share of the steps fall, the file is out of order. */
const MAX_BACKWARD_SHARE = 0.01;

/**
 * Parses the series format: `{"interval_s":n,"limit_bytes":n|null|[…],"t":[…],"fields":{"usage":[…]},"heap_max_bytes"?,"aux"?:{"pids","events"},"files"?}`,
 * `null` for a missing value. A column without values is taken as absent, and `warn` is called once for all of them.
 * @throws InputError that names the place
 */
export function parseSeries(json: unknown, warn: (text: string) => void = () => {}): Series {
  if (!isObject(json)) return inputError('the file', 'a JSON object in the series format', json);
  const t = times(json.t);
  const fields = new Map<FieldName, Float64Array>();
  const raw = json.fields;
  if (!isObject(raw)) return inputError('fields', 'an object of columns', raw);
  const empty: string[] = [];
  const addColumn = (name: FieldName, place: string, values: unknown): void => {
    if (Array.isArray(values) && values.length === 0) empty.push(place);
    else fields.set(name, column(place, values, t.length));
  };
  for (const [name, values] of Object.entries(raw)) {
    if (!isFieldKey(name)) return inputError('a name in fields', 'the name of a field', name);
    addColumn(fieldName(name), `fields.${name}`, values);
  }
  const aux = isObject(json.aux) ? json.aux : {};
  if (aux.pids !== undefined) addColumn('threads', 'aux.pids', aux.pids);
  if (empty.length > 0) warn(`${empty.join(', ')} ${empty.length === 1 ? 'has' : 'have'} no values; taken as absent`);
  if (fields.size === 0) return inputError('fields', 'an object with at least one column', raw);
  return {
    t,
    fields,
    intervalS: interval(json.interval_s, t),
    limitBytes: limitOf('limit_bytes', json.limit_bytes),
    heapMaxBytes: limitOf('heap_max_bytes', json.heap_max_bytes),
    events: events(aux.events),
    files: fileTracks(json.files, t),
    parts: NO_PARTS,
  };
}

function times(value: unknown): Float64Array {
  if (!Array.isArray(value)) return inputError('t', 'an array of epoch seconds', value);
  if (value.length === 0) return inputError('t', 'an array of at least two epoch seconds', value);
  // Built-in functions, because V8's interpreter would run a loop in JavaScript slowly.
  const t = value.every(Number.isFinite) ? Float64Array.from(value as number[]) : null;
  if (t === null || t.some((at) => timeProblem(at) !== null)) {
    const i = value.findIndex((v) => timeProblem(v) !== null);
    throw new InputError(`t[${i}]: ${timeProblem(value[i])}`);
  }
  if (t.length < 2) throw new InputError('t has one point; a trend needs at least two');
  let backward = 0;
  let first = -1;
  for (let i = 1; i < t.length; i++) {
    if (t[i]! < t[i - 1]!) {
      backward++;
      if (first < 0) first = i;
    }
  }
  if (backward > Math.max(1, MAX_BACKWARD_SHARE * t.length)) {
    throw new InputError(
      `t must rise; it falls ${backward} times, first at t[${first}] (${t[first]} after ${t[first - 1]}): sort the points by time`,
    );
  }
  return t;
}

function column(place: string, values: unknown, length: number): Float64Array {
  if (!Array.isArray(values)) return inputError(place, 'an array of numbers and nulls', values);
  if (values.length !== length) throw new InputError(`${place} has ${values.length} values where t has ${length}`);
  const out = new Float64Array(length);
  for (let i = 0; i < length; i++) {
    const v: unknown = values[i];
    if (typeof v === 'number' && plausible(v) !== null) out[i] = v;
    else if (v === null) out[i] = Number.NaN;
    else inputError(`${place}[${i}]`, expectedValue(v), v);
  }
  return out;
}

/** All fields are sizes, counts or seconds. A difference of two, which may fall below 0, is no field. */
const expectedValue = (value: unknown): string =>
  typeof value === 'number' && value < 0
    ? 'a number of at least 0 or null, because a field is a size, a count or a time (leave differences out)'
    : 'a number that is possible on a machine, or null';

function interval(value: unknown, t: Float64Array): number {
  if (value === undefined || value === null) return medianStep(t);
  if (typeof value !== 'number' || !(value > 0) || timeProblem(value) !== null)
    return inputError('interval_s', 'seconds above 0', value);
  return value;
}

export function medianStep(t: Float64Array): number {
  const steps: number[] = [];
  for (let i = 1; i < t.length; i++) if (t[i]! > t[i - 1]!) steps.push(t[i]! - t[i - 1]!);
  steps.sort((a, b) => a - b);
  return steps[steps.length >> 1] ?? 1;
}

/** null in a file means "not known". A container that was resized in place has a column of limits; the last value counts. */
function limitOf(place: string, value: unknown): Limit {
  if (value === undefined || value === null) return null;
  if (value === 'max') return 'max';
  if (Array.isArray(value)) {
    for (let i = value.length - 1; i >= 0; i--) if (value[i] !== null) return limitOf(`${place}[${i}]`, value[i]);
    return null;
  }
  if (typeof value !== 'number' || !(value > 0)) return inputError(place, 'bytes above 0, "max" or null', value);
  return plausible(value) ?? 'max';
}

function events(value: unknown): HistoryEvent[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) return inputError('aux.events', 'an array', value);
  return value.flatMap((e, i): HistoryEvent[] => {
    if (!isObject(e) || timeProblem(e.t) !== null || typeof e.type !== 'string')
      return inputError(`aux.events[${i}]`, '{t, type}', e);
    const event = parseEvent(e as { t: number; type: string });
    return event === null ? [] : [event];
  });
}

/** PATH_MAX of Linux. */
const MAX_PATH_LENGTH = 4096;

/** The optional `files`: columns aligned with `t`, so that a recorded series can name the file behind its page cache. */
function fileTracks(value: unknown, t: Float64Array): FileTrack[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) return inputError('files', 'an array', value);
  return value.map((f, i): FileTrack => {
    const place = `files[${i}]`;
    if (!isObject(f) || typeof f.path !== 'string' || f.path.length > MAX_PATH_LENGTH)
      return inputError(place, 'an object with a path', f);
    const kind = f.tmpfs === true ? 'tmpfs' : 'disk';
    const free = typeof f.disk_free_bytes === 'number' ? plausible(f.disk_free_bytes) : null;
    const gaps = () => new Float64Array(t.length).fill(Number.NaN);
    const described = { openBy: openBy(`${place}.open_by`, f.open_by), deleted: f.deleted === true };
    return {
      ...described,
      ...holdersOf(described),
      kind: 'file',
      files: 1,
      path: f.path,
      residency: parseResidency(typeof f.method === 'string' ? f.method : 'recorded'),
      fileSystem: free !== null || kind === 'tmpfs' ? { kind, freeBytes: free ?? 0, totalBytes: free ?? 0 } : null,
      t,
      mtimeMs: null,
      isOwn: false,
      allocatedBytes: f.allocated === undefined ? gaps() : column(`${place}.allocated`, f.allocated, t.length),
      freeBytes: null,
      members: [],
      sizeBytes: f.size === undefined ? gaps() : column(`${place}.size`, f.size, t.length),
      residentBytes: f.resident === undefined ? gaps() : column(`${place}.resident`, f.resident, t.length),
    };
  });
}

function openBy(place: string, value: unknown): FileTrack['openBy'] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) return inputError(place, 'an array', value);
  return value.map((o, i) => {
    if (!isObject(o) || !Number.isSafeInteger(o.pid) || !Number.isSafeInteger(o.fd))
      return inputError(`${place}[${i}]`, '{pid, fd, mode}', o);
    return { pid: o.pid as number, fd: o.fd as number, mode: o.mode === 'r' || o.mode === 'rw' ? o.mode : 'w' };
  });
}
