import type { ContainerKey } from '../inputs/prometheus/container-key.ts';
import { DAY_S, HOUR_S } from '../units.ts';

/** When a container had samples, epoch seconds; to within `STEP_S`. */
export interface Life {
  readonly key: ContainerKey;
  readonly from: number;
  readonly to: number;
}

/** The accuracy with which the lives of pods are looked up. */
export const STEP_S = HOUR_S / 2;
/** A rolling update starts the new pod before it ends the old one, which may take its time. */
const MOST_OVERLAP_S = 3 * HOUR_S;
const MOST_PAUSE_S = DAY_S;
/** Lives of a container that are read beside its own: more would tell nothing new. */
export const MOST_FORMER = 4;

/**
 * The earlier lives of each running container, the newest first: a Deployment that is rolled replaces pods by others, so a leak of weeks shows as
 * a chain of pods. `lives` are those of one workload's container. Each former pod is the life of at most one: of the pod that began when it ended.
 */
export function formerLives(lives: readonly Life[], isRunning: (life: Life) => boolean): Map<Life, Life[]> {
  const open = new Set(lives.filter((life) => !isRunning(life)));
  const heads = lives.filter(isRunning);
  const chains = new Map<Life, Life[]>(heads.map((head) => [head, []]));
  for (let k = 0; k < MOST_FORMER; k++) {
    // Pairs of all chains are compared, so that the nearest ones are joined first.
    const pairs = [...chains].flatMap(([head, chain]) => {
      if (chain.length !== k) return [];
      const next = chain.at(-1) ?? head;
      return [...open].flatMap((life) => {
        const pause = next.from - life.to;
        const fits = life.from < next.from && pause >= -MOST_OVERLAP_S && pause <= MOST_PAUSE_S;
        return fits ? [{ head, life, distance: Math.abs(pause) }] : [];
      });
    });
    pairs.sort((a, b) => a.distance - b.distance || (a.life.key.pod < b.life.key.pod ? -1 : 1));
    for (const { head, life } of pairs) {
      const chain = chains.get(head)!;
      if (chain.length > k || !open.delete(life)) continue;
      chain.push(life);
    }
  }
  return chains;
}
