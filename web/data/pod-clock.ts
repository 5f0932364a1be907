/** The pod's clock. With a laptop's clock that is minutes wrong, a new sample would look old, or have a negative age. */

/** A smaller difference comes from the duration of a request, and from the whole seconds of the Date header. */
const MIN_OFFSET_MS = 3000;
let offsetMs = 0;

/** Sets the clock from the Date header of an answer, which has whole seconds. */
export function updatePodClock(date: string | null): void {
  const served = Date.parse(date ?? '');
  if (Number.isNaN(served)) return;
  const ahead = Date.now() - served;
  offsetMs = Math.abs(ahead) < MIN_OFFSET_MS ? 0 : ahead;
}

/** The pod's current time, epoch ms. */
export const podNowMs = (): number => Date.now() - offsetMs;
