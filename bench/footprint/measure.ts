import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { upperMedian } from '../stats/median.ts';
import { readAccount } from './process-account.ts';
import { type Program, type Setting, type Started, stopAll, which } from './program.ts';

/** One row: sizes in bytes at the window's end (RssAnon: its median), CPU and writes over the window. */
export type Row =
  | { readonly name: string; readonly state: 'absent' | 'failed'; readonly why: string }
  | {
      readonly name: string;
      readonly state: 'measured';
      readonly seconds: number;
      readonly processes: number;
      readonly cpuSeconds: number;
      readonly rssBytes: number;
      /** Median and maximum over all readings: collections of the garbage make it go up and down. */
      readonly anonBytes: number;
      readonly maxAnonBytes: number;
      /** RSS that is file pages: mostly the program's own binary, shared by all that run it. */
      readonly fileBytes: number;
      readonly groupBytes: number | null;
      /** Maximum of the page cache of its cgroup, over all readings. */
      readonly cacheBytes: number | null;
      readonly writtenBytes: number | null;
      readonly firstSampleMs: number;
      /** Containers that it watches; null: it watches the machine. */
      readonly containers: number | null;
      readonly about: unknown;
    };

interface Weighing {
  readonly program: Program;
  readonly setting: Setting;
  readonly started: Started;
}

/** Starts each program one after the other, so that none disturbs another's start; waits until all have settled, then measures them at the same time. */
export async function measurePrograms(
  programs: readonly Program[],
  settingOf: (program: Program) => Setting,
  { warmUpSeconds, seconds }: { readonly warmUpSeconds: number; readonly seconds: number },
): Promise<Row[]> {
  const rows = new Map<string, Row>();
  const running: Weighing[] = [];
  try {
    for (const program of programs) {
      const missing = program.needs.filter((need) => which(need) === null);
      if (missing.length > 0) {
        rows.set(program.name, { name: program.name, state: 'absent', why: `${missing.join(', ')}: not here` });
        continue;
      }
      const setting = settingOf(program);
      try {
        running.push({ program, setting, started: await program.start(setting) });
      } catch (error) {
        rows.set(program.name, { name: program.name, state: 'failed', why: (error as Error).message });
        await stopAll(setting.roots);
        await setting.group?.remove();
      }
    }
    await delay(warmUpSeconds * 1000);
    const before = new Map(running.map((w) => [w, reading(w)]));
    const cache = new Map<Weighing, number>();
    const anon = new Map(running.map((w) => [w, [] as number[]]));
    const end = performance.now() + seconds * 1000;
    for (let left = end - performance.now(); left > 0; left = end - performance.now()) {
      await delay(Math.min(left, 2000));
      for (const w of running) {
        const { group, roots } = w.setting;
        anon.get(w)!.push(roots.reduce((sum, r) => sum + readAccount(r.pid).anonBytes, 0));
        if (group !== null) cache.set(w, Math.max(cache.get(w) ?? 0, group.memory().cacheBytes));
      }
    }
    for (const w of running) {
      const after = reading(w);
      const first = before.get(w)!;
      const ended = w.setting.roots.find((r) => !existsSync(`/proc/${r.pid}`));
      if (ended !== undefined) {
        rows.set(w.program.name, {
          name: w.program.name,
          state: 'failed',
          why: `it ended while it was watched:\n${ended.output()}`,
        });
        continue;
      }
      rows.set(w.program.name, {
        name: w.program.name,
        state: 'measured',
        seconds: (after.atMs - first.atMs) / 1000,
        processes: after.processes,
        cpuSeconds: after.cpuSeconds - first.cpuSeconds,
        rssBytes: after.rssBytes,
        anonBytes: upperMedian(anon.get(w)!),
        maxAnonBytes: Math.max(...anon.get(w)!),
        fileBytes: after.fileBytes,
        groupBytes: w.setting.group?.memory().usageBytes ?? null,
        cacheBytes: cache.get(w) ?? null,
        writtenBytes: after.writtenBytes === null ? null : after.writtenBytes - (first.writtenBytes ?? 0),
        firstSampleMs: w.started.firstSampleMs,
        containers: w.program.containers(w.setting),
        about: await w.started.about(),
      });
    }
  } finally {
    for (const { started, setting } of running) {
      started.leave();
      await stopAll(setting.roots);
      await setting.group?.remove();
    }
  }
  return programs.flatMap((p) => rows.get(p.name) ?? []);
}

function reading({ setting }: Weighing) {
  const all = setting.roots.map((r) => readAccount(r.pid));
  const sum = (key: 'processes' | 'cpuSeconds' | 'rssBytes' | 'anonBytes' | 'fileBytes') => all.reduce((s, a) => s + a[key], 0);
  return {
    atMs: performance.now(),
    processes: sum('processes'),
    // The group's counter is finer than the clock ticks of /proc.
    cpuSeconds: setting.group?.cpuSeconds() ?? sum('cpuSeconds'),
    rssBytes: sum('rssBytes'),
    anonBytes: sum('anonBytes'),
    fileBytes: sum('fileBytes'),
    writtenBytes: all.some((a) => a.writtenBytes === null) ? null : all.reduce((s, a) => s + (a.writtenBytes ?? 0), 0),
  };
}
