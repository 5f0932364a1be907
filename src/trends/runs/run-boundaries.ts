import { type FieldName, fieldsWhere } from '../../fields.ts';
import { fallsBelow } from '../moves.ts';
import type { OrderedSeries } from '../normalise.ts';

/** Fields other than anon that are low when a process starts. */
const OTHER_PROCESS_FIELDS = fieldsWhere(({ id, perProcess }) => perProcess && id !== 'anon');

/** Counters of the JVM, which fall only when another process begins. */
const JVM_COUNTERS = ['gc_count', 'full_gc_count'] as const;
/** What falls with anonymous memory when a collection gives pages of the heap back. */
const OF_THE_HEAP: ReadonlySet<FieldName> = new Set<FieldName>([
  'heap_used',
  'heap_committed',
  'pagetables',
  'process_pagetables',
]);

const BESIDE_HEAP = OTHER_PROCESS_FIELDS.filter((id) => !OF_THE_HEAP.has(id));

/** anon drops if it falls below this share of its level before. */
const ANON_DROP = 0.7;
/** A drop to less than this share means that the process has ended, because no running process permanently frees that much within one sample. */
const PROCESS_GONE = 0.05;

/** Where as many of the other fields fell as did not, such as slab of others: a drop to less than this share. */
const MOST_GONE = 0.2;

/** NaN: no value is known. */
const mean = (column: Float64Array, from: number, to: number): number => {
  let sum = 0;
  let count = 0;
  for (let i = Math.max(0, from); i < Math.min(column.length, to); i++) {
    const value = column[i]!;
    if (Number.isFinite(value)) {
      sum += value;
      count++;
    }
  }
  return sum / count;
};

/**
 * Index of the first sample of each run, the first run included. An unrecorded restart is recognised by a change that no running process
 * causes: anonymous memory falls within one sample, together with most of the process's other fields or with all page cache. Where the
 * collections go on to be counted, it may be one of them that gave back the heap. `falls`: another implementation of `fallsBelow`.
 */
export function runStarts(series: OrderedSeries, falls: typeof fallsBelow = fallsBelow): number[] {
  // If usage is not split into parts, all of it counts as the process's memory.
  const anon = series.fields.get('anon') ?? (series.fields.has('file') ? undefined : series.fields.get('usage'));
  const starts = new Set<number>([0, ...series.restarts]);
  const processKills = new Set(series.processKills);
  if (anon !== undefined) {
    // A history decodes a column when it is asked for it, so only where anonymous memory fell.
    const columnsOf = (ids: readonly FieldName[]): Float64Array[] =>
      ids.map((id) => series.fields.get(id)).filter((column) => column !== undefined);
    const drops = falls(anon, ANON_DROP);
    for (let k = 0; k < drops.length; k += 2) {
      const [before, i] = [drops[k]!, drops[k + 1]!];
      if (isNear(starts, i) || isNear(processKills, i)) continue;
      let fell = 0;
      let flat = 0;
      const goesOn = countsOn(columnsOf(JVM_COUNTERS), before, i);
      for (const column of columnsOf(goesOn ? BESIDE_HEAP : OTHER_PROCESS_FIELDS)) {
        const level = mean(column, before - 2, before + 1);
        const after = mean(column, i, i + 2);
        if (!(level > 0) || !Number.isFinite(after)) continue;
        if (after < 0.85 * level) fell++;
        else flat++;
      }
      const was = anon[before]!;
      const file = series.fields.get('file');
      const cache = file !== undefined && file[i]! < 0.3 * file[before]!;
      const isTie = fell > 0 && fell === flat && anon[i]! < MOST_GONE * was;
      if (fell > flat || isTie || cache || mean(anon, i, i + 3) < PROCESS_GONE * was) starts.add(i);
    }
  }
  return [...starts].sort((a, b) => a - b);
}

/** Whether the JVM has counted a collection meanwhile, and none of its counters began again. */
function countsOn(counters: readonly Float64Array[], before: number, at: number): boolean {
  const counted = counters.filter((column) => column[before]! > 0 && column[at]! >= column[before]!);
  return counted.length === counters.length && counters.some((column) => column[at]! > column[before]!);
}

/** Whether a drop belongs to a recorded event. The two have different times, because an event is not recorded at the time of a sample. */
function isNear(events: ReadonlySet<number>, index: number): boolean {
  for (const at of events) if (at > 0 && Math.abs(at - index) <= 2) return true;
  return false;
}
