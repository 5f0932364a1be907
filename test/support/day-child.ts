// Runs the real watcher, store and self-watch through so many days of ticks at full speed, on a captured tree with a simulated clock, and
// prints what it has cost. `levels`: the least RssAnon of each hundredth of the ticks, which is what a collection left.
// Usage: day-child DIR TREE DAYS EVERY_S
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { applyLowMemoryFlags } from '../../src/cli/v8-flags.ts';
import { MemoryTrimmer } from '../../src/daemon/memory-trimmer.ts';
import { podResources } from '../../src/daemon/pod-resources.ts';
import { selfAnonBytes } from '../../src/daemon/self-report.ts';
import { SelfTrendMonitor } from '../../src/daemon/self-trend.ts';
import { Watcher } from '../../src/daemon/watcher.ts';
import { openStore } from '../../src/history/store/store.ts';
import { pidsOf } from '../../src/sources/target/container-pids.ts';
import { findTargets } from '../../src/sources/target/target-search.ts';
import { EvaluationCache } from '../../src/trends/evaluation-cache.ts';
import { ANY_TARGET } from './any-target.ts';

applyLowMemoryFlags();
const [dir, tree, days, every] = process.argv.slice(2);
const everySeconds = Number(every);
const roots = { proc: join(tree!, 'proc'), cgroup: join(tree!, 'sys/fs/cgroup') };
const log = { warn: (details: object, message: string) => console.log(JSON.stringify({ warn: message, details })) };
const store = await openStore({ dir: dir!, maxDiskBytes: 64 << 20, everyS: everySeconds, log });
const search = () => findTargets({ ...ANY_TARGET, roots, selfPid: process.pid });
const evaluationCache = new EvaluationCache();
const watcher = new Watcher({
  roots,
  everySeconds,
  minHistorySeconds: 900,
  pod: podResources({}),
  store,
  stored: [],
  log: { info: log.warn, warn: log.warn },
  search,
  pidsOf: (target) => pidsOf(roots, target),
  mayAttach: false,
  asksOnAlarm: false,
  evaluationCache,
  self: () => ({}),
});
const trimmer = new MemoryTrimmer(selfAnonBytes, evaluationCache);
const selfWatch = new SelfTrendMonitor(selfAnonBytes, evaluationCache);
const start = Math.floor(Date.now() / 60_000) * 60_000;
await watcher.begin(await search(), start);
await watcher.restore(start);
const ticks = Math.round((Number(days) * 86_400) / everySeconds);
const trends = new Map<string, number>();
const levels: number[] = [];
let level = Number.POSITIVE_INFINITY;
const cpu = process.cpuUsage();
for (let tick = 1; tick <= ticks; tick++) {
  const nowMs = start + tick * everySeconds * 1000;
  await watcher.tick(nowMs);
  await watcher.saved();
  selfWatch.tick(nowMs);
  await trimmer.tick(nowMs);
  trends.set(selfWatch.trend.trend, (trends.get(selfWatch.trend.trend) ?? 0) + 1);
  level = Math.min(level, selfAnonBytes()!);
  if (tick % Math.ceil(ticks / 100) !== 0) continue;
  levels.push(level);
  level = Number.POSITIVE_INFINITY;
}
const used = process.cpuUsage(cpu);
const written = Number(/^write_bytes: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1]);
const cost = { cpuMsPerTick: (used.user + used.system) / 1000 / ticks, writtenPerTick: written / ticks };
console.log(
  JSON.stringify({
    ticks,
    targets: watcher.status.targets().length,
    self: selfWatch.trend,
    trends: [...trends],
    levels,
    ...cost,
  }),
);
await watcher.close();
