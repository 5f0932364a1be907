import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { failsGate } from '../../../src/diagnosis/gate.ts';
import type { RuleContext } from '../../../src/diagnosis/rule-context.ts';
import { filePart, sentence, sentenceText, timePart } from '../../../src/diagnosis/sentence.ts';
import { diagnose, diagnoseAfter } from '../../../src/diagnosis/verdict.ts';
import type { FieldId } from '../../../src/fields.ts';
import type { CauseShare, Evaluation, Trend } from '../../../src/trends/types.ts';
import { MIB } from '../../../src/units.ts';
import { causeShare, eta, fieldTrend as field, fileRow as file, filesThatGrow, ruleContext } from '../../support/rule-context.ts';

/** The story's container on cgroup v1: mostly page cache, and nothing grows. */
function scene(evaluation: Partial<Evaluation>, over: Partial<RuleContext> = {}): RuleContext {
  const values = {
    usage: 1_475_723_264,
    working_set: 652_836_864,
    anon: 652_750_848,
    file: 822_972_416,
    inactive_file: 822_886_400,
    active_file: 86_016,
    shmem: 0,
  };
  const target = {
    cgroup: { version: 1, path: '/x' },
    jvm: { evidence: 'hsperfdata', version: '1.8.0', collector: 'Parallel' },
  } as const;
  return { ...ruleContext({ values, target, evaluation, jvm: {} }), ...over };
}
const story = {
  trend: 'growing',
  causes: [causeShare('page-cache', 4.76e6, { reclaimable: true })],
  etas: [{ event: 'reclaim', seconds: 5e5, low: 4.3e5, high: 5.2e5 }],
  fields: { usage: field('growing', 4.76e6), heap_used: field('stable'), threads: field('stable'), working_set: field('stable') },
} as const satisfies Partial<Evaluation>;

test('the story names its file, its holder, what it is not, and how long the disk lasts', () => {
  const v = diagnose(scene(story, filesThatGrow([file()])));
  assert.equal(
    v.headline,
    'Memory used grows 114 MB a day, all of it page cache of /tmp/spring.log (794 MiB, held open for writing by pid 1, fd 27). Heap, threads and working set are flat: not a leak, the kernel takes it back at the limit. But the disk it fills lasts 12 days.',
  );
  assert.equal(v.causes[0]?.what, '/tmp/spring.log');
  assert.deepEqual(
    v.etas.map((e) => e.event),
    ['reclaim', 'disk-full'],
  );
  assert.deepEqual(
    v.findings.map((f) => f.rule),
    ['page-cache-file', 'disk-filling', 'dashboards-disagree'],
  );
});

test('a heap whose -Xmx fits the limit, and not what others leave of it, is killed at the limit', () => {
  const endsOf = (heldMib: number) =>
    diagnose(
      ruleContext({
        values: { anon: 330 * MIB, heap_used: 290 * MIB, heap_committed: 300 * MIB, held_elsewhere: heldMib * MIB },
        series: { limitBytes: 768 * MIB, heapMaxBytes: 500 * MIB },
        evaluation: {
          trend: 'growing',
          leak: true,
          causes: [causeShare('heap')],
          etas: [eta('oom-kill', 60), eta('heap-exhausted', 200)],
        },
      }),
    ).etas.map(({ event }) => event);
  assert.deepEqual(endsOf(0), ['heap-exhausted']);
  assert.deepEqual(endsOf(400), ['oom-kill', 'heap-exhausted']);
});

test('its own growth ends as soon as others that grow within the shared limit let it', () => {
  const perHour = 200 * MIB * 12;
  const v = diagnose(
    ruleContext({
      values: { anon: 500 * MIB, held_elsewhere: 324 * MIB },
      series: { limitBytes: 1024 * MIB },
      jvm: {},
      evaluation: {
        trend: 'growing',
        leak: true,
        causes: [causeShare('native', MIB)],
        etas: [eta('oom-kill', 720_000)],
        fields: { usage: field('growing', MIB), held_elsewhere: field('growing', perHour) },
      },
    }),
  );
  assert.match(v.headline, /OOM kill in 5 to 6 minutes/);
  assert.deepEqual(
    v.etas.map(({ event, seconds }) => [event, Math.round(seconds)]),
    [['oom-kill', 300]],
  );
});

