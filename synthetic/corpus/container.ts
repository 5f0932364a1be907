import type { Labelled } from '../../bench/trend/corpus-score.ts';
import type { Series } from '../../src/history/series.ts';
import type { HistoryEvent } from '../../src/sample/types.ts';
import type { Random } from '../random.ts';
import { type HeapPlan, heapOf } from './heap.ts';
import { errorOf, labelWhole } from './label.ts';
import { constant, drift, type Grid, ouNoise, type SeriesPart, times, white } from './parts.ts';
import { applySamplingFaults, type SamplingFaults } from './sampling-faults.ts';

const MIB = 2 ** 20;
const DAY = 86_400;

/** One entry of the corpus: a series, its label and its name. */
export interface Example {
  readonly series: Series;
  readonly label: Labelled;
  /** What the fields of the evaluated run are made of. */
  readonly parts: ReadonlyMap<string, readonly SeriesPart[]>;
  readonly grid: Grid;
}

export interface ContainerPlan {
  readonly hours: number;
  readonly stepS?: number;
  readonly limit?: number;
  readonly jvm?: boolean;
  /** Noise of the fields relative to the default. */
  readonly noise?: number;
  /** Another run of this container: the same levels. */
  readonly sameAs?: Container;
}

/** A builder of a container: every field is a list of parts. Scenarios add theirs. */
export interface Container {
  readonly grid: Grid;
  readonly limit: number;
  readonly random: Random;
  readonly heapMax: number | null;
  readonly parts: Map<string, SeriesPart[]>;
  readonly add: (id: string, ...parts: SeriesPart[]) => void;
  /** A lasting slope in a field that rises by `times` its own standard error until the end, matters in practice, and stays below the limit. */
  readonly leak: (id: string, times: number, fromS?: number) => number;
  readonly heap: (
    plan: Partial<HeapPlan> & { readonly aliveShare?: number; readonly leakTimes?: number; readonly fromS?: number },
  ) => void;
  cause: string;
}

const STEPS = [5, 10, 15, 30, 60, 120, 300];

/** Some hundred to some thousand samples, as exporters keep them. */
const stepFor = (random: Random, hours: number): number =>
  random.pick(STEPS.filter((stepS) => (hours * 3600) / stepS >= 60 && (hours * 3600) / stepS <= 6000).slice(0, 4));

export function container(random: Random, plan: ContainerPlan): Container {
  const stepS = plan.stepS ?? stepFor(random, plan.hours);
  const n = Math.max(3, Math.round((plan.hours * 3600) / stepS));
  const grid: Grid = { n, stepS, windowS: (n - 1) * stepS };
  const limit = plan.sameAs?.limit ?? plan.limit ?? Math.round(random.scale(64, 32_768)) * MIB;
  const jvm = plan.jvm ?? false;
  const loud = plan.noise ?? 1;
  const parts = new Map<string, SeriesPart[]>();
  const usual = (id: string, fresh: number, noise: number) => {
    const level = plan.sameAs?.parts.get(id)?.[0]?.values[0] ?? fresh;
    parts.set(id, [
      constant(grid, level),
      ouNoise(grid, random, level * noise * loud * random.scale(0.5, 1.5), random.scale(120, 2400)),
      white(grid, random, 0.2 * level * noise * loud),
    ]);
  };
  usual('anon', limit * random.between(0.15, 0.4), 0.008);
  usual('file', limit * random.between(0.04, 0.2), 0.01);
  usual('shmem', limit * random.between(0.0005, 0.01), 0.002);
  usual('slab_reclaimable', limit * random.between(0.004, 0.02), 0.008);
  usual('slab_unreclaimable', limit * random.between(0.002, 0.008), 0.004);
  usual('kernel_stack', limit * random.between(0.0005, 0.002), 0.01);
  usual('pagetables', limit * random.between(0.001, 0.004), 0.004);
  usual('sock', limit * random.between(0.00005, 0.0004), 0.05);
  const heapMax = jvm ? Math.round((0.45 * limit) / MIB) * MIB : null;
  if (jvm) usual('metaspace', Math.min(0.1 * limit, random.between(30, 90) * MIB), 0.001);
  const add = (id: string, ...more: SeriesPart[]) => void parts.get(id)!.push(...more);
  const slopeFor = (id: string, times: number, fromS: number): number => {
    const spanS = grid.windowS - fromS;
    const level = parts.get(id)![0]!.values[0]!;
    const seen = (times * errorOf(parts.get(id)!, spanS)) / spanS;
    const dailyLeast = Math.max(0.006 * limit, Math.min(0.15 * level, 0.02 * limit));
    const least = Math.max((1.3 * dailyLeast) / DAY, (1.3 * Math.max(MIB, 0.015 * level)) / spanS);
    return Math.min(Math.max(seen, least), (0.35 * limit) / spanS);
  };
  const made: Container = {
    grid,
    limit,
    random,
    heapMax,
    parts,
    add,
    cause: 'none',
    leak(id, times, fromS = 0) {
      const slope = slopeFor(id, times, fromS);
      add(id, drift(grid, slope, fromS));
      return slope;
    },
    heap({ aliveShare = random.between(0.15, 0.4), leakTimes, fromS = 0, ...more }) {
      const max = heapMax!;
      const young = more.young ?? max * random.between(0.08, 0.2);
      const old = more.old ?? (random.chance(0.5) ? max * random.between(0.1, 0.25) : 0);
      const youngPeriodS = more.youngPeriodS ?? Math.max(4 * stepS, grid.windowS / random.between(60, 300));
      const oldPeriodS = more.oldPeriodS ?? grid.windowS / random.between(8, 25);
      const alive = more.live ?? new Float64Array(n).fill(aliveShare * max);
      const live = ouNoise(grid, random, 0.01 * aliveShare * max, random.scale(300, 3000));
      const plain: HeapPlan = {
        live: alive,
        liveNow: alive[n - 1]!,
        slope: more.slope ?? 0,
        sinceS: more.sinceS ?? 0,
        young,
        youngPeriodS,
        old,
        oldPeriodS,
        max,
      };
      let plan = plain;
      if (leakTimes !== undefined) {
        const spanS = grid.windowS - fromS;
        const probe = heapOf(grid, random, plain).used;
        const error = Math.sqrt(probe.variance(spanS) + live.variance(spanS));
        const least = Math.max((0.008 * limit) / DAY, (1.5 * Math.max(MIB, 0.015 * max)) / spanS);
        const room = max * 0.97 - alive[0]! - young - old;
        const slope = Math.min(Math.max((leakTimes * error) / spanS, least), (0.9 * room) / spanS);
        const leaking = alive.map((value, i) => value + slope * Math.max(0, i * stepS - fromS));
        plan = { ...plain, slope, sinceS: fromS, live: leaking, liveNow: leaking[n - 1]! };
      }
      const { used, highWater } = heapOf(grid, random, { ...plan, live: plan.live.map((value, i) => value + live.values[i]!) });
      parts.set('heap_used', [used, { ...live, values: new Float64Array(n) }]);
      add('anon', highWater);
    },
  };
  return made;
}

