import { resolve } from 'node:path';
import type { FieldValues } from '../fields.ts';
import { openCgroup } from '../sources/cgroup/cgroup.ts';
import { AskedJvm } from '../sources/jvm/asked-jvm.ts';
import { openHsperfdata } from '../sources/jvm/hsperfdata.ts';
import { readJvmArguments } from '../sources/jvm/jvm-arguments.ts';
import type { JvmEvidence } from '../sources/jvm/jvm-detection.ts';
import { jvmValues } from '../sources/jvm/jvm-values.ts';
import { plannedHeapBytes } from '../sources/jvm/planned-heap.ts';
import { openProcess } from '../sources/process/process.ts';
import { instanceOf } from '../sources/target/target-identity.ts';
import type { CgroupReading, FileProblem, JvmReading, Limit, Reading, Roots, Source, Target } from '../sources/types.ts';
import type { Sample } from './types.ts';

/** Everything that one tick read of a target, and its sample. */
export interface Tick {
  readonly sample: Sample;
  readonly cgroup: Reading<CgroupReading>;
  readonly jvm: Reading<JvmReading>;
  /** False if the target's process has ended, or its pid now belongs to another process. */
  readonly alive: boolean;
}

export interface Sampler {
  tick(nowMs: number): Tick;
  /** If hsperfdata is missing or shows the heap as of an earlier collection, and the JVM may be asked: asks it, for the next tick. */
  askJvm(nowMs: number): Promise<void>;
  close(): void;
}

/** Reads all sources of one target, each independently: a source that fails loses only its own fields. */
export function openSampler(target: Target, roots: Roots, mayAttach: boolean): Sampler {
  const { process } = target;
  const cgroup = openCgroup(target.cgroup);
  const procfs = process === null ? null : openProcess({ roots, process });
  const hsperfdata = process === null || target.jvm === null ? null : openHsperfdata({ roots, process });
  const asked = process === null || target.jvm === null || !mayAttach ? null : new AskedJvm(roots, process);
  const epoch = instanceOf(target.cgroup.path, process);
  // The arguments of a process never change.
  let args: readonly string[] | null = null;
  const heapMaxByArguments = (limitBytes: Limit): number | null => {
    if (process === null || target.jvm === null) return null;
    args ??= readJvmArguments(roots.proc, process.pid);
    return plannedHeapBytes(args, limitBytes);
  };
  return {
    tick(nowMs) {
      const group = cgroup.read(nowMs);
      const subject = procfs?.read(nowMs) ?? null;
      const alive = group.state !== 'absent' && subject?.state !== 'absent';
      const jvm: Reading<JvmReading> =
        hsperfdata === null || !alive
          ? { state: 'absent', reason: 'no JVM in this container' }
          : withAnswers(hsperfdata.read(nowMs), { asked, answers: target.jvm !== null && isHotspot(target.jvm.evidence) }, nowMs);
      const limitBytes = group.state === 'read' ? group.value.limitBytes : null;
      const sample: Sample = {
        atMs: nowMs,
        epoch,
        values: {
          ...valuesOf(group, ({ values }) => values),
          ...(alive && subject !== null ? valuesOf(subject, (values) => values) : {}),
          ...valuesOf(jvm, jvmValues),
        },
        limitBytes,
        heapMaxBytes: jvm.state === 'read' ? jvm.value.heapMax : alive ? heapMaxByArguments(limitBytes) : null,
        failures: [
          failureOf(cgroup, group),
          failureOf(procfs, subject),
          failureOf(hsperfdata, jvm),
          ...(group.state === 'read' ? group.value.problems.map((problem) => problemOf(problem, target.cgroup.dir)) : []),
        ].filter((f) => f !== null),
      };
      return { sample, cgroup: group, jvm, alive };
    },
    async askJvm(nowMs) {
      const counters = hsperfdata?.read(nowMs);
      if (counters?.state === 'absent') await asked?.ask(nowMs);
      if (counters?.state === 'read') await asked?.askAbout(counters.value, nowMs);
    },
    close() {
      for (const source of [cgroup, procfs, hsperfdata]) source?.close();
    },
  };
}

/** hsperfdata, with the JVM's own answers where it is missing or older than they are. */
function withAnswers(
  counters: Reading<JvmReading>,
  { asked, answers }: { readonly asked: AskedJvm | null; readonly answers: boolean },
  nowMs: number,
): Reading<JvmReading> {
  if (counters.state === 'read' && asked !== null) return { ...counters, value: asked.update(counters.value, nowMs) };
  if (counters.state !== 'absent') return counters;
  if (asked === null && !answers) return counters;
  if (asked === null)
    return { ...counters, reason: `${counters.reason}; or run memhound with --attach, which asks the JVM itself` };
  const answer = asked.read(nowMs);
  if (answer === null || answer.state === 'read')
    return answer ?? { ...counters, reason: `${counters.reason}; the JVM is being asked` };
  const why = answer.state === 'absent' ? answer.reason : answer.error;
  return { ...counters, reason: `${counters.reason}; the JVM was asked and did not answer: ${why}` };
}

/** OpenJ9 and native images do not speak the attach protocol. */
const isHotspot = (evidence: JvmEvidence): boolean => evidence !== 'openj9' && evidence !== 'native-image';

const valuesOf = <T>(reading: Reading<T>, toValues: (value: T) => FieldValues): FieldValues =>
  reading.state === 'read' ? toValues(reading.value) : {};

/** A file of the cgroup that is wrong, though the others are read. */
const problemOf = ({ file, error }: FileProblem, dir: string): Sample['failures'][number] => ({
  source: file.slice(file.lastIndexOf('/') + 1),
  error,
  remediation: `see whether the file is the kernel's: cat ${resolve(dir, file)}`,
});

function failureOf<T>(source: Source<T> | null, reading: Reading<T> | null): Sample['failures'][number] | null {
  if (source === null || reading?.state !== 'failed') return null;
  return { source: source.name, error: reading.error, remediation: reading.remediation };
}
