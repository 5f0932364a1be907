import type { FileDescription, FileObservation } from '../sources/types.ts';
import { SECOND_MS } from '../units.ts';
import type { FileTrack } from './series.ts';

const MAX_FILES = 32;
const MAX_OBSERVATIONS = 360;

interface Track {
  latest: FileObservation;
  t: number[];
  size: number[];
  resident: number[];
}

/** Growth of the files in the page cache: sizes and residency at each scan. Pure. */
export class FileTracks {
  #tracks = new Map<string, Track>();

  clear(): void {
    this.#tracks.clear();
  }

  /** Records one scan. It drops the files that were seen least recently. */
  record(nowMs: number, files: readonly FileObservation[]): void {
    for (const file of files.slice(0, MAX_FILES)) {
      const key = keyOf(file);
      const track = this.#tracks.get(key) ?? { latest: file, t: [], size: [], resident: [] };
      this.#tracks.delete(key);
      this.#tracks.set(key, track);
      track.latest = file;
      track.t.push(nowMs / SECOND_MS);
      track.size.push(file.sizeBytes ?? Number.NaN);
      track.resident.push(file.residentBytes ?? Number.NaN);
      if (track.t.length > MAX_OBSERVATIONS) thinOlderHalf(track);
    }
    for (const key of this.#tracks.keys()) {
      if (this.#tracks.size <= MAX_FILES) break;
      this.#tracks.delete(key);
    }
  }

  /** Tracks of the files in the newest scan. */
  newest(): FileTrack[] {
    const newest = Math.max(...[...this.#tracks.values()].map((x) => x.t[x.t.length - 1]!));
    return [...this.#tracks.values()]
      .filter((x) => x.t[x.t.length - 1] === newest)
      .map(({ latest, t, size, resident }) => ({
        ...describe(latest),
        t: Float64Array.from(t),
        sizeBytes: Float64Array.from(size),
        residentBytes: Float64Array.from(resident),
      }));
  }
}

/** Drops every second observation of the older half. So recent observations stay dense, and older ones reach back further. */
function thinOlderHalf(track: Track): void {
  const keep = (_: number, i: number): boolean => i % 2 === 0 || i >= MAX_OBSERVATIONS / 2;
  track.t = track.t.filter(keep);
  track.size = track.size.filter(keep);
  track.resident = track.resident.filter(keep);
}

/** Identifies a row from scan to scan. Rows of unqueried files have no path; their reason distinguishes them. */
const keyOf = ({ kind, path, residency }: FileDescription): string =>
  kind === 'unqueried' && residency.state === 'unknown' ? `unqueried ${residency.reason}` : path;

/** Only the description, because an observation may have more properties. */
const describe = ({ kind, files, path, openBy, deleted, residency, fileSystem }: FileDescription): FileDescription => ({
  kind,
  files,
  path,
  openBy,
  deleted,
  residency,
  fileSystem,
});
