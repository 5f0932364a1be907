import type { FileTrack } from './series.ts';

/** What history keeps of a file at each look. */
export type FileObservation = Pick<FileTrack, 'path' | 'openBy' | 'deleted' | 'method' | 'fileSystem'> & {
  readonly sizeBytes: number | null;
  readonly residentBytes: number | null;
};

const MAX_FILES = 32;
const MAX_OBSERVATIONS = 360;

interface Track {
  latest: FileObservation;
  t: number[];
  size: number[];
  resident: number[];
}

/** How the files behind the page cache grew: sizes and residency at each look. Pure. */
export class FileTracks {
  #tracks = new Map<string, Track>();

  clear(): void {
    this.#tracks.clear();
  }

  /** One look; the least recently seen are let go. */
  record(nowMs: number, files: readonly FileObservation[]): void {
    for (const file of files.slice(0, MAX_FILES)) {
      const track = this.#tracks.get(file.path) ?? { latest: file, t: [], size: [], resident: [] };
      this.#tracks.delete(file.path);
      this.#tracks.set(file.path, track);
      track.latest = file;
      track.t.push(nowMs / 1000);
      track.size.push(file.sizeBytes ?? Number.NaN);
      track.resident.push(file.residentBytes ?? Number.NaN);
      if (track.t.length > MAX_OBSERVATIONS) thinOlderHalf(track);
    }
    for (const path of this.#tracks.keys()) {
      if (this.#tracks.size <= MAX_FILES) break;
      this.#tracks.delete(path);
    }
  }

  /** Of the files that the newest look saw. */
  newest(): FileTrack[] {
    const newest = Math.max(...[...this.#tracks.values()].map((x) => x.t[x.t.length - 1]!));
    return [...this.#tracks.values()]
      .filter((x) => x.t[x.t.length - 1] === newest)
      .map(({ latest, t, size, resident }) => ({
        path: latest.path,
        openBy: latest.openBy,
        deleted: latest.deleted,
        method: latest.method,
        fileSystem: latest.fileSystem,
        t: Float64Array.from(t),
        sizeBytes: Float64Array.from(size),
        residentBytes: Float64Array.from(resident),
      }));
  }
}

/** Every second look of the older half goes: fine where it is new, long where it is old. */
function thinOlderHalf(track: Track): void {
  const keep = (_: number, i: number): boolean => i % 2 === 0 || i >= MAX_OBSERVATIONS / 2;
  track.t = track.t.filter(keep);
  track.size = track.size.filter(keep);
  track.resident = track.resident.filter(keep);
}
