import type { PodResources } from '../diagnosis/rule-context.ts';

/**
 * What the downward API put into the environment (resourceFieldRef of the app's container):
 * MEMHOUND_REQUEST_MEMORY and MEMHOUND_LIMIT_EPHEMERAL_STORAGE, in bytes. Absent or not a number: not known.
 */
export function podResources(env: NodeJS.ProcessEnv): PodResources {
  return {
    memoryRequestBytes: bytes(env.MEMHOUND_REQUEST_MEMORY),
    ephemeralStorageLimitBytes: bytes(env.MEMHOUND_LIMIT_EPHEMERAL_STORAGE),
  };
}

/** 0 is how the downward API says that nothing is set. */
function bytes(text: string | undefined): number | null {
  const value = Number(text);
  return text !== undefined && text.trim() !== '' && Number.isFinite(value) && value > 0 ? value : null;
}
