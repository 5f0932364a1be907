import type { Container } from '../corpus/container.ts';
import { Random } from '../random.ts';
import { type ContainerRuns, finished, HEALTHY, LEAKING, type Shape } from './shapes.ts';

/** A container of the fleet with its truth. */
export interface FleetContainer extends ContainerRuns {
  readonly namespace: string;
  readonly workload: string;
  readonly kind: 'Deployment' | 'StatefulSet';
  readonly pod: string;
  readonly container: string;
  readonly shape: string;
  /** null: even the generator's own parameters do not decide it. */
  readonly leaks: boolean | null;
  /** In how many of its replicas the workload leaks. */
  readonly spread: 'none' | 'in-one' | 'in-all' | 'single';
}

export interface FleetPlan {
  readonly seed: number;
  readonly containers: number;
  readonly hours: number;
  readonly stepS: number;
  /** Share of the workloads that leak. */
  readonly leaking: number;
}

/** Workloads with one to five replicas. Of those that leak, in two of three the code does: all replicas grow alike; else one replica does. */
export function* fleetOf({ seed, containers, hours, stepS, leaking }: FleetPlan): Iterable<FleetContainer> {
  const random = new Random(seed);
  for (let made = 0, w = 0; made < containers; w++) {
    const replicas = Math.min(containers - made, random.pick([1, 1, 2, 3, 3, 4, 5]));
    const leaks = random.chance(leaking);
    const shape = random.pick(leaks ? LEAKING : HEALTHY);
    const inAll = random.chance(2 / 3);
    const leakingReplica = Math.floor(random.between(0, replicas));
    const spread = !leaks ? 'none' : replicas === 1 ? 'single' : inAll ? 'in-all' : 'in-one';
    const workload = `${random.pick(['shop', 'cart', 'billing', 'search', 'mail', 'auth'])}-${w}`;
    const kind = random.chance(0.8) ? 'Deployment' : 'StatefulSet';
    const namespace = `team-${w % 7}`;
    const hash = letters(random, 9);
    let first: Container | null = null;
    for (let r = 0; r < replicas; r++, made++) {
      const own: Shape = spread === 'in-one' && r !== leakingReplica ? HEALTHY[0]! : shape;
      const runs = own.make(random, hours, stepS, first);
      first ??= runs[0]!;
      const done = finished(own, runs);
      const { truth } = done.runs[done.runs.length - 1]!.label;
      yield {
        ...done,
        namespace,
        workload,
        kind,
        pod: kind === 'StatefulSet' ? `${workload}-${r}` : `${workload}-${hash}-${letters(random, 5)}`,
        container: 'app',
        shape: own.name,
        leaks: truth.overall === 'growing' ? true : truth.leak === true || truth.overall === 'indeterminate' ? null : false,
        spread,
      };
    }
  }
}

/** Suffixes of pods, in the letters that Kubernetes uses. */
const letters = (random: Random, n: number): string =>
  Array.from({ length: n }, () => random.pick([...'bcdfghjklmnpqrstvwxz2456789'])).join('');
