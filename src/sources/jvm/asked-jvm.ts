import { MINUTE_MS, SECOND_MS } from '../../units.ts';
import type { JvmReading, ProcessRef, Reading, Roots } from '../types.ts';
import { attach } from './attach.ts';
import { G1CycleCounter } from './g1-cycles.ts';
import { toAskedReading } from './jcmd-reading.ts';
import { readJvmArguments } from './jvm-arguments.ts';

const TIMEOUT_MS = 5 * SECOND_MS;
const LEAST_INTERVAL_MS = 10 * SECOND_MS;
/** The JVM answers in a thread of its own: what it may cost is a thousandth of a core, and the time until it answered is the most it cost. */
const MAX_SHARE = 0.001;

/** A JVM that keeps no hsperfdata, asked by the attach protocol from time to time; between two questions the last answer stands, with its age. */
export class AskedJvm {
  readonly #roots: Roots;
  readonly #process: ProcessRef;
  readonly #g1Cycles = new G1CycleCounter();
  #args: readonly string[] | null = null;
  #version: string | null = null;
  /** Not among the commands of this JVM (JDK 8; VM.events begins with JDK 14). */
  readonly #unknown = new Set<string>();
  #last: Reading<JvmReading> | null = null;
  #asking: Promise<void> | null = null;
  #nextMs = 0;

  constructor(roots: Roots, process: ProcessRef) {
    this.#roots = roots;
    this.#process = process;
  }

  /** The newest answer; null: none yet. Asks again where it is time, and does not wait for it. */
  read(nowMs: number): Reading<JvmReading> | null {
    if (nowMs >= this.#nextMs) void this.ask(nowMs);
    return this.#last;
  }

  /** Resolves once the question that is under way has been answered or given up. */
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
    const events = (await this.#text('VM.events')) || (await this.#text('VM.info'));
    const reading = toAskedReading(
      { heapInfo: heap.value, events, metaspace: await this.#text('VM.metaspace'), version: this.#version, args: this.#args },
      heap.atMs,
      this.#g1Cycles,
    );
    this.#nextMs = nowMs + Math.max(LEAST_INTERVAL_MS, (performance.now() - began) / MAX_SHARE);
    this.#last =
      reading === null
        ? { state: 'absent', reason: `pid ${this.#process.pid} answers GC.heap_info with something that is not understood` }
        : { state: 'read', value: { ...reading, nspid: this.#process.nspid }, atMs: heap.atMs };
  }

  #command = (line: string): Promise<Reading<string>> =>
    attach({ roots: this.#roots, process: this.#process, command: 'jcmd', args: [line], timeoutMs: TIMEOUT_MS });

  /** Empty where the JVM does not know the command; it is not asked for it again. */
  async #text(line: string): Promise<string> {
    if (this.#unknown.has(line)) return '';
    const reading = await this.#command(line);
    if (reading.state === 'read' && !reading.value.startsWith('java.lang.IllegalArgumentException')) return reading.value;
    this.#unknown.add(line);
    return '';
  }
}
