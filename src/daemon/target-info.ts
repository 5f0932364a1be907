import type { TargetInfo } from '../diagnosis/types.ts';
import type { Tick } from '../sample/sampler.ts';
import type { Target } from '../sources/types.ts';

/** The public form of a target, with values of its newest tick. */
export function targetInfo(target: Target, tick: Tick | null): TargetInfo {
  const jvm = tick?.jvm.state === 'read' ? tick.jvm.value : null;
  return {
    id: target.id,
    name: target.identity.name,
    container: target.container,
    pid: target.process?.pid ?? null,
    reach: target.reach,
    cgroup: { version: target.cgroup.version, path: target.cgroup.path },
    limitBytes: tick?.sample.limitBytes ?? null,
    otherJvms: target.otherJvms,
    jvm:
      target.jvm === null
        ? null
        : { evidence: target.jvm.evidence, version: jvm?.version ?? null, collector: jvm?.collector ?? null },
  };
}
