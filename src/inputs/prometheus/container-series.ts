import type { FieldId, FieldName } from '../../fields.ts';
import { NO_PARTS } from '../../history/part-readings.ts';
import type { Series } from '../../history/series.ts';
import { plausible } from '../../plausible.ts';
import type { HistoryEvent } from '../../sample/types.ts';
import type { Limit } from '../../sources/types.ts';
import { type ContainerKey, isNoContainer, keyOf, keyText, runOf } from './container-key.ts';
import { addDerivedFields } from './derived-fields.ts';
import { type LabelledSeries, mergeReplicas, usualStep } from './labelled-series.ts';
import { type MetricRole, roleOf } from './metric-roles.ts';
import { alignTo, columnsOf, orderedRuns } from './runs.ts';

/** A container, and its series of all runs. */
export interface ContainerSeries {
  readonly key: ContainerKey;
  readonly series: Series;
}

/** The series of one container as they arrive, by what they tell. */
interface Gathered {
  readonly key: ContainerKey;
  /** By run; series of recording rules are apart, because they cross the runs of a pod. */
  readonly runs: Map<string, GatheredRun>;
  readonly recorded: Map<string, GatheredRun>;
  /** By field and pool. */
  readonly jvm: Map<FieldId, Map<string, LabelledSeries[]>>;
  readonly heapMax: Map<string, LabelledSeries>;
  readonly starts: LabelledSeries[];
  limit: LabelledSeries | null;
}

interface GatheredRun {
  readonly pod: string;
  readonly fields: Map<FieldId, LabelledSeries[]>;
}

/**
 * Groups series by container, joins their runs, and adds what follows from them, one container at a time. One without two samples is left out.
 * `lifeOf`: the container whose earlier life a container of another pod is.
 */
export function* containerSeries(
  rows: readonly LabelledSeries[],
  lifeOf: (key: ContainerKey) => ContainerKey = (key) => key,
): Iterable<ContainerSeries> {
  for (const container of gather(rows, lifeOf)) {
    const series = seriesOf(container);
    if (series !== null) yield { key: container.key, series };
  }
}

function gather(rows: readonly LabelledSeries[], lifeOf: (key: ContainerKey) => ContainerKey): Gathered[] {
  const byKey = new Map<string, Gathered>();
  const containerOf = (key: ContainerKey): Gathered =>
    at(byKey, keyText(key), () => ({
      key,
      runs: new Map(),
      recorded: new Map(),
      jvm: new Map(),
      heapMax: new Map(),
      starts: [],
      limit: null,
    }));
  const later: [LabelledSeries, MetricRole, ContainerKey][] = [];
  for (const row of rows) {
    const role = roleOf(row.labels);
    const own = keyOf(row.labels);
    if (role === null || row.t.length === 0 || isNoContainer(row.labels, own)) continue;
    const key = lifeOf(own);
    if (role.kind === 'cgroup') {
      const { recorded, runs } = containerOf(key);
      const of = role.recorded
        ? at(recorded, own.pod, () => runIn(own))
        : at(runs, `${own.pod}\n${runOf(row.labels)}`, () => runIn(own));
      at(of.fields, role.field, () => []).push(row);
    } else later.push([row, role, key]);
  }
  for (const [row, role, key] of later) {
    const container = role.kind === 'jvm' || role.kind === 'heap-max' ? ownerOfJvm(byKey, key) : byKey.get(keyText(key));
    if (container !== undefined) addBeside(container, row, role);
    else if (role.kind === 'jvm') addBeside(containerOf(key), row, role);
  }
  return [...byKey.values()];
}

const runIn = ({ pod }: ContainerKey): GatheredRun => ({ pod, fields: new Map() });

/** The target of a JVM often has no label of its container. It is then that of the pod, if the pod has one. */
function ownerOfJvm(byKey: ReadonlyMap<string, Gathered>, key: ContainerKey): Gathered | undefined {
  const exact = byKey.get(keyText(key));
  if (exact !== undefined || key.container !== '') return exact;
  const ofPod = [...byKey.values()].filter(
    (other) => key.pod === '' || (other.key.pod === key.pod && other.key.namespace === key.namespace),
  );
  return ofPod.length === 1 ? ofPod[0] : undefined;
}

function addBeside(container: Gathered, row: LabelledSeries, role: MetricRole): void {
  switch (role.kind) {
    case 'jvm':
      at(
        at(container.jvm, role.field, () => new Map<string, LabelledSeries[]>()),
        role.pool,
        () => [],
      ).push(row);
      return;
    case 'heap-max':
      container.heapMax.set(role.pool, row);
      return;
    case 'start-time':
    case 'restart-count':
      container.starts.push(row);
      return;
    case 'limit':
      if (container.limit === null || lastTime(row) >= lastTime(container.limit)) container.limit = row;
      return;
    case 'cgroup':
      return;
    default:
      role satisfies never;
  }
}