test('a file on tmpfs uses memory, not a disk', () => {
  const shm = file({ path: '/dev/shm/q', fileSystem: { kind: 'tmpfs', freeBytes: 1e9, totalBytes: 1e9 } });
  const v = diagnose(
    scene(
      {
        trend: 'growing',
        leak: true,
        causes: [causeShare('shmem', 4.76e6, { reclaimable: false })],
        fields: { usage: field('growing', 4.76e6) },
      },
      filesThatGrow([shm]),
    ),
  );
  assert.equal(v.causes[0]?.what, '/dev/shm/q');
  assert.match(v.headline, /^\/dev\/shm\/q grows .*cannot take it back/);
  assert.equal(
    v.findings.some((f) => f.rule === 'disk-filling'),
    false,
  );
});

/** The leading cause and how its headline begins. */
const LEADS: readonly (readonly [CauseShare['cause'], RegExp])[] = [
  ['heap', /^The Java heap's floor after GC rises 31 MB an hour and reaches -Xmx in 9 to 11 hours: OutOfMemoryError/],
  ['native', /^Memory outside the Java heap grows 31 MB an hour/],
  ['threads', /^Threads grow.*31 MB an hour/],
  ['metaspace', /^Metaspace grows 31 MB an hour/],
  ['slab', /^Kernel memory grows 31 MB an hour on its own/],
  ['shmem', /^Shared memory .* grows 31 MB an hour/],
];
for (const [name, begins] of LEADS) {
  test(`a verdict led by ${name} says so first`, () => {
    const etas = name === 'heap' ? [{ event: 'heap-exhausted', seconds: 36000, low: 32400, high: 39600 } as const] : [];
    const v = diagnose(
      scene({
        trend: 'growing',
        leak: true,
        causes: [causeShare(name, 31e6, { reclaimable: false })],
        etas,
        fields: { usage: field('growing', 31e6) },
      }),
    );
    assert.match(v.headline, begins);
    assert.equal(v.cause, name);
  });
}

/** Trend without a cause, and how the headline begins. */
const PLAIN: readonly (readonly [Trend, RegExp])[] = [
  ['stable', /^Nothing grows\. 1\.37 GiB of 2 GiB, steady for 7 days\.$/],
  ['settling', /^Still settling: /],
  ['cyclic', /^Memory used goes up and down with the day, without lasting drift in 7 days\.$/],
  ['shrinking', /^Memory used shrinks/],
  [
    'not-enough-data',
    /^Not enough history yet: a first verdict comes in about 30 hours\. 1\.37 GiB of 2 GiB now: 623 MiB anonymous memory and 785 MiB page cache\.$/,
  ],
];
for (const [trend, begins] of PLAIN) {
  test(`${trend} is an answer in words`, () => {
    const needs = trend === 'not-enough-data' ? { hours: 30, for: 'a drift' } : null;
    assert.match(
      diagnose(scene({ trend, leak: trend === 'not-enough-data' ? null : false, needs, fields: { usage: field(trend, -1e6) } }))
        .headline,
      begins,
    );
  });
}

test('without a JVM the headline says so first, and for a container that ended it says that', () => {
  const own = scene({});
  assert.match(diagnose({ ...own, target: { ...own.target, jvm: null, reach: 'own-cgroup' } }).headline, /^No JVM found; /);
  assert.match(
    diagnose({ ...own, ended: { atMs: 0, oomKilled: true } }).headline,
    /^The container ended at 1970-01-01T00:00:00.000Z, OOM-killed\. /,
  );
});

test('each --fail-on condition does what its name says', () => {
  const table = `
    leak   trend            | leak growing unsure
    true   growing          | yes  yes     yes
    false  growing          | no   yes     no
    null   growing          | no   yes     yes
    false  stable           | no   no      no
    null   not-enough-data  | no   no      yes
    false  not-enough-data  | no   no      yes`;
  for (const line of table.trim().split('\n').slice(1)) {
    const [leak, trend, , ...want] = line.trim().split(/\s+/);
    const v = { ...diagnose(scene({})), leak: JSON.parse(leak!) as boolean | null, trend: trend as Trend };
    assert.deepEqual(
      (['leak', 'growing', 'unsure'] as const).map((gate) => (failsGate(v, gate) ? 'yes' : 'no')),
      want,
      line,
    );
  }
});

test('a name with markup or escapes is made visible and not passed on', () => {
  const v = diagnose(scene(story, filesThatGrow([file({ path: '/tmp/\u001b[2J\nfake' })])));
  assert.ok(!v.headline.includes('\u001b') && !v.headline.includes('\n'));
});

test('a container that ended at its limit before the kernel could be asked is called most likely OOM-killed; one that cache filled is not', () => {
  const ended = (anonMib: readonly number[], fileMib: number) => {
    const base = scene({});
    const t = Float64Array.from(anonMib, (_, i) => i * 10);
    const fields = new Map<FieldId, Float64Array>([
      ['anon', Float64Array.from(anonMib, (mib) => mib * 2 ** 20)],
      ['usage', Float64Array.from(anonMib, (mib) => (mib + fileMib) * 2 ** 20)],
    ]);
    const series = { ...base.series, t, fields, intervalS: 10, limitBytes: 512 * 2 ** 20 };
    return diagnose({ ...base, series, ended: { atMs: 0, oomKilled: false } }).headline;
  };
  const LIKELY = /^The container ended at \S+, at its limit: most likely OOM-killed\. /;
  assert.match(ended([400, 505], 0), LIKELY);
  assert.match(ended([300, 400], 0), LIKELY); // 10 MiB/s: there before the next sample
  assert.doesNotMatch(ended([300, 301], 210), /OOM/);
  assert.doesNotMatch(ended([505, 200], 300), /OOM/);
});

test('a growth that has no name yet says when it meets the limit at this pace, and what to keep for comparing', () => {
  const v = diagnose(
    scene({ trend: 'growing', leak: null, fields: { usage: field('growing', 15e6), anon: field('growing', 15e6) } }),
  );
  assert.match(v.headline, /^Memory grows 15 MB an hour .* At this pace the limit is reached in 41 to 50 hours\.$/);
  assert.match(v.findings[0]!.advice, /baseline/);
  assert.deepEqual(v.etas, [], 'what happens then is not known, so it is no end');
});

test('settling names the rise, and no pace below 1 MiB a day', () => {
  const base = scene({ trend: 'settling', fields: { usage: field('settling', 0) } });
  const t = Float64Array.of(0, 7 * 86400);
  const fields = new Map<FieldId, Float64Array>([['usage', Float64Array.of(600 * 2 ** 20, 777 * 2 ** 20)]]);
  const { headline } = diagnose({ ...base, series: { ...base.series, t, fields } });
  assert.equal(headline, 'Still settling: memory used rose 177 MiB in 7 days, and the growth is slowing. Ask again in 4 days.');
});

test('with two causes the first finding, and so the advice, is for the cause in the headline', () => {
  const grows = { trend: 'growing', leak: true, fields: { usage: field('growing', 16e6) } } as const;
  const [native, shmem] = [causeShare('native', 12e6, { reclaimable: false }), causeShare('shmem', 4e6, { reclaimable: false })];
  const first = (causes: readonly CauseShare[]) => diagnose(scene({ ...grows, causes })).findings[0]?.rule;
  assert.deepEqual([first([native, shmem]), first([shmem, native])], ['native-growth', 'shmem-growth']);
});

test('a finding that is worse than that of the headline comes second, and before the milder ones', () => {
  const base = scene({ ...story, causes: [causeShare('page-cache', 4.76e6, { reclaimable: true })] });
  const events = [{ t: base.atMs / 1000 - 3600, type: 'oom_kill' as const }];
  const rules = diagnose({ ...base, series: { ...base.series, events } }).findings.map((f) => f.rule);
  assert.deepEqual(rules, ['page-cache-file', 'oom-killed', 'dashboards-disagree']);
});

describe('where no limit is set', () => {
  const FIELDS = { usage: field('growing', 12e6), anon: field('growing', 12e6) };
  const without = (judgement: Partial<Evaluation>, heapMaxBytes: number | null = null) => {
    const base = scene({ trend: 'growing', leak: true, fields: FIELDS, ...judgement });
    return diagnose({
      ...base,
      target: { ...base.target, cgroup: { version: 2, path: '/x' }, limitBytes: 'max' },
      series: { ...base.series, limitBytes: 'max', heapMaxBytes },
    });
  };

  for (const name of ['native', 'threads', 'metaspace', 'shmem', 'heap', 'slab'] as const) {
    test(`${name} that grows is not said to end in an OOM kill, but where the node runs short`, () => {
      const v = without({ causes: [causeShare(name, 12e6, { reclaimable: false })] });
      assert.match(v.headline, /No limit is set: .*node runs short of memory.* evicts/);
      assert.doesNotMatch(`${v.headline} ${v.findings[0]!.advice}`, /OOM kill|the kernel killing/);
    });
  }

  test('a heap that reaches -Xmx ends in OutOfMemoryError, and the node is not mentioned', () => {
    const exhausted = { event: 'heap-exhausted', seconds: 36_000, low: 32_000, high: 40_000 } as const;
    const v = without({ causes: [causeShare('heap', 12e6, { reclaimable: false })], etas: [exhausted] }, 2 ** 29);
    assert.match(v.headline, /reaches -Xmx in 9 to 11 hours: OutOfMemoryError\.$/);
  });

  for (const name of ['page-cache', 'slab'] as const) {
    test(`${name} is taken back when the node runs short, not at a limit`, () => {
      const v = without({ leak: false, causes: [causeShare(name, 12e6, { reclaimable: true })], etas: [] });
      assert.match(v.headline, /takes? (it|them) back when the node runs short of memory/);
      assert.doesNotMatch(`${v.headline} ${v.findings[0]!.advice}`, /at the limit|the limit is met/);
    });
  }
});

test('a limit that is set, but no time to it, is not called an OOM kill', () => {
  const v = diagnose(
    scene({ trend: 'growing', leak: true, causes: [causeShare('heap', 12e6, { reclaimable: false })], etas: [] }),
  );
  assert.doesNotMatch(v.headline, /OOM|OutOfMemory|No limit/);
});

test('a time and a file name stand apart in the parts of the headline, and the parts make the headline', () => {
  const log = '/logs/gc-2026-11-24T10:00:00Z.log';
  const context = scene(story, { ...filesThatGrow([file({ path: log })]), ended: { atMs: 0, oomKilled: true } });
  const { headline, headlineParts, findings } = diagnose(context);
  const named = headlineParts.filter(({ kind }) => kind !== 'text');
  assert.deepEqual(named, [timePart(0), filePart(log)]);
  assert.equal(sentenceText(headlineParts), headline);
  assert.deepEqual(findings[0]?.titleParts, sentence`Page cache of ${filePart(log)} is growing`);
  assert.equal(findings[0]?.title, `Page cache of ${log} is growing`);
});

test('a verdict without causes or times says so with none and null, in the current schema', () => {
  const { schema, cause, eta, etas, findings } = diagnose(ruleContext());
  assert.deepEqual(
    { schema, cause, eta, etas, findings },
    { schema: 'memhound.verdict/2', cause: 'none', eta: null, etas: [], findings: [] },
  );
});

test('times come in their order, the earliest first and by itself too', () => {
  const later = { event: 'oom-kill', seconds: 9e5, low: 8e5, high: 1e6 } as const;
  const sooner = { event: 'heap-exhausted', seconds: 3e5, low: 2e5, high: 4e5 } as const;
  const v = diagnose(scene({ trend: 'growing', leak: true, causes: [causeShare('heap')], etas: [later, sooner] }));
  assert.deepEqual([v.etas, v.eta], [[sooner, later], sooner]);
});

test('only a target without a JVM that is the cgroup of memhound is called so', () => {
  const jvm = { evidence: 'hsperfdata', version: '17', collector: 'G1' } as const;
  const saysSo = (target: Partial<RuleContext['target']>) => /No JVM found/.test(diagnose(ruleContext({ target })).headline);
  assert.deepEqual(
    [
      saysSo({ jvm: null, reach: 'own-cgroup' }),
      saysSo({ jvm, reach: 'own-cgroup' }),
      saysSo({ jvm: null, reach: 'shared-pid-namespace' }),
    ],
    [true, false, false],
  );
});

test('a container that ended far below its limit is not called OOM-killed', () => {
  const at = { atMs: Date.parse('2020-12-22T00:00:00Z'), oomKilled: false };
  assert.match(
    diagnose(ruleContext({ values: { anon: 1e6 }, ended: at })).headline,
    /^The container ended at 2020-12-22T00:00:00\.000Z\. Before that: /,
  );
});

test('findings other than the first come by severity: a kill before a disk that fills in days', () => {
  const base = scene(story, filesThatGrow([file()]));
  const events = [{ t: base.atMs / 1000 - 3600, type: 'oom_kill' as const }];
  const { findings } = diagnose({ ...base, series: { ...base.series, events } });
  assert.deepEqual(
    findings.map(({ rule, severity }) => `${rule} ${severity}`),
    ['page-cache-file info', 'oom-killed critical', 'disk-filling warn', 'dashboards-disagree info'],
  );
});

describe('a condition that must not be overlooked', () => {
  const values = { anon: 240 * MIB, usage: 250 * MIB, heap_used: 80 * MIB, heap_committed: 100 * MIB };
  const over = (evaluation: Partial<Evaluation>) =>
    diagnose(ruleContext({ values, series: { limitBytes: 500 * MIB, heapMaxBytes: 400 * MIB }, evaluation }));
  const plan = '-Xmx is 400 MiB, and 140 MiB lie outside the heap: 40 MiB more than the limit of 500 MiB.';

  test('begins the headline from the first sample on, and its advice comes first', () => {
    const v = over({ trend: 'not-enough-data', leak: null });
    assert.ok(v.headline.startsWith(`${plan} Not enough history yet`), v.headline);
    assert.equal(v.findings[0]?.rule, 'plan-exceeds-limit');
  });
  test('leaves the headline to a cause of growth', () => {
    const v = over({ trend: 'growing', leak: true, causes: [causeShare('native', 1e6)] });
    assert.ok(!v.headline.includes(plan), v.headline);
    assert.ok(v.findings.some(({ rule }) => rule === 'plan-exceeds-limit'));
  });
});

test('the rule of the headline is that of the leading cause, and none where nothing grows', () => {
  assert.equal(diagnose(scene(story, filesThatGrow([file()]))).headlineRule, 'page-cache-file');
  assert.equal(diagnose(scene({})).headlineRule, null);
});

test('a container that ended has its time and whether it was OOM-killed; one that runs has not', () => {
  const own = scene({});
  const { ended, growth } = diagnose({ ...own, ended: { atMs: 0, oomKilled: true } });
  assert.deepEqual(ended, { at: '1970-01-01T00:00:00.000Z', oomKilled: 'recorded' });
  assert.deepEqual(growth, { anon: null });
  assert.equal(diagnose(own).ended, null);
});

test('a process that was killed leads the headline where nothing grows, and what the finding ends in stands beside it', () => {
  const killed = [{ name: 'wkhtmltopdf', pid: 12, anonBytes: 186 * MIB, parent: null }];
  const base = scene({});
  const events = [{ t: base.atMs / 1000 - 60, type: 'process_oom_kill' as const, killed }];
  const v = diagnose({ ...base, series: { ...base.series, events } });
  assert.match(v.headline, /^The OOM killer ended wkhtmltopdf .* still runs\. Nothing grows/);
  assert.equal(v.headlineRule, 'oom-killed');
  assert.deepEqual(
    v.findings.map(({ rule, outcome }) => [rule, outcome]),
    [
      ['oom-killed', 'had a process OOM-killed'],
      ['dashboards-disagree', null],
    ],
  );
});

test('a process that was killed within the last day begins the headline of whatever grows since', () => {
  const killed = [{ name: 'wkhtmltopdf', pid: 12, anonBytes: 186 * MIB, parent: null }];
  const base = scene({ trend: 'growing', causes: [causeShare('page-cache')] });
  const headlineAt = (secondsAgo: number) => {
    const events = [{ t: base.atMs / 1000 - secondsAgo, type: 'process_oom_kill' as const, killed }];
    return diagnose({ ...base, series: { ...base.series, events } }).headline;
  };
  assert.match(headlineAt(60), /^The OOM killer ended wkhtmltopdf .* still runs\. Memory used .*page cache/);
  assert.doesNotMatch(headlineAt(2 * 86_400), /OOM killer/);
});

test('a disk that is full within a day leads the headline where no memory grows: files may be written past the page cache', () => {
  const soon = file({ growthBytesPerHour: 1e9, fileSystem: { kind: 'disk', freeBytes: 2e9, totalBytes: 1e12 } });
  const v = diagnose(scene({ trend: 'stable' }, filesThatGrow([soon])));
  assert.match(
    v.headline,
    /^\/tmp\/spring\.log fills the disk it lies on \(1\.86 GiB free\) in 2 hours, at 17 MB a minute: Kubernetes then evicts the pod\. In memory: Nothing grows\. /,
  );
  assert.equal(v.headlineRule, 'disk-filling');
  assert.match(diagnose(scene({ trend: 'stable' }, filesThatGrow([file()]))).headline, /^Nothing grows/);
});

test('a disk that fills is said to do so at the next verdict too, although one scan has missed the file', () => {
  const soon = file({ growthBytesPerHour: 1e9, fileSystem: { kind: 'disk', freeBytes: 2e9, totalBytes: 1e12 } });
  const first = diagnoseAfter(null, scene({ trend: 'stable', fields: { usage: field('stable') } }, filesThatGrow([soon])));
  const base = scene({ trend: 'stable', fields: { usage: field('stable') } });
  const later = (seconds: number) => diagnoseAfter(first.steady, { ...base, atMs: base.atMs + seconds * 1000 }).verdict;
  assert.equal(later(10).headline, first.verdict.headline);
  assert.equal(later(10).eta?.event, 'disk-full');
});

test('of two conditions that may begin the headline the more severe one does', () => {
  const now = ruleContext().atMs / 1000;
  const leader = (heapMaxMib: number, stalledSeconds: number) => {
    const columns = {
      anon: [240 * MIB, 240 * MIB],
      usage: [250 * MIB, 250 * MIB],
      heap_used: [80 * MIB, 80 * MIB],
      heap_committed: [100 * MIB, 100 * MIB],
      high: [250 * MIB, 250 * MIB],
      high_hits: [0, 50],
      psi_full_seconds: [0, stalledSeconds],
    };
    const fields = new Map(Object.entries(columns).map(([id, values]) => [id as FieldId, Float64Array.from(values)]));
    const series = { t: Float64Array.of(now - 300, now), fields, limitBytes: 500 * MIB, heapMaxBytes: heapMaxMib * MIB };
    const { headlineRule, findings } = diagnose(ruleContext({ series }));
    return [headlineRule, ...findings.slice(0, 2).map(({ severity }) => severity)];
  };
  assert.deepEqual(leader(400, 200), ['throttled', 'critical', 'warn']);
  assert.deepEqual(leader(450, 0), ['plan-exceeds-limit', 'critical', 'warn']);
});

describe('a verdict that follows another one', () => {
  const WEEK = { usage: field('growing', 16e6), anon: field('growing', 16e6) };
  const grows = { trend: 'growing', leak: true, causes: [causeShare('native', 12e6)], fields: WEEK } as const;
  const isStable = { trend: 'stable', leak: false, fields: { usage: field('stable') } } as const;
  /** What follows on a verdict that was contradicted a minute later, after so many more seconds. */
  const after = (first: Partial<Evaluation>, then: Partial<Evaluation>, seconds: number) => {
    const base = scene(first);
    const at = (offsetS: number) => ({ ...scene(then), atMs: base.atMs + 1000 * (60 + offsetS) });
    const contradicted = diagnoseAfter(diagnoseAfter(null, base).steady, at(0));
    return diagnoseAfter(contradicted.steady, at(seconds)).verdict.trend;
  };

  test('keeps what that one said until it was contradicted for a thirtieth of its window', () => {
    const window = 7 * 86_400;
    assert.equal(after(grows, isStable, 60), 'growing');
    assert.equal(after(grows, isStable, window / 30 - 60), 'growing');
    assert.equal(after(grows, isStable, window / 30), 'stable');
  });

  test('without usage has no window, and keeps nothing', () => {
    assert.equal(after({ ...grows, fields: {} }, { ...isStable, fields: {} }, 1), 'stable');
  });
});

describe('the growth of anonymous memory counts', () => {
  const START_S = 1_600_000_000;
  /** What malloc has, read each hour: it grows by 10 MiB an hour, from its sixth hour on by 100 MiB. */
  const MIB_BY_HOUR = [0, 10, 20, 30, 40, 50, 150, 250, 350, 450];
  const lineFrom = (hour: number) => {
    const { basis, ...rest } = field('growing', 100e6);
    const line = { fromT: START_S + 3600 * hour, toT: START_S + 9 * 3600, level: 0, slopePerSecond: 1 };
    return { ...rest, basis: { ...basis, line } };
  };
  const since = (
    fields: Evaluation['fields'],
    { swapMib = 0, mib = MIB_BY_HOUR, counted = true }: { swapMib?: number; mib?: readonly number[]; counted?: boolean } = {},
  ) => {
    const t = Float64Array.from(mib, (_, hour) => START_S + 3600 * hour);
    const constant = (value: number): Float64Array => t.map(() => value);
    const values = new Map<FieldId, Float64Array>([
      ['anon', constant(700 * MIB)],
      ['swap', constant(swapMib * MIB)],
      ...(counted ? [['heap_used', constant(100 * MIB)] as const] : []),
    ]);
    const bytes = Float64Array.from(mib, (m) => m * MIB);
    const parts = { t, parts: [{ id: 'malloc-arenas', name: 'malloc', process: null, bytes }] };
    const context = ruleContext({ evaluation: { trend: 'growing', leak: true, fields }, series: { t, fields: values, parts } });
    const { anon } = diagnose({ ...context, atMs: 1000 * t[t.length - 1]! }).growth;
    return anon === null ? null : (anon.fromS - START_S) / 3600;
  };

  test('since the line of anon began, or of usage where anon has none', () => {
    assert.equal(since({ anon: lineFrom(5), usage: lineFrom(2) }), 5);
    assert.equal(since({ usage: lineFrom(2) }), 2);
  });

  test('since the run began where neither has a line', () => {
    assert.equal(since({}), 0);
    assert.equal(since({ anon: field('growing', 100e6) }), 0);
  });

  test('since the run began while memory is swapped out, which the parts count and the fields do not', () => {
    assert.equal(since({ anon: lineFrom(5) }, { swapMib: 200 }), 0);
  });

  test('since the run began where the heap has no counters, grows in steps, and has not grown since the line began', () => {
    const steps = [0, 0, 100, 100, 100, 300, 300, 300, 300, 300];
    assert.equal(since({ anon: lineFrom(7) }, { mib: steps, counted: false }), 0);
    assert.equal(since({ anon: lineFrom(7) }, { mib: steps }), null);
    assert.equal(since({ anon: lineFrom(5) }, { counted: false }), 5);
  });
});

test('an empty cgroup whose process was OOM-killed says the same whatever it is evaluated to', () => {
  const headlines = (['not-enough-data', 'stable', 'shrinking'] as const).map(
    (trend) =>
      diagnose(
        scene(
          { trend },
          {
            ...ruleContext({ target: { pid: null, jvm: null } }),
            lastEnd: { atMs: ruleContext().atMs - 60_000, oomKilled: 'recorded', address: '/api/v1/verdict?epoch=-1' },
          },
        ),
      ).headline,
  );
  assert.deepEqual(new Set(headlines).size, 1);
  assert.match(
    headlines[0]!,
    /^The process that ran here was OOM-killed at \S+\. No process has run in this cgroup since\. The verdict of what ran before: \/api\/v1\/verdict\?epoch=-1$/,
  );
});
