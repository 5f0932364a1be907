import { MINUTE_MS, SECOND_MS } from '../../units.ts';
import type { JvmReading, ProcessRef, Reading, Roots } from '../types.ts';
import { attach } from './attach.ts';
import { G1CycleCounter } from './g1-cycles.ts';
import { toAskedReading, withNewerAnswer } from './jcmd-reading.ts';
import { readJvmArguments } from './jvm-arguments.ts';

const TIMEOUT_MS = 5 * SECOND_MS;
const LEAST_INTERVAL_MS = 10 * SECOND_MS;
/** Maximum cost, a thousandth of a core. The JVM answers in a separate thread, so an answer costs at most the time until it arrived. */
const MAX_SHARE = 0.001;
/** The commands that print the history of collections; the second one where a JVM does not have the first. */
const HISTORY = ['VM.events', 'VM.info'] as const;

const isOld = (counters: JvmReading, nowMs: number): boolean => nowMs - counters.heapUsed.atMs >= LEAST_INTERVAL_MS;

/**
 * Reads a JVM by the attach protocol from time to time: one without hsperfdata, or one whose hsperfdata shows its heap only as of the last
 * collection. In between, the last answer is used, with its age.
 */
export class AskedJvm {
  readonly #roots: Roots;
  readonly #process: ProcessRef;
  readonly #g1Cycles = new G1CycleCounter();
  #args: readonly string[] | null = null;
  #version: string | null = null;
  /** The commands that this JVM does not have (JDK 8; VM.events since JDK 14), or whose answer is not needed. */
  readonly #omitted = new Set<string>();
  #last: Reading<JvmReading> | null = null;
  #asking: Promise<void> | null = null;
  #nextMs = 0;

  constructor(roots: Roots, process: ProcessRef) {
    this.#roots = roots;
    this.#process = process;
  }

  /** The newest answer; null: none yet. If it is time, it sends the next commands, and does not wait for their answer. */
  read(nowMs: number): Reading<JvmReading> | null {
    if (nowMs >= this.#nextMs) void this.ask(nowMs);
    return this.#last;
  }

  /** Its counters, with its newest answer in place of what only a collection updates. */
  update(counters: JvmReading, nowMs: number): JvmReading {
    if (!isOld(counters, nowMs)) return counters;
    if (nowMs >= this.#nextMs) void this.askAbout(counters, nowMs);
    return this.#last?.state === 'read' ? withNewerAnswer(counters, this.#last.value) : counters;
  }

  /** Asks only for what the counters do not show. */
  async askAbout(counters: JvmReading, nowMs: number): Promise<void> {
    if (!isOld(counters, nowMs)) return;
    this.#omitted.add('VM.metaspace');
    if (counters.gcCount !== null) for (const command of HISTORY) this.#omitted.add(command);
    await this.ask(nowMs);
  }

  /** Resolves when the commands that were sent are answered or abandoned. */
  ask(nowMs: number): Promise<void> {
    this.#asking ??= this.#ask(nowMs).finally(() => {
      this.#asking = null;
    });
    return this.#asking;
  }

  async #ask(nowMs: number): Promise<void> {
    const began = performance.now();
    const heap = await this.#command('GC.heap_info');
    if (heap.state !== 'read') {
      this.#last = heap;
      this.#nextMs = nowMs + MINUTE_MS;
      return;
    }
    this.#args ??= readJvmArguments(this.#roots.proc, this.#process.pid);
    this.#version ??= await this.#text('VM.version');
    const events = (await this.#text(HISTORY[0])) || (await this.#text(HISTORY[1]));
    const reading = toAskedReading(
      { heapInfo: heap.value, events, metaspace: await this.#text('VM.metaspace'), version: this.#version, args: this.#args },
      heap.atMs,
      this.#g1Cycles,
    );
    // The first answer is waited for longer, because the JVM begins to listen only then.
    const costMs = this.#last === null ? 0 : performance.now() - began;
    this.#nextMs = nowMs + Math.max(LEAST_INTERVAL_MS, costMs / MAX_SHARE);
    this.#last =
      reading === null
        ? { state: 'absent', reason: `pid ${this.#process.pid} answers GC.heap_info with something that is not understood` }
        : { state: 'read', value: { ...reading, nspid: this.#process.nspid }, atMs: heap.atMs };
  }

  #command = (line: string): Promise<Reading<string>> =>
    attach({ roots: this.#roots, process: this.#process, command: 'jcmd', args: [line], timeoutMs: TIMEOUT_MS });

  /** Empty if the JVM does not know the command, which is then not sent again. */
  async #text(line: string): Promise<string> {
    if (this.#omitted.has(line)) return '';
    const reading = await this.#command(line);
    if (reading.state === 'read' && !reading.value.startsWith('java.lang.IllegalArgumentException')) return reading.value;
    this.#omitted.add(line);
    return '';
  }
}
