/** The pod's clock as seen from here. A laptop's that is minutes off would otherwise call a fresh sample stale, or give it an age below zero. */

/** A difference below this is how long answers take, and the whole seconds of the Date header. */
const LEAST_MS = 3000;
let aheadMs = 0;

/** From the Date header of an answer, in whole seconds. */
export function hearClock(date: string | null): void {
  const served = Date.parse(date ?? '');
  if (Number.isNaN(served)) return;
  const ahead = Date.now() - served;
  aheadMs = Math.abs(ahead) < LEAST_MS ? 0 : ahead;
}

/** Now, in epoch milliseconds of the pod. */
export const nowMs = (): number => Date.now() - aheadMs;
