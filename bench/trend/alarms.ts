/**
 * node --import tsx bench/trend/alarms.ts [SERIES OF A KIND] [--threads N] [--by-all] [--from SEED]
 * Healthy containers for a week, evaluated every ten minutes as `watch` does, with its alarm. A week is false if any of its 1,008 evaluations
 * has leak true. And the story, 200 runs. `--by-all` makes all 1,008 (bench/trend/evaluation-replay.ts says why a third is enough).
 */

import { Random } from '../../synthetic/random.ts';
import { wilsonInterval } from '../stats/wilson-interval.ts';
import { runOnThreads } from '../stats/worker-threads.ts';
import { EvaluationReplay, firstAlarm, firstAlarmByAll } from './evaluation-replay.ts';
import { HEALTHY_KINDS, type HealthyKind, healthyColumns } from './healthy-series.ts';
import { runStory, type StoryField, type StoryResult } from './missing-800mb.ts';

const { argv } = process;
const numberAfter = (flag: string, otherwise: number): number =>
  argv.includes(flag) ? Number(argv[argv.indexOf(flag) + 1]) : otherwise;
const count = Number(/^\d+$/.test(argv[2] ?? '') ? argv[2] : 40);
const threads = numberAfter('--threads', 2);
const first = numberAfter('--from', 1);
const byAll = argv.includes('--by-all');
const SAMPLES = 2016;
const LIMIT = 2e9;
const RUNS = 200;

type Task = { readonly kind: HealthyKind; readonly seed: number } | { readonly story: StoryField; readonly seed: number };

interface Done {
  readonly task: Task;
  /** The index of the first false evaluation of a week, or null. */
  readonly alarmedAt: number | null;
  readonly worked: number;
  readonly storyResult: StoryResult | null;
  readonly wallMs: number;
}

function work(task: Task): Done {
  const began = performance.now();
  if ('story' in task) {
    const storyResult = runStory(task.story, task.seed);
    return { task, alarmedAt: null, worked: 0, storyResult: storyResult, wallMs: performance.now() - began };
  }
  const random = new Random(100_003 * (HEALTHY_KINDS.indexOf(task.kind) + 1) + task.seed);
  const asked = new EvaluationReplay(healthyColumns(task.kind, random, SAMPLES), LIMIT);
  const alarmedAt = byAll ? firstAlarmByAll(asked) : firstAlarm(asked);
  return { task, alarmedAt, worked: asked.worked, storyResult: null, wallMs: performance.now() - began };
}

const seeds = Array.from({ length: count }, (_, i) => first + i);
const runs = Array.from({ length: Math.min(RUNS, Math.max(20, count)) }, (_, i) => i + 1);
const tasks: Task[] = [
  ...seeds.flatMap((seed) => HEALTHY_KINDS.map((kind) => ({ kind, seed }))),
  ...(['file', 'anon'] as const).flatMap((story) => runs.map((seed) => ({ story, seed }))),
];
const began = performance.now();
const onDone = (done: number) => {
  if (!process.stderr.isTTY && done % 100 !== 0) return;
  const leftMin = ((performance.now() - began) / done / 60_000) * (tasks.length - done);
  process.stderr.write(
    `${process.stderr.isTTY ? '\r' : ''}${done} of ${tasks.length}, about ${leftMin.toFixed(1)} min left  ${process.stderr.isTTY ? '' : '\n'}`,
  );
};
const all = await runOnThreads(import.meta.url, tasks, work, { threads, onDone });
if (all !== null) print(all);

function print(results: readonly Done[]): void {
  console.log(`false weeks, ${count} of a kind: any of 1,008 answers has leak true`);
  for (const kind of HEALTHY_KINDS) {
    const weeks = results.filter(({ task }) => 'kind' in task && task.kind === kind);
    const alarmed = weeks.filter(({ alarmedAt }) => alarmedAt !== null);
    const ms = weeks.reduce((sum, { wallMs }) => sum + wallMs, 0) / weeks.length;
    const answers = weeks.reduce((sum, { worked }) => sum + worked, 0) / weeks.length;
    console.log(
      `  ${kind.padEnd(12)} ${wilsonInterval(alarmed.length, weeks.length).padEnd(46)} ${(ms / 1000).toFixed(2)} s a week (by the clock), ${answers.toFixed(0)} answers worked out`,
    );
    for (const { task, alarmedAt } of alarmed.slice(0, 12))
      console.log(`               seed ${task.seed}: alarm after ${((alarmedAt! + 1) / 6).toFixed(1)} h`);
  }
  console.log('\nthe story: 4.76 MB/h on 635 MB, daily 40 MB, AR(1) 0.9 of 12 MB');
  for (const story of ['file', 'anon'] as const) {
    const storyResult = results.flatMap((done) => ('story' in done.task && done.task.story === story ? [done.storyResult!] : []));
    const share = (test: (one: StoryResult) => boolean) => wilsonInterval(storyResult.filter(test).length, storyResult.length);
    const hours = storyResult.map(({ afterH }) => afterH ?? Number.POSITIVE_INFINITY).sort((a, b) => a - b);
    console.log(`  in ${story}: one answer at 48 h names it  ${share(({ at48 }) => at48)}`);
    console.log(`           one answer at 72 h names it  ${share(({ at72 }) => at72)}`);
    console.log(`           alarm in a row within 48 h    ${share(({ afterH }) => afterH !== null && afterH <= 48)}`);
    console.log(
      `           alarm in a row within 72 h    ${share(({ afterH }) => afterH !== null)}; half of them after ${hours[hours.length >> 1]!.toFixed(1)} h`,
    );
  }
}
