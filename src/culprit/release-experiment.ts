import { releasedBy, trimMalloc } from '../sources/jvm/release-memory.ts';
import type { CulpritQuestion, NativeEvidence } from './types.ts';

/**
 * What the collections of the first look and of the last gave back of the memory outside the heap, and then malloc. The heap is left out, because a collector may
 * return pages of it, too.
 */
export class ReleaseExperiment {
  readonly #question: CulpritQuestion;
  #before: number | null = null;
  #after: number | null = null;
  /** What all collections gave back. */
  #collected = 0;

  constructor(question: CulpritQuestion) {
    this.#question = question;
  }

  async measure(when: 'before' | 'after'): Promise<void> {
    if (!this.#question.release) return;
    const bytes = await this.#nativeBytes();
    if (when === 'before') this.#before = bytes;
    else {
      this.#after = bytes;
      if (bytes !== null && this.#before !== null) this.#collected += Math.max(0, this.#before - bytes);
    }
  }

  /** Trims malloc after the last look. */
  async end(): Promise<NativeEvidence['released']> {
    if (!this.#question.release) return null;
    const afterCollectionBytes = this.#after;
    if (this.#before === null || afterCollectionBytes === null)
      return { state: 'absent', reason: 'the mappings of the JVM, which measure it, cannot be read' };
    const atMs = Date.now();
    const afterTrimBytes = (await trimMalloc(this.#question)) ? await this.#nativeBytes() : null;
    const released = { beforeBytes: afterCollectionBytes + this.#collected, afterCollectionBytes, afterTrimBytes };
    return { state: 'read', value: { ...released, by: releasedBy(released) }, atMs };
  }

  async #nativeBytes(): Promise<number | null> {
    const read = await this.#question.readNative();
    return read.state === 'read' ? read.value.kinds.reduce((sum, { bytes }) => sum + bytes, 0) : null;
  }
}
