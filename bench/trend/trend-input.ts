import { machineSeries } from '../../synthetic/machine.ts';
import { Random } from '../../synthetic/random.ts';

/** 14 days of a JVM's cgroup at one minute: the input for the speed of the trend detector. */
export const IDS = [
  'usage',
  'working_set',
  'anon',
  'file',
  'active_file',
  'inactive_file',
  'shmem',
  'slab',
  'slab_reclaimable',
  'slab_unreclaimable',
  'kernel_stack',
  'pagetables',
  'sock',
  'heap_used',
  'metaspace',
];
export const STEP_S = 60;
export const LIMIT = 16e9;
export const FROM_T = 1_700_000_000;

export const inputColumns = (days: number): Map<string, Float64Array> =>
  new Map(IDS.map((id, i) => [id, machineSeries(new Random(i + 1), days, STEP_S)]));

export const inputText = (columns: ReadonlyMap<string, Float64Array>): string =>
  JSON.stringify({
    interval_s: STEP_S,
    limit_bytes: LIMIT,
    t: Array.from(columns.values().next().value!, (_, i) => FROM_T + STEP_S * i),
    fields: Object.fromEntries([...columns].map(([id, column]) => [id, [...column]])),
  });
