/** The pod's clock as seen from here. A laptop's that is minutes off would otherwise call a fresh sample stale, or give it an age below zero. */

/** A difference below this is how long answers take, and the whole seconds of the Date header. */
const MIN_OFFSET_MS = 3000;
let offsetMs = 0;

/** From the Date header of an answer, in whole seconds. */
export function updatePodClock(date: string | null): void {
  const served = Date.parse(date ?? '');
  if (Number.isNaN(served)) return;
  const ahead = Date.now() - served;
  offsetMs = Math.abs(ahead) < MIN_OFFSET_MS ? 0 : ahead;
}

/** Now, in epoch milliseconds of the pod. */
export const podNowMs = (): number => Date.now() - offsetMs;
