import { keyOf } from '../inputs/prometheus/container-key.ts';
import type { Labels } from '../inputs/prometheus/labelled-series.ts';
import type { Owner } from './types.ts';

/** Owners of pods, from the labels of kube_pod_owner and kube_replicaset_owner: a pod's ReplicaSet is that of a Deployment, a Job that of a CronJob. */
export class Owners {
  readonly #pods = new Map<string, Owner>();
  readonly #parents = new Map<string, Owner>();

  constructor(rows: readonly Labels[]) {
    for (const labels of rows) {
      const { cluster, namespace, pod } = keyOf(labels);
      const owner = ownerOf(labels);
      const place = [cluster, namespace];
      if (labels.__name__ === 'kube_pod_owner') {
        if (owner !== null) this.#pods.set(JSON.stringify([...place, pod]), owner);
        continue;
      }
      const [kind, name] = labels.replicaset !== undefined ? ['ReplicaSet', labels.replicaset] : ['Job', labels.job_name];
      if (owner !== null && name !== undefined) this.#parents.set(JSON.stringify([...place, kind, name]), owner);
    }
  }

  /** The topmost owner. Without kube-state-metrics it is derived from the pod's name; null: the pod has no owner. */
  of({ cluster, namespace, pod }: { readonly cluster: string; readonly namespace: string; readonly pod: string }): Owner | null {
    const owner = this.#pods.get(JSON.stringify([cluster, namespace, pod]));
    if (owner === undefined) return this.#pods.size > 0 || pod === '' ? null : derivedOwner(pod);
    return this.#parents.get(JSON.stringify([cluster, namespace, owner.kind, owner.name])) ?? owner;
  }
}

/** kube-state-metrics writes `<none>` where there is no owner. */
function ownerOf({ owner_kind: kind, owner_name: name }: Labels): Owner | null {
  return kind === undefined || name === undefined || name === '' || name === '<none>' ? null : { kind, name };
}

/** Suffixes that Kubernetes gives: ReplicaSet hash and five letters, an ordinal, or five letters. Source: apimachinery, util/rand (no vowels). */
const POD_NAME = /^(.+?)(?:-[bcdfghjklmnpqrstvwxz2456789]{6,10})?-(?:[bcdfghjklmnpqrstvwxz2456789]{5}|\d{1,4})$/;

function derivedOwner(pod: string): Owner | null {
  const name = POD_NAME.exec(pod)?.[1];
  return name === undefined ? null : { kind: null, name };
}
