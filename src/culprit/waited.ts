import { setTimeout as delay } from 'node:timers/promises';

/** Waits. false: it was cancelled meanwhile. */
export async function waited(ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await delay(ms, undefined, { signal });
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
}