function seriesOf({ runs, recorded, jvm, heapMax, starts, limit }: Gathered): Series | null {
  const ordered = orderedRuns([...(runs.size > 0 ? runs : recorded).values()]);
  const parts = ordered.map(({ run, until }) => columnsOf(run, until)).filter(({ t }) => t.length > 0);
  const jvmSeries = [...jvm].map(([field, pools]) => [field, [...pools.values()].map(mergeReplicas)] as const);
  const t = parts.length > 0 ? joinedColumn(parts.map((part) => part.t)) : fullestTimes(jvmSeries.flatMap(([, pools]) => pools));
  if (t.length < 2) return null;
  const columns = new Map<FieldId, Float64Array>();
  for (const field of new Set(parts.flatMap((part) => [...part.columns.keys()])))
    columns.set(
      field,
      joinedColumn(parts.map((part) => part.columns.get(field) ?? new Float64Array(part.t.length).fill(Number.NaN))),
    );
  for (const [field, pools] of jvmSeries)
    if (!columns.has(field)) columns.set(field, sumOf(pools.map((pool) => alignTo(t, pool))));
  for (const [field, column] of columns) removeImpossible(field, column);
  addDerivedFields(columns);
  return {
    t,
    fields: columns as ReadonlyMap<FieldName, Float64Array>,
    intervalS: usualStep({ t }) ?? 1,
    limitBytes: limitOf(limit),
    heapMaxBytes: heapMaxOf([...heapMax.values()]),
    events: restartsIn(
      parts.slice(1).map((part) => part.t[0]!),
      starts,
      usualStep({ t }) ?? 1,
    ),
    files: [],
    parts: NO_PARTS,
  };
}

function joinedColumn(pieces: readonly Float64Array[]): Float64Array {
  if (pieces.length === 1) return pieces[0]!;
  const out = new Float64Array(pieces.reduce((n, piece) => n + piece.length, 0));
  let end = 0;
  for (const piece of pieces) {
    out.set(piece, end);
    end += piece.length;
  }
  return out;
}

const fullestTimes = (all: readonly LabelledSeries[]): Float64Array =>
  all.reduce<Float64Array>((most, { t }) => (t.length > most.length ? t : most), new Float64Array(0));

function sumOf(columns: readonly Float64Array[]): Float64Array {
  const [first, ...rest] = columns;
  return rest.length === 0 ? first! : first!.map((value, i) => rest.reduce((sum, column) => sum + column[i]!, value));
}

/** A process has some of these. */
const NEVER_ZERO: ReadonlySet<FieldId> = new Set(['usage', 'working_set', 'anon'] as const);

/** cAdvisor subtracts unsigned numbers, so less than nothing is written as 1.8e19. A single 0 beside other values is a reading that failed. */
function removeImpossible(field: FieldId, column: Float64Array): void {
  const isAbove0 = (i: number): boolean => i < 0 || i >= column.length || column[i]! > 0;
  for (let i = 0; i < column.length; i++) {
    const isLoneZero = column[i] === 0 && NEVER_ZERO.has(field) && isAbove0(i - 1) && isAbove0(i + 1);
    if (isLoneZero || plausible(column[i]!) === null) column[i] = Number.NaN;
  }
}

const lastTime = ({ t }: LabelledSeries): number => t[t.length - 1] ?? 0;
const lastValue = ({ v }: LabelledSeries): number => v[v.length - 1] ?? Number.NaN;

/** cAdvisor reports "no limit" as 0, and on some versions as the largest number of pages. */
function limitOf(limit: LabelledSeries | null): Limit {
  if (limit === null) return null;
  const bytes = lastValue(limit);
  if (bytes === 0) return 'max';
  return plausible(bytes) ?? (bytes > 0 ? 'max' : null);
}

/** -Xmx, where one pool says it: the JMX exporter's sum, or the only pool of a collector that has a maximum. Pools of unknown maximum say -1. */
function heapMaxOf(pools: readonly LabelledSeries[]): Limit {
  const known = pools.map(lastValue).filter((bytes) => bytes > 0);
  return known.length === 1 ? plausible(known[0]!) : null;
}

/** Restarts: where a run begins, and where the container's start time or the count of restarts rises. They may be two samples apart. */
function restartsIn(runStarts: readonly number[], starts: readonly LabelledSeries[], step: number): HistoryEvent[] {
  const times = [...runStarts];
  for (const { t, v } of starts)
    for (let i = 1; i < t.length; i++)
      if (v[i]! > v[i - 1]! && !times.some((known) => Math.abs(known - t[i]!) <= 2 * step)) times.push(t[i]!);
  return times.sort((a, b) => a - b).map((at) => ({ t: at, type: 'restart' }));
}

function at<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  return made;
}
