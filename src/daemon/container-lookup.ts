import { OOM_KILLED_TEXTS } from '../diagnosis/types.ts';
import { ApiError } from '../outlets/status.ts';
import type { AnsweringContainer } from './answering-container.ts';

const FINAL_VERDICT = '/api/v1/verdict?epoch=-1';

/** The containers by the key of their history. It finds the container that a request names. */
export class ContainerLookup<C extends AnsweringContainer> {
  readonly #containers = new Map<string, C>();
  /** Key of the container for requests that name none. */
  defaultKey: string | null = null;
  /** The reason why the last search found nothing; null: it found a target. */
  noTarget: { readonly reason: string; readonly remediation: string | null } | null = null;

  [Symbol.iterator](): IterableIterator<C> {
    return this.#containers.values();
  }

  get size(): number {
    return this.#containers.size;
  }

  get default(): C | null {
    return this.defaultKey === null ? null : (this.#containers.get(this.defaultKey) ?? null);
  }

  /** The container in which a culprit is searched; null: in none. */
  get searched(): C | null {
    return [...this].find(({ culprits }) => culprits?.run.state === 'running') ?? null;
  }

  add(container: C): void {
    this.#containers.set(container.key, container);
  }

  delete(container: C): void {
    this.#containers.delete(container.key);
  }

  /** The container that a request names. @throws ApiError unknown-target, no-target */
  require(id: string | undefined): C {
    if (id === undefined) {
      if (this.default === null) throw this.#noTargetError('no container is visible yet');
      return this.#requireAlive(this.default, FINAL_VERDICT);
    }
    const container = this.#find(id);
    if (container === undefined)
      throw new ApiError(
        'unknown-target',
        404,
        `there is no target ${JSON.stringify(id.slice(0, 80))}; /api/v1/targets lists them`,
      );
    return this.#requireAlive(container, `${FINAL_VERDICT}&target=${encodeURIComponent(id.slice(0, 80))}`);
  }

  /** Key of the history of a request's target; null: there is no such target. */
  keyOf(id: string | undefined): string | null {
    return id === undefined ? this.defaultKey : (this.#find(id)?.key ?? null);
  }

  /** Finds a container by id, container id or key, which are unique; else the first with this name. */
  #find(wanted: string): C | undefined {
    const all = [...this];
    return (
      all.find((c) => c.key === wanted || c.info().id === wanted || c.info().container === wanted) ??
      all.find((c) => c.info().name === wanted)
    );
  }

  #requireAlive(container: C, address: string): C {
    if (container.alive) return container;
    const end = container.verdict?.ended ?? null;
    const how = end === null ? ' has ended' : ` ended at ${end.at}${OOM_KILLED_TEXTS[end.oomKilled]}`;
    const since = this.noTarget === null ? '' : `. The search since then: ${this.noTarget.reason}`;
    throw new ApiError(
      'no-target',
      503,
      `the watched container${how}; its final verdict is at ${address}${since}`,
      this.noTarget?.remediation ?? null,
    );
  }

  #noTargetError(otherwise: string): ApiError {
    return new ApiError('no-target', 503, this.noTarget?.reason ?? otherwise, this.noTarget?.remediation ?? null);
  }
}
