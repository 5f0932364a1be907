import { span } from '../format.ts';
import { endOf, type Scene } from './rule-context.ts';

/** What memory that cannot be taken back comes to, as a sentence that follows another; empty where it cannot be told. */
export function endWords(scene: Scene): string {
  const oom = endOf(scene, 'oom-kill');
  return oom !== null ? ` OOM kill in ${span(oom.low, oom.high)}.` : noLimitWords(scene);
}

/** Without a limit of its own no container is OOM-killed at one: what is left is the node. */
export const noLimitWords = (scene: Scene): string =>
  scene.series.limitBytes === 'max'
    ? ' No limit is set: it grows until the node runs short of memory, and Kubernetes then evicts pods, first those above their request.'
    : '';

/** When the kernel takes cache back. */
export const whenReclaimed = (scene: Scene): string =>
  scene.series.limitBytes === 'max' ? 'when the node runs short of memory' : 'at the limit';
