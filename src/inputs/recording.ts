import { timeProblem } from '../clock.ts';
import { entriesOf, type FieldName, type FieldValues } from '../fields.ts';
import { FileTracks } from '../history/file-tracks.ts';
import { NO_PARTS } from '../history/part-readings.ts';
import type { Series } from '../history/series.ts';
import { plausible } from '../plausible.ts';
import type { HistoryEvent } from '../sample/types.ts';
import { parseCgroupV1 } from '../sources/cgroup/cgroup-v1.ts';
import { parseCgroupV2 } from '../sources/cgroup/cgroup-v2.ts';
import { ParseError } from '../sources/cgroup/flat-keyed.ts';
import { parseResidency } from '../sources/files/residency-text.ts';
import { parseHsperfdata, toJvmReading } from '../sources/jvm/hsperfdata.ts';
import { jvmValues } from '../sources/jvm/jvm-values.ts';
import { processValues } from '../sources/process/process.ts';
import type { CgroupReading, FileObservation, JvmReading, Limit } from '../sources/types.ts';
import { SECOND_MS } from '../units.ts';
import { InputError, isObject, medianStep, wrong } from './series-file.ts';

/**
 * A recording: JSON lines `{"t": seconds, "files": {name: raw text}, "jvm"?: {pid, hsperfdata (base64), status}, "residency"?: […],
 * "openFiles"?: […]}`; the first line also has `meta`. `memhound capture` writes it. It contains raw texts, so that a better parser also
 * improves the reading of old recordings.
 */
interface Line {
  readonly t?: unknown;
  readonly files?: Readonly<Record<string, string>>;
  readonly jvm?: { readonly hsperfdata?: string | null; readonly status?: string | null } | null;
  readonly residency?: readonly { readonly file?: string; readonly size?: number; readonly res?: number | null }[] | null;
  readonly openFiles?: readonly RecordedFile[] | null;
  readonly meta?: { readonly started?: string } | null;
}

/** One file, as `capture` writes it: the row of /api/v1/files at that time. */
export interface RecordedFile extends Omit<FileObservation, 'kind' | 'files' | 'residency'> {
  /** Missing in recordings of 0.1.0, where a row is one file. */
  readonly kind?: FileObservation['kind'];
  readonly files?: number;
  readonly method: string;
}

/** The series of a recording, and the values of its newest line for a ledger and tool views. */
export interface Recording {
  readonly series: Series;
  readonly version: 1 | 2;
  readonly last: CgroupReading;
  readonly jvm: JvmReading | null;
}

export const isRecording = (firstLine: string): boolean =>
  /^\s*\{/.test(firstLine) && firstLine.includes('"files"') && firstLine.includes('"memory.stat"');

/** @throws InputError with the number of the line */
export function parseRecording(text: string): Recording {
  const lines = text.split('\n').filter((l) => l.trim() !== '');
  const t = new Float64Array(lines.length);
  const columns = new Map<FieldName, Float64Array>();
  const files = new FileTracks();
  const events: HistoryEvent[] = [];
  let start = 0;
  let limitBytes: Limit = null;
  let heapMaxBytes: Limit = null;
  let last: CgroupReading | null = null;
  let jvm: JvmReading | null = null;
  lines.forEach((source, i) => {
    const line = parseLine(source, i);
    if (i === 0 && typeof line.meta?.started === 'string') start = Date.parse(line.meta.started) / SECOND_MS || 0;
    t[i] = start + (line.t as number);
    const problem = timeProblem(t[i]);
    if (problem !== null) throw new InputError(`line ${i + 1}: t${start === 0 ? '' : ' with meta.started'}: ${problem}`);
    const put = (values: FieldValues): void => {
      for (const [id, value] of entriesOf(values))
        getOrMake(columns, id, () => new Float64Array(lines.length).fill(Number.NaN))[i] = value;
    };
    const group = readGroup(line.files ?? {}, i);
    const kills = (group.values.oom_kill ?? 0) - (last?.values.oom_kill ?? group.values.oom_kill ?? 0);
    if (kills > 0) events.push({ t: t[i]!, type: 'oom_kill' });
    last = group;
    limitBytes = group.limitBytes;
    put(group.values);
    if (line.jvm) {
      const reading = readJvm(line.jvm.hsperfdata, t[i]! * SECOND_MS, jvm);
      if (reading !== null) {
        jvm = reading;
        heapMaxBytes = reading.heapMax;
        put(jvmValues(reading));
      }
      if (typeof line.jvm.status === 'string') put(processValues(line.jvm.status));
    }
    const recorded = recordedFiles(line);
    if (recorded.length > 0) files.record(t[i]! * SECOND_MS, recorded);
  });
  if (last === null) throw new InputError('the recording has no line');
  if (t.length < 2) throw new InputError('the recording has one line; a trend needs at least two');
  return {
    series: {
      t,
      fields: columns,
      intervalS: medianStep(t),
      limitBytes,
      heapMaxBytes,
      events,
      files: files.newest(),
      parts: NO_PARTS,
    },
    version: (last as CgroupReading).version,
    last,
    jvm,
  };
}

function getOrMake<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  return made;
}

