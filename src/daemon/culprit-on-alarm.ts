import { type CulpritCause, LOOK_CAUSES } from '../culprit/types.ts';
import type { Verdict } from '../diagnosis/types.ts';
import { causeToAsk } from '../diagnosis/with-culprit.ts';
import { GIB, MINUTE_S } from '../units.ts';
import type { CulpritRuns } from './culprit-runs.ts';

const FOR_S = 5 * MINUTE_S;
/** A full collection of a larger heap may stand still for seconds (docs/culprit.md), and nobody has asked for that. */
const MAX_HEAP_BYTES = 4 * GIB;

/** With --attach=auto: asks a JVM about the cause of an alarm, once a cause for each instance of a container, and never two JVMs at a time. */
export class CulpritOnAlarm {
  readonly #asked = new WeakMap<CulpritRuns, Set<CulpritCause>>();

  /** `heapBytes`: null if it is not known. `isBusy`: another search runs. Returns the cause that it began to ask about. */
  consider(
    {
      verdict,
      culprits,
      heapBytes,
    }: { readonly verdict: Verdict; readonly culprits: CulpritRuns | null; readonly heapBytes: number | null },
    isBusy: boolean,
  ): CulpritCause | null {
    const cause = causeToAsk(verdict, LOOK_CAUSES);
    if (cause === null || culprits === null || isBusy) return null;
    const asked = this.#asked.get(culprits) ?? new Set();
    if (asked.has(cause) || (cause !== 'threads' && (heapBytes === null || heapBytes > MAX_HEAP_BYTES))) return null;
    if (!culprits.start(cause, FOR_S)) return null;
    this.#asked.set(culprits, asked.add(cause));
    return cause;
  }
}
