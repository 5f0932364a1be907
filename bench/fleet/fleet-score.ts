import type { Verdict } from '../../src/diagnosis/types.ts';
import type { FleetContainer } from '../../synthetic/fleet/fleet.ts';

/** A line of `memhound fleet --json`. */
export interface FleetLine {
  readonly pod?: string;
  readonly verdict: Verdict;
  readonly alarm: boolean;
  readonly replicas: { readonly spread: string } | null;
}

export interface FleetScore {
  readonly leaks: number;
  readonly found: number;
  readonly alarmedLeaks: number;
  readonly healthy: number;
  readonly healthyFound: number;
  readonly healthyAlarmed: number;
  readonly workloads: number;
  readonly spreadsRight: number;
  /** Containers without a row. */
  readonly missing: number;
  readonly misses: readonly string[];
}

/** Compares rows with the truth. Containers that the generator's own parameters do not decide count for nothing. */
export function scoreOf(made: readonly FleetContainer[], lines: readonly FleetLine[]): FleetScore {
  const byPod = new Map(lines.map((line) => [line.pod ?? '', line]));
  const seen = made.flatMap((container) => {
    const line = byPod.get(container.pod);
    return line === undefined ? [] : [{ container, line }];
  });
  const leaks = seen.filter(({ container }) => container.leaks === true);
  const healthy = seen.filter(({ container }) => container.leaks === false);
  const isFound = ({ line }: (typeof seen)[number]): boolean => line.verdict.leak === true;
  const isAlarmed = ({ line }: (typeof seen)[number]): boolean => line.alarm;
  const workloads = new Map<string, boolean>();
  for (const { container, line } of leaks)
    if (line.replicas !== null && (container.spread === 'in-all' || container.spread === 'in-one'))
      workloads.set(container.workload, line.replicas.spread === container.spread);
  const wrong = [...leaks.filter((one) => !isFound(one)), ...healthy.filter(isFound)];
  return {
    leaks: leaks.length,
    found: leaks.filter(isFound).length,
    alarmedLeaks: leaks.filter(isAlarmed).length,
    healthy: healthy.length,
    healthyFound: healthy.filter(isFound).length,
    healthyAlarmed: healthy.filter(isAlarmed).length,
    workloads: workloads.size,
    spreadsRight: [...workloads.values()].filter(Boolean).length,
    missing: made.length - seen.length,
    misses: wrong.map(({ container, line }) => `${container.pod} (${container.shape}): ${line.verdict.headline}`),
  };
}
