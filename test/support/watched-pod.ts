import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { instancesInOrder } from '../../src/daemon/match-histories.ts';
import type { ContainerOptions } from '../../src/daemon/watched-container.ts';
import { Watcher } from '../../src/daemon/watcher.ts';
import { readStoredFolders } from '../../src/history/store/folder-owner.ts';
import { openStore } from '../../src/history/store/store.ts';
import type { LiveMessage, Status } from '../../src/outlets/status.ts';
import { pidsOf } from '../../src/sources/target/container-pids.ts';
import type { SearchOptions } from '../../src/sources/target/search-outcome.ts';
import { findTargets } from '../../src/sources/target/target-search.ts';
import { EvaluationCache } from '../../src/trends/evaluation-cache.ts';
import { MIB, MINUTE_MS } from '../../src/units.ts';
import { ANY_TARGET } from './any-target.ts';
import { MadeTree } from './made-tree.ts';

const START_MS = Date.parse('2026-01-05T10:00:00Z');

/** A pod on a made tree, watched by the real search, registry and store. */
export class WatchedPod {
  readonly tree = new MadeTree();
  readonly dir = mkdtempSync(join(tmpdir(), 'memhound-pod-'));
  readonly messages: LiveMessage[] = [];
  readonly logged: string[] = [];
  nowMs = START_MS;
  #watcher: Watcher | null = null;

  constructor(t: TestContext) {
    t.after(async () => {
      await this.stop();
      this.tree.remove();
      rmSync(this.dir, { recursive: true });
    });
  }

  /** `choice`: what the options say about the target. `findCulprit`: answers a search for a culprit, in place of a JVM. */
  async start(choice: Partial<SearchOptions> = {}, findCulprit?: ContainerOptions['findCulprit']): Promise<void> {
    const { roots } = this.tree;
    const note = (details: object, message: string) => void this.logged.push(`${message} ${JSON.stringify(details)}`);
    const stored = await readStoredFolders(this.dir);
    const search = (represented: ReadonlySet<string>) => findTargets({ ...ANY_TARGET, ...choice, roots, represented });
    const store = await openStore({ dir: this.dir, maxDiskBytes: 8 * MIB, everyS: 60, log: { warn: note } });
    const watcher = new Watcher({
      roots,
      everySeconds: 60,
      minHistorySeconds: 900,
      pod: { memoryRequestBytes: null, ephemeralStorageLimitBytes: null },
      store,
      stored,
      search,
      log: { info: note, warn: note },
      pidsOf: (target) => pidsOf(roots, target),
      mayAttach: findCulprit !== undefined,
      ...(findCulprit === undefined ? {} : { findCulprit }),
      asksOnAlarm: false,
      evaluationCache: new EvaluationCache(),
      self: () => ({}),
    });
    watcher.status.on((message) => this.messages.push(message));
    await watcher.begin(await search(instancesInOrder(stored)), this.nowMs);
    await watcher.restore(this.nowMs);
    this.#watcher = watcher;
    await this.tick();
  }

  async stop(): Promise<void> {
    await this.#watcher?.close();
    this.#watcher = null;
  }

  /** A minute, if nothing else is said: the time between two searches. */
  async tick(afterMs = MINUTE_MS): Promise<void> {
    await this.sample(afterMs);
    await this.#watcher!.saved();
  }

  /** A tick, without waiting for its rows to be stored. */
  async sample(afterMs = MINUTE_MS): Promise<void> {
    this.nowMs += afterMs;
    await this.#watcher!.tick(this.nowMs);
  }

  /** The usage, or the resident set, of all samples in MiB, by the pid of each target: whose history it is. */
  async histories(field: 'usage' | 'rss' = 'usage'): Promise<Record<number, readonly (number | null)[]>> {
    const { status } = this;
    const rows = await Promise.all(
      status.targets().map(async ({ id, pid }) => {
        const { fields } = await status.samples({
          target: id,
          fields: [field],
          fromS: null,
          toS: null,
          points: null,
          envelope: false,
        });
        return [
          pid!,
          [...new Set(Array.from(fields.get(field)!, (v) => (v === null || Number.isNaN(v) ? null : v / MIB)))],
        ] as const;
      }),
    );
    return Object.fromEntries(rows);
  }

  get status(): Status {
    return this.#watcher!.status;
  }

  folders = (): string[] =>
    readdirSync(this.dir, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .sort();
}
