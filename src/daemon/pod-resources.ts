import { hostname } from 'node:os';
import type { PodResources } from '../diagnosis/rule-context.ts';

/**
 * Resources of the app's container, which the downward API (resourceFieldRef) puts into the environment:
 * MEMHOUND_REQUEST_MEMORY and MEMHOUND_LIMIT_EPHEMERAL_STORAGE, in bytes. Missing or not a number: not known.
 */
export function podResources(env: NodeJS.ProcessEnv): PodResources {
  return {
    memoryRequestBytes: bytes(env.MEMHOUND_REQUEST_MEMORY),
    ephemeralStorageLimitBytes: bytes(env.MEMHOUND_LIMIT_EPHEMERAL_STORAGE),
  };
}

/** The downward API writes 0 if no value is set. */
function bytes(text: string | undefined): number | null {
  const value = Number(text);
  return text !== undefined && text.trim() !== '' && Number.isFinite(value) && value > 0 ? value : null;
}

/** The name of the pod. On the node's network a pod has the node's hostname; then the downward API puts its own into MEMHOUND_POD. */
export const podName = (env: NodeJS.ProcessEnv): string => env.MEMHOUND_POD || hostname();
