import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { History } from '../../src/history/history.ts';
import type { FileTrack, Series } from '../../src/history/series.ts';
import { parseRecording } from '../../src/inputs/recording.ts';
import { parseSeries } from '../../src/inputs/series-file.ts';
import type { Aged, FileObservation, JvmReading } from '../../src/sources/types.ts';
import type { ReplayTarget } from './replay.ts';

/** The last rows are kept for the ticks. */
const HELD_BACK = 20;

/** A recording of `test/fixtures/recordings`, or a file in the series form: moved in time so that it ends now. */
export function recordedPod(name: string): ReplayTarget {
  if (name.endsWith('.json')) return replayed(parseSeries(JSON.parse(readFileSync(name, 'utf8'))), 2, null);
  const file = new URL(`../fixtures/recordings/${name}.jsonl.gz`, import.meta.url);
  const { series, version, jvm } = parseRecording(gunzipSync(readFileSync(file)).toString());
  return replayed(series, version, jvm);
}

function replayed(series: Series, version: 1 | 2, jvm: JvmReading | null): ReplayTarget {
  const rows = series.t.length - HELD_BACK;
  let next = rows;
  const row = (i: number): Record<string, number> =>
    Object.fromEntries([...series.fields].map(([id, column]) => [id, column[i]!]).filter(([, v]) => Number.isFinite(v)));
  const scans = observationsAt(series.files);
  const newest = [...scans.values()].at(-1) ?? [];
  return {
    info: {
      id: 'a0b1c2d3e4f5',
      name: 'recorded',
      container: 'recorded',
      pid: 731,
      reach: 'shared-pid-namespace',
      cgroup: { version, path: '/kubepods/recorded' },
      limitBytes: series.limitBytes,
      otherJvms: [],
      jvm: jvm === null ? null : { evidence: 'hsperfdata', version: jvm.version, collector: jvm.collector },
    },
    minHistorySeconds: 30,
    history(nowS) {
      const history = new History();
      const shift = nowS - series.t[rows - 1]!;
      history.resume('recorded', series.t[0]! + shift);
      history.limitBytes = series.limitBytes;
      history.heapMaxBytes = series.heapMaxBytes;
      for (let i = 0; i < rows; i++) history.row(series.t[i]! + shift, row(i));
      for (const event of series.events) history.recordEvent({ ...event, t: event.t + shift });
      for (const [t, files] of scans) if (t <= series.t[rows - 1]!) history.recordFiles((t + shift) * 1000, files);
      return history;
    },
    valuesAt: () => row(Math.min(next++, series.t.length - 1)),
    files: newest.map((f) => ({ ...f, allocatedBytes: f.sizeBytes, mtimeMs: null, dirtyBytes: null })),
    jvm: (history) => jvm && shiftTimes(jvm, (history.lastS ?? 0) * 1000 - jvm.heapUsed.atMs),
  };
}

/** The files that each scan saw. */
function observationsAt(tracks: readonly FileTrack[]): Map<number, FileObservation[]> {
  const scans = new Map<number, FileObservation[]>();
  for (const { t, sizeBytes, residentBytes, allocatedBytes, freeBytes: _, members: __, ...file } of tracks) {
    for (const [i, at] of t.entries()) {
      const seen = scans.get(at) ?? [];
      seen.push({
        ...file,
        sizeBytes: orNull(sizeBytes[i]!),
        residentBytes: orNull(residentBytes[i]!),
        allocatedBytes: orNull(allocatedBytes[i]!),
      });
      scans.set(at, seen);
    }
  }
  return new Map([...scans].sort(([a], [b]) => a - b));
}

const orNull = (value: number): number | null => (Number.isFinite(value) ? value : null);

/** The same reading, so many milliseconds later: each value keeps its age. */
function shiftTimes(jvm: JvmReading, byMs: number): JvmReading {
  const later = <T>(aged: Aged<T>): Aged<T> => ({ ...aged, atMs: aged.atMs + byMs });
  return {
    ...jvm,
    heapUsed: later(jvm.heapUsed),
    heapCommitted: later(jvm.heapCommitted),
    oldUsed: jvm.oldUsed && later(jvm.oldUsed),
    metaspace: jvm.metaspace && { ...jvm.metaspace, used: later(jvm.metaspace.used) },
    compressedClass: jvm.compressedClass && { ...jvm.compressedClass, used: later(jvm.compressedClass.used) },
  };
}
