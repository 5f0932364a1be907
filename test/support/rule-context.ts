import assert from 'node:assert/strict';
import type { Found, Rule } from '../../src/diagnosis/rule.ts';
import type { RuleContext } from '../../src/diagnosis/rule-context.ts';
import { type Sentence, sentenceText } from '../../src/diagnosis/sentence.ts';
import { Steady } from '../../src/diagnosis/steady.ts';
import type { FileRow, FindingLimit } from '../../src/diagnosis/types.ts';
import { entriesOf, type FieldId } from '../../src/fields.ts';
import { NO_PARTS } from '../../src/history/part-readings.ts';
import { NO_NAMES } from '../../src/sources/process/process-names.ts';
import type { CauseShare, Eta, FieldTrend, Trend } from '../../src/trends/types.ts';
import { GIB } from '../../src/units.ts';
import { jvmReading } from './jvm-reading.ts';

export const fieldTrend = (trend: Trend, slope: number | null = 0): FieldTrend => ({
  trend,
  slopeBytesPerHour: slope,
  low: slope === null ? null : slope * 0.9,
  high: slope === null ? null : slope * 1.1,
  p: 0.001,
  points: 100,
  windowSeconds: 7 * 86_400,
  basis: { segments: [0], line: null, modelProbabilities: [], statistics: {}, reason: '' },
});

/** The log of the story: 794 MiB on disk, held open by pid 1, its disk full in 12 days. */
export const fileRow = (over: Partial<FileRow> = {}): FileRow => ({
  kind: 'file',
  files: 1,
  path: '/tmp/spring.log',
  sizeBytes: 832_500_000,
  allocatedBytes: 832_500_000,
  residentBytes: 822_000_000,
  growthBytesPerHour: 4.76e6,
  residentGrowthBytesPerHour: 4.76e6,
  openBy: [{ pid: 1, fd: 27, mode: 'w' }],
  deleted: false,
  openFiles: 1,
  writtenFiles: 1,
  deletedFiles: 0,
  pids: [1],
  mtimeMs: null,
  isOwn: false,
  chargedBytes: null,
  residency: { state: 'known', method: 'fincore' },
  method: 'fincore',
  holders: [{ pid: 1, name: null }],
  fileSystem: { kind: 'disk', freeBytes: 4.76e6 * 24 * 12, totalBytes: 1e11 },
  ...over,
});

/** These files explain the growth of page cache, or of shared memory where they lie in tmpfs; each fills the disk that it lies on. */
export function filesThatGrow(files: readonly FileRow[]): Pick<RuleContext, 'grown' | 'disks'> {
  const isTmpfs = (f: FileRow) => f.fileSystem?.kind === 'tmpfs';
  return {
    grown: { 'page-cache': files.filter((f) => !isTmpfs(f)), shmem: files.filter(isTmpfs) },
    disks: files.flatMap((f) =>
      f.fileSystem?.kind !== 'disk' || f.growthBytesPerHour === null
        ? []
        : [{ fileSystem: f.fileSystem, bytesPerHour: f.growthBytesPerHour, usedBytes: f.allocatedBytes ?? 0, files: [f] }],
    ),
  };
}

export const causeShare = (cause: CauseShare['cause'], bytesPerHour = 31e6, over: Partial<CauseShare> = {}): CauseShare => ({
  cause,
  bytesPerHour,
  reclaimable: cause === 'page-cache',
  what: null,
  ...over,
});

/** 90 to 110 % of these seconds. */
export const eta = (event: Eta['event'], seconds: number): Eta => ({ event, seconds, low: 0.9 * seconds, high: 1.1 * seconds });

