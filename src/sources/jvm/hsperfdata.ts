import { closeSync, fstatSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { ageMs, Due } from '../../clock.ts';
import { KIB, MIB, MINUTE_MS } from '../../units.ts';
import { isReadOnlyPath, readMountinfo } from '../process/mountinfo.ts';
import { openFileUnder } from '../process/pinned-path.ts';
import { readStartTicks } from '../process/procfs.ts';
import { isAbsence, isDenialCode } from '../process/read-text.ts';
import type { JvmReading, ProcessRef, Reading, Roots, Source } from '../types.ts';
import { G1CycleCounter } from './g1-cycles.ts';
import { type Counters, type Layout, readLayout, readValues } from './hsperf-format.ts';
import { readJvmArguments } from './jvm-arguments.ts';
import { isUnusable, openHsperfFile } from './jvm-detection.ts';
import { booleanFlag } from './jvm-flags.ts';
import { toJvmReading } from './jvm-reading.ts';
import { processKind } from './process-kind.ts';

export { toJvmReading } from './jvm-reading.ts';

/** A JVM's file has 32 KiB, or up to a few hundred with -XX:PerfDataMemorySize. A larger file is not from a JVM. */
const MAX_BYTES = 4 * MIB;

export type ParsedHsperfdata =
  | { readonly state: 'read'; readonly counters: Counters }
  | { readonly state: 'failed'; readonly error: string };

/** Parses the bytes of a file. It never throws, for any bytes. */
export function parseHsperfdata(bytes: Uint8Array): ParsedHsperfdata {
  const layout = readLayout(bytes);
  return layout.state === 'read' ? { state: 'read', counters: readValues(bytes, layout) } : layout;
}

type Absent = Extract<Reading<never>, { state: 'absent' }>;
type Failed = Extract<Reading<never>, { state: 'failed' }>;

export interface JvmReader extends Source<JvmReading> {
  /** The used bytes of the file, for `memhound capture`; null: there is no file. */
  rawBytes(): Buffer | null;
}

/** Reads one JVM's hsperfdata repeatedly. It keeps the descriptor and the layout, and reads only the bytes each time. */
export function openHsperfdata(options: { readonly roots: Roots; readonly process: ProcessRef }): JvmReader {
  const { roots, process } = options;
  let fd: number | null = null;
  let buffer = Buffer.alloc(0);
  let layout: Extract<Layout, { state: 'read' }> | null = null;
  let previous: JvmReading | null = null;
  const g1Cycles = new G1CycleCounter();

  // Its start options do not change. Its program and files are read again after a while, because a launcher becomes a JVM.
  let reason: { readonly text: string; readonly untilMs: number } | null = null;
  const whyAbsent = (): string => {
    const now = performance.now();
    if (reason === null || now >= reason.untilMs) reason = { text: absenceReason(roots, process), untilMs: now + MINUTE_MS };
    return reason.text;
  };

  /** The descriptor of the process's own file, or why there is none. */
  const search = (): number | Absent | Failed => {
    const file = openHsperfFile(roots.proc, process.pid, process);
    if (file === null) return { state: 'absent', reason: whyAbsent() };
    if (file.state === 'refused') return refusal(process, file.code);
    // If a dead JVM of the same pid left its file behind, no process maps that file.
    const kind = processKind(roots.proc, process.pid);
    if (kind === null || kind.hsperfdata !== null) return file.fd;
    const isEmpty = fstatSync(file.fd).blocks === 0;
    closeSync(file.fd);
    const name = `/tmp/hsperfdata_*/${process.nspid}`;
    return {
      state: 'absent',
      reason: isEmpty
        ? `${name} is empty, because its /tmp was full when the JVM started; give it room, and restart the JVM for heap figures`
        : `${name} was left behind by another JVM that had the same pid`,
    };
  };

  // A JVM makes its file at its start. The longer it has none, the less often it is searched for: that costs more than the rest of a sample.
  let unfound: { readonly why: Absent | Failed; readonly sinceMs: number } | null = null;
  const searchDue = new Due();
  const searchIfDue = (nowMs: number): number | Absent | Failed => {
    if (unfound !== null && !searchDue.isDue(nowMs)) return unfound.why;
    const found = search();
    const sinceMs = unfound?.sinceMs ?? nowMs;
    unfound = typeof found === 'number' ? null : { why: found, sinceMs };
    searchDue.wait(nowMs, Math.min(MINUTE_MS, ageMs(sinceMs, nowMs) / 2));
    return found;
  };

  /** Reads the bytes into `buffer`; null: done, else why not. */
  const fill = (nowMs: number): Absent | Failed | null => {
    if (fd === null) {
      const found = searchIfDue(nowMs);
      if (typeof found !== 'number') return found;
      fd = found;
    }
    const { size } = fstatSync(fd);
    if (size > MAX_BYTES)
      return { state: 'absent', reason: `hsperfdata of pid ${process.pid} is ${size} bytes, expected at most ${MAX_BYTES}` };
    if (buffer.length !== size) {
      buffer = Buffer.alloc(size);
      layout = null;
    }
    const n = readSync(fd, buffer, 0, size, 0);
    if (n !== size) {
      // It was cut after its size was read.
      buffer = buffer.subarray(0, n);
      layout = null;
    }
    return null;
  };

  const counters = (): ParsedHsperfdata => {
    // The JVM appends counters when subsystems start. The layout is valid while the number of counters is the same.
    if (
      layout === null ||
      buffer.length < 32 ||
      layout.numEntries !== new DataView(buffer.buffer, buffer.byteOffset).getInt32(28, layout.littleEndian)
    ) {
      const fresh = readLayout(buffer);
      if (fresh.state !== 'read') return fresh;
      layout = fresh;
    }
    return { state: 'read', counters: readValues(buffer, layout) };
  };

  return {
    name: 'hsperfdata',
    read(nowMs) {
      try {
        // A JVM that was killed leaves its file behind, with its last values.
        if (readStartTicks(roots.proc, process.pid) !== process.startTicks)
          return { state: 'absent', reason: `pid ${process.pid} has ended; a file it left behind is stale and not read` };
        for (let attempt = 0; ; attempt++) {
          const unread = fill(nowMs);
          if (unread !== null) return unread;
          const parsed = counters();
          if (parsed.state === 'failed') return { state: 'failed', error: parsed.error, remediation: null };
          const reading = { ...toJvmReading(parsed.counters, { atMs: nowMs, previous, g1Cycles }), nspid: process.nspid };
          // The JVM writes without locks. If used is above capacity, this read was between two writes: read once more, then accept it.
          if (attempt < 2 && reading.heapUsed.value > reading.heapCommitted.value) continue;
          previous = reading;
          return { state: 'read', value: reading, atMs: nowMs };
        }
      } catch (error) {
        if (isAbsence(error)) return { state: 'absent', reason: `pid ${process.pid} has ended` };
        return { state: 'failed', error: `hsperfdata of pid ${process.pid}: ${(error as Error).message}`, remediation: null };
      }
    },
    rawBytes() {
      try {
        if (fill(Date.now()) !== null) return null;
      } catch (error) {
        if (isAbsence(error)) return null;
        throw error;
      }
      const used = layout?.used ?? buffer.length;
      return Buffer.from(buffer.subarray(0, used > 0 && used <= buffer.length ? used : buffer.length));
    },
    close() {
      if (fd !== null) closeSync(fd);
      fd = null;
    },
  };
}

const refusal = ({ pid, uid, gid }: ProcessRef, code: string): Failed =>
  isDenialCode(code)
    ? {
        state: 'failed',
        error: `hsperfdata of pid ${pid} may not be read: its mode is 0600`,
        remediation: `run memhound as uid ${uid}, gid ${gid}`,
      }
    : { state: 'failed', error: `hsperfdata of pid ${pid} cannot be opened: ${code}`, remediation: null };

const WITHOUT_COUNTERS = 'the cgroup, files and mappings are watched all the same, without figures of the heap and of metaspace';

/** The reason why a JVM has no hsperfdata and what the operator can do, as far as its program, options and uid show it. */
function absenceReason(roots: Roots, process: ProcessRef): string {
  const kind = processKind(roots.proc, process.pid);
  if (kind?.machine === 'openj9') return `this is OpenJ9, which keeps no hsperfdata: ${WITHOUT_COUNTERS}`;
  if (kind?.machine === 'native-image') return `this is a GraalVM native image, which keeps no hsperfdata: ${WITHOUT_COUNTERS}`;
  const args = readJvmArguments(roots.proc, process.pid);
  if (booleanFlag(args, 'UsePerfData') === false)
    return 'the JVM was started with -XX:-UsePerfData, so it keeps no hsperfdata; remove that flag for heap figures';
  if (booleanFlag(args, 'PerfDisableSharedMem') === true)
    return 'the JVM was started with -XX:+PerfDisableSharedMem, so its hsperfdata is no file; remove that flag for heap figures';
  if (kind?.hsperfdata === 'deleted')
    return `its /tmp/hsperfdata_*/${process.nspid} has been removed while the JVM runs, as cleaners of /tmp do, and a JVM of another container that shares it, when it starts: exclude that folder, or give each container a /tmp of its own, and restart the JVM for heap figures`;
  if (kind?.hsperfdata === 'mapped')
    return `its /tmp/hsperfdata_*/${process.nspid} is hidden, because another volume has been mounted over /tmp since the JVM started; mount it before, and restart the JVM for heap figures`;
  if (isReadOnlyPath(readMountinfo(join(roots.proc, String(process.pid))), '/tmp'))
    return 'its /tmp is read-only, so the JVM can make no hsperfdata; give the container a /tmp that can be written (an emptyDir, medium Memory)';
  const passwd = passwdHas(roots, process);
  if (passwd === false)
    return `uid ${process.uid} has no entry in the container's /etc/passwd, and without a user name the JVM makes no hsperfdata; add one, or set runAsUser to a uid that has one`;
  return `there is no /tmp/hsperfdata_*/${process.nspid} in the container: the JVM has just started, or its /tmp is full or shared with another JVM of the same pid; give the container a /tmp of its own that can be written`;
}

/** Whether /etc/passwd has an entry for the process's uid; null: not known. */
function passwdHas(roots: Roots, process: ProcessRef): boolean | null {
  const file = openFileUnder(join(roots.proc, String(process.pid), 'root'), 'etc/passwd');
  if (file.state === 'refused') {
    if (isUnusable(file.code)) return null;
    throw new Error(`/etc/passwd of pid ${process.pid}: expected a file that can be opened, found ${file.code}`);
  }
  try {
    const bytes = Buffer.alloc(256 * KIB);
    const n = readSync(file.fd, bytes, 0, bytes.length, 0);
    return new RegExp(`^[^:\\n]*:[^:\\n]*:${process.uid}:`, 'm').test(bytes.toString('utf8', 0, n));
  } finally {
    closeSync(file.fd);
  }
}
