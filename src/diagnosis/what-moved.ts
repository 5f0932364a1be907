import { safeName } from '../format.ts';
import type { Series } from '../history/series.ts';
import { lowerBound } from '../trends/field/block-means.ts';
import { median } from '../trends/median.ts';
import { HOUR_S } from '../units.ts';
import { rowOfTracks } from './file-rows.ts';
import { filesName } from './grown-files-text.ts';
import { type FileCause, filesThatRose } from './growth/file-growth.ts';
import { isHeapFile } from './ledger/page-cache-part.ts';
import type { LedgerPartId } from './ledger/part-table.ts';
import type { RuleContext } from './rule-context.ts';
import { type Sentence, sentence, sentenceText } from './sentence.ts';
import type { FileRow } from './types.ts';

/** A part with this share of a movement is named for it. */
const MOST = 0.6;
/** What came since the mappings were read is of a part that is not known yet. */
const NO_THING: LedgerPartId = 'since-mappings';
/** The second of two parts that are named together has this share of the first. */
const MIN_SECOND = 0.4;
/** Values that are joined at each end of the window, because one sample may be a spike. Where readings are few, the ends must not overlap. */
const MAX_END_VALUES = 3;
const END_SHARE = 1 / 3;
/** With so many values the ends have as many as they may. */
const MANY_VALUES = MAX_END_VALUES / END_SHARE;

/** The window of a movement, epoch seconds, and its bytes. */
export interface Movement {
  readonly fromS: number;
  readonly toS: number;
  readonly bytes: number;
  /** Whether anonymous memory itself moved, so that only a part of it says more. */
  readonly isOfAnon?: boolean;
}

/** The value of a row: of a window of thousands of rows a few are read, so that no column is made of others. */
type ValueAt = (row: number) => number;

/** How far a value moved in the window. `t` ascends. */
type Move = (t: Float64Array, valueAt: ValueAt, movement: Movement) => number;

/** "page cache of /data/app.log", "direct buffers, large malloc or mmap": the part of memory that has most of a rise; null: none has, or it is not known. */
export const whatRose = (context: RuleContext, rise: Movement): Sentence | null =>
  kept(context, 'rose', partThat(rose, context.series, rise));

/** The same of a movement up and down. */
export const whatSwung = (context: RuleContext, swing: Movement): Sentence | null =>
  kept(context, 'swung', partThat(swung, context.series, swing));

/** Of a rise: what else rose is small beside the page cache. */
const NEARLY_ALL = 0.9;

/** Whether nearly all of a rise is page cache, which the kernel can reclaim. */
export const isCacheAlone = ({ t, fields }: Series, rise: Movement): boolean => {
  const cached = cachedBytes(fields);
  return cached !== null && rose(t, cached, rise) >= NEARLY_ALL * rise.bytes;
};

/** The same of a rise from one sample to another, such as those at the lowest points of what goes up and down. */
export function isCacheBetween({ t, fields }: Series, { fromS, toS, bytes }: Movement): boolean {
  const cached = cachedBytes(fields);
  const at = (time: number): number => cached?.(t.indexOf(time)) ?? Number.NaN;
  return at(toS) - at(fromS) >= NEARLY_ALL * bytes;
}

const valueIn =
  (column: Float64Array): ValueAt =>
  (row) =>
    column[row] ?? Number.NaN;

function cachedBytes(fields: Series['fields']): ValueAt | null {
  const [file, shmem] = [fields.get('file'), fields.get('shmem')];
  return file === undefined ? null : (row) => (file[row] ?? Number.NaN) - (shmem?.[row] ?? 0);
}

/** A part that was named stays named as long as no other one is. */
const kept = ({ steady }: RuleContext, how: string, found: Sentence | null): Sentence | null =>
  steady.keep(`what ${how}`, found, {
    same: (a, b) => a !== null && b !== null && nameOf(a) === nameOf(b),
    atOnce: (published) => published === null,
    isSilent: (published, now) => published !== null && now === null,
  });

/** The number of files in a folder is none of its name. */
const nameOf = (part: Sentence): string => sentenceText(part).replace(/\d+/g, '#');

/** A part of memory, with how far it moved. */
interface Part {
  readonly name: () => Sentence;
  readonly bytes: number;
}

