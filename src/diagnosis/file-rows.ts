import type { FileTrack } from '../history/series.ts';
import { residencyText } from '../sources/files/residency-text.ts';
import { HOUR_S } from '../units.ts';
import type { FileRow } from './types.ts';

/**
 * How fast a file grows, from its track: least squares over the sizes since it last became smaller, by a rotation or a truncation.
 * Bytes an hour; null with fewer than three sizes since then.
 */
function growthBytesPerHour(track: Pick<FileTrack, 't' | 'sizeBytes'>): number | null {
  const { t, sizeBytes } = track;
  const times: number[] = [];
  const sizes: number[] = [];
  for (let i = 0; i < t.length; i++) {
    const size = sizeBytes[i]!;
    if (!Number.isFinite(size)) continue;
    if (sizes.length > 0 && size < sizes[sizes.length - 1]!) {
      times.length = 0;
      sizes.length = 0;
    }
    times.push(t[i]!);
    sizes.push(size);
  }
  if (sizes.length < 3) return null;
  const meanT = times.reduce((a, b) => a + b, 0) / times.length;
  const meanS = sizes.reduce((a, b) => a + b, 0) / sizes.length;
  let tt = 0;
  let ts = 0;
  for (let i = 0; i < times.length; i++) {
    const dt = times[i]! - meanT;
    tt += dt * dt;
    ts += dt * (sizes[i]! - meanS);
  }
  return tt === 0 ? null : (ts / tt) * HOUR_S;
}

/** The rows of /api/v1/files from the tracks of history: by resident bytes, then by size. */
export function fileRows(tracks: readonly FileTrack[]): FileRow[] {
  return tracks
    .map((track) => ({
      path: track.path,
      kind: track.kind,
      files: track.files,
      sizeBytes: lastFinite(track.sizeBytes),
      residentBytes: lastFinite(track.residentBytes),
      growthBytesPerHour: growthBytesPerHour(track),
      openBy: track.openBy,
      deleted: track.deleted,
      residency: track.residency,
      method: residencyText(track.residency),
      fileSystem: track.fileSystem,
    }))
    .sort((a, b) => (b.residentBytes ?? -1) - (a.residentBytes ?? -1) || (b.sizeBytes ?? -1) - (a.sizeBytes ?? -1));
}

/** The last entry of a column if it is a number; a column whose newest value is a gap answers null, never an old number. */
function lastFinite(column: Float64Array): number | null {
  const last = column[column.length - 1];
  return last !== undefined && Number.isFinite(last) ? last : null;
}