export interface Given {
  /** The newest value of each field. */
  readonly values?: Readonly<Partial<Record<FieldId, number>>>;
  readonly series?: Partial<RuleContext['series']>;
  readonly evaluation?: Partial<RuleContext['evaluation']>;
  readonly target?: Partial<RuleContext['target']>;
  readonly pod?: Partial<RuleContext['pod']>;
  readonly files?: readonly FileRow[];
  readonly anonGrowth?: RuleContext['anonGrowth'];
  readonly allocator?: RuleContext['allocator'];
  readonly jvm?: Partial<NonNullable<RuleContext['jvm']>>;
  readonly ended?: RuleContext['ended'];
  readonly lastEnd?: RuleContext['lastEnd'];
  readonly otherJvms?: RuleContext['otherJvms'];
  readonly leftByRuns?: RuleContext['leftByRuns'];
  readonly shmemHolder?: RuleContext['shmemHolder'];
  readonly kernelObjects?: RuleContext['kernelObjects'];
  readonly processNames?: RuleContext['processNames'];
}

export const NOW_MS = Date.parse('2020-12-22T00:00:00Z');

/** A stable JVM container on cgroup v2 with a limit of 2 GiB, and the given changes. */
export function ruleContext(given: Given = {}): RuleContext {
  const limitBytes = given.series?.limitBytes === undefined ? 2 * GIB : given.series.limitBytes;
  return {
    atMs: NOW_MS,
    target: {
      id: 'x',
      name: 'x',
      container: null,
      pid: 1,
      reach: 'shared-pid-namespace',
      cgroup: { version: 2, path: '/x' },
      limitBytes,
      otherJvms: [],
      jvm: { evidence: 'hsperfdata', version: '17.0.1', collector: 'G1' },
      ...given.target,
    },
    evaluation: {
      trend: 'stable',
      leak: false,
      confidence: 0.9,
      causes: [],
      etas: [],
      needs: null,
      causeBasis: [],
      fields: { usage: fieldTrend('stable') },
      ...given.evaluation,
    },
    series: {
      t: Float64Array.of(NOW_MS / 1000),
      fields: new Map(entriesOf(given.values ?? {}).map(([field, value]) => [field, Float64Array.of(value)])),
      intervalS: 600,
      limitBytes,
      heapMaxBytes: null,
      events: [],
      files: [],
      parts: NO_PARTS,
      ...given.series,
    },
    anonGrowth: given.anonGrowth ?? null,
    steady: new Steady(null, NOW_MS / 1000, 0),
    ...filesThatGrow(given.files ?? []),
    jvm: given.jvm === undefined ? null : jvmReading(given.jvm),
    allocator: given.allocator ?? null,
    pod: { memoryRequestBytes: null, ephemeralStorageLimitBytes: null, ...given.pod },
    ended: given.ended ?? null,
    lastEnd: given.lastEnd ?? null,
    otherJvms: given.otherJvms ?? [],
    leftByRuns: given.leftByRuns ?? null,
    shmemHolder: given.shmemHolder ?? null,
    kernelObjects: given.kernelObjects ?? [],
    processNames: given.processNames ?? NO_NAMES,
  };
}

/** Applies a rule as the verdict does, with its sentences as text; null if the rule does not apply. A finding without advice is an error. */
export function applyRule(
  rule: Rule,
  given: Given,
): (Omit<Found, 'title'> & { id: string; title: string; headline: string | null; limit?: FindingLimit | null }) | null {
  const context = ruleContext(given);
  const text = (parts: Sentence) => sentenceText(parts);
  if ('find' in rule) {
    const found = rule.find(context);
    return found === null ? null : { ...withAdvice(rule, found), id: rule.id, title: text(found.title), headline: null };
  }
  const share = context.evaluation.causes.find(({ cause }) => cause === rule.cause);
  if (share === undefined) return null;
  const found = rule.explain(context, share);
  return { ...withAdvice(rule, found), id: rule.id, title: text(found.title), headline: text(found.headline) };
}

function withAdvice<T extends Found>({ id }: Rule, found: T): T {
  assert.match(found.advice, /\w+ \w+ .*\w/s, `rule ${id}: expected advice in a sentence`);
  return found;
}