function parseLine(source: string, i: number): Line {
  let line: Line;
  try {
    line = JSON.parse(source) as Line;
  } catch (error) {
    throw new InputError(`line ${i + 1} is not JSON: ${(error as Error).message}`);
  }
  if (typeof line !== 'object' || line === null || typeof line.t !== 'number' || !Number.isFinite(line.t))
    throw new InputError(`line ${i + 1}: t must be seconds`);
  checkShape(line as Readonly<Record<string, unknown>>, `line ${i + 1}: `);
  return line;
}

/** Someone may have written the line by hand, or changed it. @throws InputError */
function checkShape({ files, jvm, residency, openFiles, meta }: Readonly<Record<string, unknown>>, place: string): void {
  const texts = (value: unknown, names?: readonly string[]): boolean =>
    isObject(value) && (names ?? Object.keys(value)).every((name) => value[name] == null || typeof value[name] === 'string');
  const sizes = (row: Readonly<Record<string, unknown>>, names: readonly string[]): boolean =>
    names.every((name) => row[name] == null || (typeof row[name] === 'number' && plausible(row[name]) !== null));
  if (files !== undefined && !texts(files)) throw wrong(`${place}files`, 'an object of texts', files);
  if (jvm != null && !texts(jvm, ['hsperfdata', 'status'])) throw wrong(`${place}jvm`, 'an object of texts', jvm);
  if (meta != null && !isObject(meta)) throw wrong(`${place}meta`, 'an object', meta);
  for (const [name, rows] of Object.entries({ residency, openFiles })) {
    if (rows == null) continue;
    if (!Array.isArray(rows)) throw wrong(`${place}${name}`, 'an array', rows);
    for (const row of rows) {
      const known =
        isObject(row) &&
        (name === 'residency'
          ? sizes(row, ['size', 'res'])
          : typeof row.path === 'string' &&
            typeof row.method === 'string' &&
            Array.isArray(row.openBy) &&
            row.openBy.every((o) => isObject(o) && Number.isSafeInteger(o.pid) && Number.isSafeInteger(o.fd)) &&
            (row.fileSystem == null || (isObject(row.fileSystem) && sizes(row.fileSystem, ['freeBytes', 'totalBytes']))) &&
            sizes(row, ['sizeBytes', 'residentBytes', 'files']));
      if (!known) throw wrong(`${place}${name}`, 'rows as memhound capture writes them', row);
    }
  }
}

function readGroup(files: Readonly<Record<string, string>>, i: number): CgroupReading {
  try {
    const group =
      files['memory.current'] !== undefined
        ? parseCgroupV2(files)
        : files['memory.usage_in_bytes'] !== undefined
          ? parseCgroupV1(files)
          : null;
    const [problem] = group?.problems ?? [];
    if (problem !== undefined) throw new ParseError(problem.error);
    if (group !== null) return group;
  } catch (error) {
    throw new InputError(`line ${i + 1}: ${(error as Error).message}`);
  }
  throw new InputError(`line ${i + 1}: files must hold memory.current (v2) or memory.usage_in_bytes (v1)`);
}

/** A JVM that was still starting has an incomplete file. That line has no JVM values, but the recording is valid. */
function readJvm(base64: string | null | undefined, atMs: number, previous: JvmReading | null): JvmReading | null {
  if (typeof base64 !== 'string') return null;
  const parsed = parseHsperfdata(Buffer.from(base64, 'base64'));
  return parsed.state === 'read' ? toJvmReading(parsed.counters, { atMs, previous }) : null;
}

function recordedFiles(line: Line): FileObservation[] {
  if (line.openFiles)
    return line.openFiles.map((f) => ({
      ...f,
      kind: f.kind ?? 'file',
      files: f.files ?? 1,
      // Recordings of earlier versions have none.
      fileSystem: f.fileSystem ?? null,
      residency: parseResidency(f.method),
    }));
  return (line.residency ?? [])
    .filter((r) => typeof r.file === 'string')
    .map((r) => ({
      path: r.file!,
      sizeBytes: r.size ?? null,
      residentBytes: r.res ?? null,
      openBy: [],
      deleted: false,
      kind: 'file',
      files: 1,
      residency: { state: 'known', method: 'fincore' },
      fileSystem: null,
    }));
}
