import { entriesOf, type FieldName, type FieldValues } from '../../src/fields.ts';
import type { SamplesAnswer } from '../../src/outlets/status.ts';
import { MINUTE_MS, SECOND_MS } from '../../src/units.ts';

/** A value stays valid for a while if a tick does not have it: a JVM may miss an answer. */
const MAX_AGE_MS = MINUTE_MS;

/** The newest value of each field. */
export class LatestValues {
  readonly #known = new Map<FieldName, { readonly value: number; readonly atMs: number }>();
  /** Time of the newest sample, epoch ms; 0: there was none. */
  atMs = 0;

  /** Sets the values from the API's last row. */
  setFromRow(samples: SamplesAnswer): void {
    const last = samples.t.length - 1;
    if (last < 0) return;
    const atMs = samples.t[last]! * SECOND_MS;
    this.atMs = Math.max(this.atMs, atMs);
    for (const [id, column] of entriesOf(samples.fields)) {
      const value = column[last] ?? null;
      if (value !== null && atMs >= (this.#known.get(id)?.atMs ?? 0)) this.#known.set(id, { value, atMs });
    }
  }

  setFromTick(atMs: number, values: FieldValues): void {
    this.atMs = atMs;
    for (const [id, value] of entriesOf(values)) this.#known.set(id, { value, atMs });
  }

  readonly value = (field: FieldName): number | null => {
    const known = this.#known.get(field);
    return known === undefined || this.atMs - known.atMs > MAX_AGE_MS ? null : known.value;
  };

  ids(): Iterable<FieldName> {
    return this.#known.keys();
  }

  clear(): void {
    this.#known.clear();
    this.atMs = 0;
  }
}
