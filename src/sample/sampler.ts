import type { ByField, FieldId } from '../fields.ts';
import { openCgroup } from '../sources/cgroup/cgroup.ts';
import { openHsperfdata } from '../sources/jvm/hsperfdata.ts';
import { readProcessSample, readStartTicks } from '../sources/process/procfs.ts';
import { instanceOf } from '../sources/target/target-identity.ts';
import type { CgroupReading, JvmReading, Reading, Roots, Target } from '../sources/types.ts';
import type { Sample } from './types.ts';

/** Everything that one tick read of a target, and its sample. */
export interface Tick {
  readonly sample: Sample;
  readonly cgroup: Reading<CgroupReading>;
  readonly jvm: Reading<JvmReading>;
  readonly rssBytes: number | null;
  /** False if the target's process has ended, or its pid now belongs to another process. */
  readonly alive: boolean;
}

export interface Sampler {
  tick(nowMs: number): Tick;
  close(): void;
}

/** Reads all sources of one target, each independently: a source that fails loses only its own fields. */
export function openSampler(target: Target, roots: Roots): Sampler {
  const cgroup = openCgroup(target.cgroup);
  const jvm = target.process === null || target.jvm === null ? null : openHsperfdata({ roots, process: target.process });
  const epoch = instanceOf(target.cgroup.path, target.process);
  return {
    tick(nowMs) {
      const values: ByField<number> = {};
      const failures: Sample['failures'][number][] = [];
      const group = cgroup.read(nowMs);
      if (group.state === 'read') Object.assign(values, group.value.values);
      else if (group.state === 'failed') failures.push({ source: 'cgroup', error: group.error, remediation: group.remediation });

      let rssBytes: number | null = null;
      let alive = group.state !== 'absent';
      if (target.process !== null) {
        const { pid, startTicks } = target.process;
        const processSample = readProcessSample(roots.proc, pid);
        alive &&= processSample !== null && readStartTicks(roots.proc, pid) === startTicks;
        if (alive && processSample !== null) {
          rssBytes = processSample.vmRssBytes;
          if (processSample.vmRssBytes !== null) values.rss = processSample.vmRssBytes;
          if (processSample.threads !== null) values.threads = processSample.threads;
        }
      }

      const java: Reading<JvmReading> =
        jvm === null || !alive ? { state: 'absent', reason: 'no JVM in this container' } : jvm.read(nowMs);
      if (java.state === 'read') Object.assign(values, jvmValues(java.value));
      else if (java.state === 'failed') failures.push({ source: 'hsperfdata', error: java.error, remediation: java.remediation });

      const sample: Sample = {
        atMs: nowMs,
        epoch,
        values,
        limitBytes: group.state === 'read' ? group.value.limitBytes : null,
        heapMaxBytes: java.state === 'read' ? java.value.heapMax : null,
        failures,
      };
      return { sample, cgroup: group, jvm: java, rssBytes, alive };
    },
    close() {
      cgroup.close();
      jvm?.close();
    },
  };
}

/** The JVM's counters as fields. Exported for recordings, which contain the same hsperfdata. */
export function jvmValues(jvm: JvmReading): Partial<Record<FieldId, number>> {
  return {
    heap_used: jvm.heapUsed.value,
    heap_committed: jvm.heapCommitted.value,
    gc_count: jvm.gcCount,
    ...(jvm.fullGcCount === null ? {} : { full_gc_count: jvm.fullGcCount }),
    gc_seconds: jvm.gcSeconds,
    ...(jvm.oldUsed === null ? {} : { old_used: jvm.oldUsed.value }),
    ...(jvm.metaspace === null ? {} : { metaspace: jvm.metaspace.used.value }),
    ...(jvm.classes === null ? {} : { classes: jvm.classes.loaded - jvm.classes.unloaded }),
  };
}