/** All fields of a cgroup, sums included. */
function assemble({ random, parts }: Container): Map<string, SeriesPart[]> {
  const get = (id: string): SeriesPart[] => parts.get(id)!;
  const inactive = random.between(0.3, 0.8);
  const fields = new Map(parts);
  fields.set('anon', [...get('anon'), ...(parts.get('metaspace') ?? [])]);
  fields.set(
    'active_file',
    get('file').map((part) => times(part, 1 - inactive)),
  );
  fields.set(
    'inactive_file',
    get('file').map((part) => times(part, inactive)),
  );
  fields.set('file', [...get('file'), ...get('shmem')]);
  fields.set('slab', [...get('slab_reclaimable'), ...get('slab_unreclaimable')]);
  // A page table holds 512 entries.
  fields.set('pagetables', [...get('pagetables'), ...fields.get('anon')!.map((part) => times(part, 1 / 512))]);
  const kernel = [...fields.get('slab')!, ...['kernel_stack', 'pagetables', 'sock'].flatMap((id) => fields.get(id)!)];
  fields.set('usage', [...fields.get('anon')!, ...fields.get('file')!, ...kernel]);
  fields.set('working_set', [...fields.get('anon')!, ...get('shmem'), ...fields.get('active_file')!, ...kernel]);
  return fields;
}

const columnsOf = (fields: ReadonlyMap<string, readonly SeriesPart[]>, n: number): Map<string, Float64Array> =>
  new Map([...fields].map(([id, list]) => [id, pages(list, n, id)]));

/** Sums the fields, labels them, and applies the sampling faults. */
export function finishRun(scenario: string, made: Container, rough: SamplingFaults = {}): Example {
  const { grid, limit, random, heapMax, cause } = made;
  const fields = assemble(made);
  const label = labelWhole(scenario, fields, { grid, limit, heapMax, cause });
  return {
    label,
    series: applySamplingFaults(grid, columnsOf(fields, grid.n), { limit, heapMax, random, rough }),
    parts: fields,
    grid,
  };
}

/**
 * Several runs of one container, the last of which is evaluated. `died`: how each earlier run ended; `recorded`: whether that
 * is an event of the series. `known`: the earlier runs are enough to decide; then growing is right, and so is the label of the last run.
 */
export function finishRuns(
  scenario: string,
  runs: readonly Container[],
  {
    died,
    recorded,
    known = false,
  }: { readonly died: 'restart' | 'oom_kill'; readonly recorded: boolean; readonly known?: boolean },
): Example {
  const last = runs[runs.length - 1]!;
  const { limit, random, heapMax, cause } = last;
  const { stepS } = last.grid;
  const assembled = runs.map(assemble);
  const parts = assembled[assembled.length - 1]!;
  const ofLast = labelWhole(scenario, parts, { grid: last.grid, limit, heapMax, cause });
  const label = known ? { ...ofLast, truth: { ...ofLast.truth, accept: ['growing'], per_field: {} } } : ofLast;
  const n = runs.reduce((sum, { grid }) => sum + grid.n, 0);
  const columns = new Map<string, Float64Array>();
  const events: HistoryEvent[] = [];
  let at = 0;
  for (const [k, run] of runs.entries()) {
    if (k > 0 && recorded) events.push({ t: at * stepS, type: died });
    for (const [id, column] of columnsOf(assembled[k]!, run.grid.n)) {
      const whole = columns.get(id) ?? new Float64Array(n);
      whole.set(column, at);
      columns.set(id, whole);
    }
    at += run.grid.n;
  }
  const grid = { n, stepS, windowS: (n - 1) * stepS };
  return { label, series: applySamplingFaults(grid, columns, { limit, heapMax, random, events }), parts, grid: last.grid };
}

function pages(parts: readonly SeriesPart[], n: number, id: string): Float64Array {
  const page = id === 'kernel_stack' ? 16_384 : 4096;
  const out = new Float64Array(n);
  for (const { values } of parts) for (let i = 0; i < n; i++) out[i] = out[i]! + values[i]!;
  return out.map((value) => Math.max(0, Math.round(value / page) * page));
}