/** The part that has most of it, or the two that have most of it together. */
function partThat(moved: Move, series: Series, movement: Movement): Sentence | null {
  const { t, fields, parts } = series;
  const of = (column: Float64Array | undefined): number => (column === undefined ? 0 : moved(t, valueIn(column), movement));
  const cached = cachedBytes(fields);
  const isMost = (bytes: number): boolean => bytes >= MOST * movement.bytes;
  const others: readonly Part[] = [
    { name: () => sharedName(moved, series, movement), bytes: of(fields.get('shmem')) },
    {
      name: () => sentence`page cache${filesText(moved, series, 'page-cache', movement)}`,
      bytes: cached === null ? 0 : moved(t, cached, movement),
    },
    { name: () => sentence`kernel memory`, bytes: of(fields.get('kernel')) },
  ];
  const things = parts.parts.filter(({ id }) => id !== NO_THING);
  const inAnon: readonly Part[] = things.map((part) => ({
    name: () => sentence`${safeName(part.name)}`,
    bytes: moved(parts.t, valueIn(part.bytes), movement),
  }));
  const anon: Part = { name: () => sentence`anonymous memory`, bytes: of(fields.get('anon')) };
  const whole: readonly Part[] = movement.isOfAnon === true ? [] : [anon, ...others];
  const split = [...inAnon, ...others];
  return (
    named(split.filter(({ bytes }) => isMost(bytes)).slice(0, 1)) ??
    named(pairOf(split, isMost)) ??
    named(whole.filter(({ bytes }) => isMost(bytes)).slice(0, 1)) ??
    named(pairOf(whole, isMost))
  );
}

/** The two largest, if they have most of it together and the second is not small. */
function pairOf(parts: readonly Part[], isMost: (bytes: number) => boolean): readonly Part[] {
  const [first, second] = [...parts].sort((a, b) => b.bytes - a.bytes);
  if (first === undefined || second === undefined || second.bytes < MIN_SECOND * first.bytes) return [];
  return isMost(first.bytes + second.bytes) ? [first, second] : [];
}

const named = (parts: readonly Part[]): Sentence | null =>
  parts.length === 0
    ? null
    : parts.reduce((all: Sentence, { name }, i) => sentence`${all}${i === 0 ? '' : ' and '}${name()}`, []);

/** The heap of ZGC is shared memory, too. */
function sharedName(moved: Move, series: Series, movement: Movement): Sentence {
  const rows = rowsThat(moved, series, 'shmem', movement);
  return rows.length > 0 && rows.every(isHeapFile) ? sentence`Java heap` : sentence`shared memory${textOf(rows)}`;
}

/** " of /data/app.log"; empty: no files in sight explain it. */
const filesText = (moved: Move, series: Series, cause: FileCause, movement: Movement): Sentence =>
  textOf(rowsThat(moved, series, cause, movement));

const textOf = (rows: readonly FileRow[]): Sentence =>
  rows.reduce((all: Sentence, row, i) => sentence`${all}${i === 0 ? ' of ' : ' and '}${filesName(row)}`, []);

function rowsThat(moved: Move, series: Series, cause: FileCause, movement: Movement): readonly FileRow[] {
  const { fromS, toS, bytes } = movement;
  const swinging =
    moved === swung
      ? series.files.find((track) => moved(track.t, valueIn(track.residentBytes), movement) >= MOST * bytes)
      : undefined;
  return swinging === undefined
    ? filesThatRose(series, cause, (bytes / (toS - fromS)) * HOUR_S, toS - fromS)
    : [rowOfTracks(swinging.path, [swinging])];
}

/** The rows of the window: from the first to before the last. */
function rowsOf(t: Float64Array, { fromS, toS }: Movement): readonly [number, number] {
  const from = lowerBound(t, fromS, 0, t.length);
  let to = lowerBound(t, toS, from, t.length);
  while (t[to]! <= toS) to++;
  return [from, to];
}

function rose(t: Float64Array, valueAt: ValueAt, movement: Movement): number {
  const [from, to] = rowsOf(t, movement);
  const first: number[] = [];
  for (let row = from; row < to && first.length < MANY_VALUES; row++) {
    const value = valueAt(row);
    if (Number.isFinite(value)) first.push(value);
  }
  if (first.length < 2) return 0;
  const ends = Math.min(MAX_END_VALUES, Math.max(1, Math.floor(END_SHARE * first.length)));
  const last: number[] = [];
  for (let row = to - 1; last.length < ends; row--) {
    const value = valueAt(row);
    if (Number.isFinite(value)) last.push(value);
  }
  return median(Float64Array.from(last)) - median(Float64Array.from(first.slice(0, ends)));
}

function swung(t: Float64Array, valueAt: ValueAt, movement: Movement): number {
  const [from, to] = rowsOf(t, movement);
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let row = from; row < to; row++) {
    const value = valueAt(row);
    if (value < low) low = value;
    if (value > high && Number.isFinite(value)) high = value;
  }
  return Math.max(0, high - low);
}
