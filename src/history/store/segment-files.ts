import { open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import type { Low } from 'lowdb';
import { SECOND_MS } from '../../units.ts';
import { coarsen } from '../coarsen.ts';
import { emptySegment, type Segment } from '../segment.ts';
import { dropCachedPages } from './drop-page-cache.ts';
import { openJsonFile } from './json-file.ts';
import { readRegularFile } from './regular-file.ts';
import { readSegmentText, segmentText } from './segment-text.ts';

/** A segment that is complete, on disk, and never changed again. */
export interface SealedSegment {
  readonly path: string;
  readonly bytes: number;
  readonly step: number;
  /** Times of its first and its last sample. */
  readonly startS: number;
  readonly endS: number;
}

/** The only segment of a target that is rewritten at each tick. */
export interface OpenSegment {
  readonly path: string;
  readonly low: Low<Segment>;
}

const TIER_NAMES: Readonly<Record<number, string>> = { 60: '1m', 900: '15m', 7200: '2h' };
const NAME = /^\d+(?:\.(?:1m|15m|2h))?\.json$/;
export const isSegmentName = (name: string): boolean => NAME.test(name);
const stepOf = (name: string): number =>
  Number(Object.keys(TIER_NAMES).find((step) => name.endsWith(`.${TIER_NAMES[Number(step)]}.json`)) ?? 0);
/** The file name has the segment's start (epoch ms) and its tier. */
export const segmentPath = (dir: string, startMs: number, step: number): string =>
  join(dir, `${Math.round(startMs)}${step === 0 ? '' : `.${TIER_NAMES[step]}`}.json`);
const startOf = (name: string): number => Number.parseInt(name, 10) / SECOND_MS;

/** Number of files that are read before other work runs: about 10 ms. */
const FILES_PER_TURN = 8;

/** Await this after each file, with the number of files read so far. */
export async function yieldToEventLoop(read: number): Promise<void> {
  if (read % FILES_PER_TURN === 0) await breathe();
}

/** Names of the segments in order of time. A coarser one has the time of the first that it replaces, and comes before it. @throws ENOENT */
export async function segmentNames(dir: string): Promise<string[]> {
  const names = (await readdir(dir)).filter(isSegmentName);
  return names.sort((a, b) => startOf(a) - startOf(b) || stepOf(b) - stepOf(a));
}

/** Removes lowdb's temporary files of a process that was killed before it renamed them. Every start uses new names, so they would accumulate. */
export async function removeTemporaryFiles(dir: string): Promise<void> {
  for (const name of await readdir(dir))
    if (/^\.\d+(?:\.\w+)?\.json\.tmp$/.test(name)) await rm(join(dir, name), { force: true });
}

/** Opens the segment that is rewritten at each tick. */
export function openSegment(path: string, data = emptySegment()): OpenSegment {
  return { path, low: openJsonFile(path, data, { parse: readSegmentText, stringify: segmentText }) };
}

/**
 * Reads a segment for memory, without minimum and maximum. The read is synchronous: a hundred files through the thread pool cost ten times
 * as much. @throws Error that says what is wrong with the file
 */
export function readSealedSegment(path: string): { readonly segment: Segment; readonly sealed: SealedSegment } {
  const bytes = readRegularFile(path);
  const segment = readSegmentText(bytes.toString('utf8'), { envelope: false });
  const name = path.slice(path.lastIndexOf('/') + 1);
  const startS = startOf(name);
  return {
    segment,
    sealed: { path, bytes: bytes.length, step: segment.step, startS, endS: segment.until ?? segment.t.at(-1) ?? startS },
  };
}

/** Renames a file that is not a valid segment, and returns the new path. */
export async function quarantine(path: string): Promise<string> {
  const aside = `${path}.broken-${Date.now()}`;
  await rename(path, aside);
  return aside;
}

/** Syncs the file and its folder, so that the segment survives a power loss, and drops its page cache. */
export async function sealSegment({ path, low }: OpenSegment, dir: string): Promise<SealedSegment> {
  const bytes = await fsync(path);
  await fsync(dir);
  const { step, until, t } = low.data;
  const startS = startOf(path.slice(path.lastIndexOf('/') + 1));
  return { path, bytes, step, startS, endS: until ?? t.at(-1) ?? startS };
}

/**
 * The sealed segments of a folder that is not loaded, by name and size alone. Each ends where the next one begins; the last one's end is not
 * known, and counts as its start. @throws ENOENT
 */
export async function listSealedSegments(dir: string): Promise<SealedSegment[]> {
  const names = await segmentNames(dir);
  const sealed: SealedSegment[] = [];
  for (const [i, name] of names.entries()) {
    const path = join(dir, name);
    const { size } = await stat(path);
    sealed.push({ path, bytes: size, step: stepOf(name), startS: startOf(name), endS: startOf(names[i + 1] ?? name) });
  }
  return sealed;
}

/** Writes the later rows of a merged segment as a segment of its own, and syncs it. The caller removes the old one. null: there are none. */
export async function sealLaterRows(dir: string, rows: Segment): Promise<SealedSegment | null> {
  const [startS] = rows.t;
  if (startS === undefined) return null;
  const segment = openSegment(segmentPath(dir, startS * SECOND_MS, rows.step), rows);
  await segment.low.write();
  return sealSegment(segment, dir);
}

/** Writes one coarser segment for several, and syncs it. The caller removes the old ones. */
export async function sealMergedSegment(
  dir: string,
  startS: number,
  segments: readonly Segment[],
  step: number,
): Promise<SealedSegment> {
  const segment = openSegment(segmentPath(dir, startS * SECOND_MS, step), coarsen(segments, step));
  await segment.low.write();
  return sealSegment(segment, dir);
}

/** @throws Error that says what is wrong with the file */
export const readSegmentWithEnvelope = (path: string): Segment => readSegmentText(readRegularFile(path).toString('utf8'));

async function fsync(path: string): Promise<number> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
    await dropCachedPages(handle.fd);
    return (await handle.stat()).size;
  } finally {
    await handle.close();
  }
}
