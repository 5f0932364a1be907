import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startHeapRecording } from '../../src/culprit/heap-recording.ts';
import { attach } from '../../src/sources/jvm/attach.ts';
import { startJava } from '../../test/support/java.ts';
import { processRef, ROOTS } from '../../test/support/process-ref.ts';
import { upperMedian } from '../stats/median.ts';

const TIMES = 5;
const RECORDING_S = 10;
const TICK_MS = 10; // USER_HZ is 100 on every Linux of today
const COMMANDS = ['GC.class_histogram', 'GC.run', 'Thread.print', 'VM.classloader_stats', 'VM.native_memory summary'];

const HEAPS = [
  { name: 'Serial, 64 MB (40 MB live)', flags: ['-XX:+UseSerialGC', '-Xms64m', '-Xmx64m'], liveMb: 40 },
  { name: 'Serial, 1 GB (700 MB live)', flags: ['-XX:+UseSerialGC', '-Xms1g', '-Xmx1g'], liveMb: 600 },
  { name: 'Serial, 4 GB (2.4 GB live)', flags: ['-XX:+UseSerialGC', '-Xms4g', '-Xmx4g'], liveMb: 2400 },
  { name: 'G1, 4 GB (2.4 GB live)', flags: ['-XX:+UseG1GC', '-Xms4g', '-Xmx4g'], liveMb: 2400 },
] as const;

interface Cost {
  readonly pauseMs: number;
  readonly cpuMs: number;
}

/** What each question costs a JVM, for heaps of several sizes: rows of a table, the question first. */
export async function questionCosts(only: string | null): Promise<{ readonly head: string[]; readonly rows: string[][] }> {
  const heaps = HEAPS.filter(({ name }) => only === null || name.includes(only));
  const columns: Map<string, Cost[]>[] = [];
  for (const { name, flags, liveMb } of heaps) {
    columns.push(await costsIn(flags, liveMb));
    console.error(`${name}: ${JSON.stringify([...columns.at(-1)!])}`);
  }
  const questions = [...columns[0]!.keys()];
  return {
    head: ['question', ...heaps.map(({ name }) => name)],
    rows: questions.map((question) => [question, ...columns.map((costs) => textOf(costs.get(question)!))]),
  };
}

async function costsIn(flags: readonly string[], liveMb: number): Promise<Map<string, Cost[]>> {
  const folder = mkdtempSync(join(tmpdir(), 'memhound-costs-'));
  const log = join(folder, 'safepoints.log');
  const all = [...flags, '-XX:NativeMemoryTracking=summary', `-Xlog:safepoint=info:file=${log}`];
  const java = await startJava('bench/culprit/CostCase.java', [String(liveMb)], { flags: all });
  const jvm = { roots: ROOTS, process: processRef(java.pid) };
  const costs = new Map<string, Cost[]>();
  const measure = async (question: string, ask: () => Promise<{ readonly state: string }>): Promise<void> => {
    const [cpu, pause] = [cpuMs(java.pid), pausedMs(log)];
    const { state } = await ask();
    if (state !== 'read') throw new Error(`${question}: ${state}`);
    const cost = { pauseMs: pausedMs(log) - pause, cpuMs: cpuMs(java.pid) - cpu };
    costs.set(question, [...(costs.get(question) ?? []), cost]);
  };
  try {
    await java.line((line) => line === 'ready');
    for (let n = 0; n < TIMES; n++) {
      for (const command of COMMANDS)
        await measure(`\`${command}\``, () => attach({ ...jvm, command: 'jcmd', args: [command], timeoutMs: 60_000 }));
      await measure(
        `the ${n === 0 ? 'first recording of a JVM' : 'recordings after it'}, ${RECORDING_S} s, with the walk at the end`,
        async () => {
          const recording = await startHeapRecording(jvm, RECORDING_S);
          if (recording.state !== 'read') return recording;
          await delay(RECORDING_S * 1000);
          return recording.value.end();
        },
      );
    }
    return costs;
  } finally {
    await java.stop('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}

/** "pause 0.9 s, CPU 0.8 s": medians. The first recording of a JVM loads the recorder, and there is one. */
function textOf(costs: readonly Cost[]): string {
  const [pause, cpu] = [upperMedian(costs.map(({ pauseMs }) => pauseMs)), upperMedian(costs.map((cost) => cost.cpuMs))];
  return `pause ${durationText(pause)}, CPU ${cpu < TICK_MS ? `under ${TICK_MS} ms` : durationText(cpu)}`;
}

const durationText = (ms: number): string =>
  ms >= 1000 ? `${(ms / 1000).toFixed(1)} s` : ms >= 10 ? `${Math.round(ms)} ms` : `${ms.toFixed(1)} ms`;

/** Of all threads, user and system. */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return TICK_MS * (Number(fields[11]) + Number(fields[12]));
}

const pausedMs = (log: string): number =>
  [...readFileSync(log, 'utf8').matchAll(/Total: +(\d+) ns/g)].reduce((sum, [, ns]) => sum + Number(ns) / 1e6, 0);
