// A month of ticks on a clock that is not waited for, with faults drawn from a seed. By hand: SOAK_DAYS=30 SOAK_SEED=1 node --import tsx --test test/soak/soak.test.ts
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import v8 from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Watcher } from '../../src/daemon/watcher.ts';
import { entriesOf } from '../../src/fields.ts';
import { readStoredFolders } from '../../src/history/store/folder-owner.ts';
import { openStore } from '../../src/history/store/store.ts';
import { pidsOf } from '../../src/sources/target/container-pids.ts';
import { findTargets } from '../../src/sources/target/target-search.ts';
import { EvaluationCache } from '../../src/trends/evaluation-cache.ts';
import { DAY_S, HOUR_S, MIB } from '../../src/units.ts';
import { Random } from '../../synthetic/random.ts';
import { ANY_TARGET } from '../support/any-target.ts';
import { missingRequirements } from '../support/needs.ts';
import { FAULTS, type Fault, type Soak } from './faults.ts';
import { SealedFiles } from './sealed-files.ts';
import { Container, Volume } from './world.ts';

const DAYS = Number(process.env.SOAK_DAYS ?? 0.1);
const SEED = Number(process.env.SOAK_SEED ?? Date.now() % 2 ** 31);
const EVERY_S = Number(process.env.SOAK_EVERY ?? 10);
/** So many ticks pass between two faults on average, and until one that lasts has passed. */
const [BETWEEN_FAULTS, FAULT_LASTS] = [12, 6];
const MAX_DISK = 4 * MIB;
const KEEP_S = 20 * DAY_S;
const BEGAN_S = 1_764_000_000;

/** Rows of all tiers, those that are not yet merged, and a raw tier that a clock which stood still has not aged. */
const MAX_ROWS = 2 * 720 + 2 * 2880 + 2 * 1344 + 2 * 240 + 512;

class Run {
  readonly random = new Random(SEED);
  readonly container = new Container();
  readonly volume = new Volume();
  readonly sealed = new SealedFiles(this.volume.dir, { keepS: KEEP_S, maxBytes: MAX_DISK });
  /** What the clock shows. */
  nowS = BEGAN_S;
  ticks = 0;
  lines = 0;
  starts = 0;
  watcher: Watcher | null = null;
  /** The clock when the current run of the container began; null: it was moved since, so that no length of time can be known. */
  #runBeganS: number | null = BEGAN_S;
  #newAtTick = 0;
  #latestS = 0;
  readonly soak: Soak;

  constructor() {
    const { random, container, volume } = this;
    this.soak = {
      random,
      container,
      volume,
      moveClock: (seconds) => {
        this.nowS += seconds;
        this.#runBeganS = null;
      },
      standStill: (seconds) => {
        this.nowS += seconds;
      },
      restart: async (between) => {
        await this.watcher!.close();
        this.sealed.check(); // the end may merge segments
        between?.();
        this.nowS += EVERY_S;
        await this.open();
      },
      kill: async () => {
        this.nowS += EVERY_S;
        const tick = this.watcher!.tick(this.nowS * 1000);
        for (let turns = random.between(0, 15); turns > 0; turns--) await turn();
        volume.freeze();
        await tick;
        await this.watcher!.close();
        volume.takeFrozen();
        this.sealed.check();
        this.nowS += EVERY_S;
        await this.open();
      },
      forgetSealed: () => this.sealed.forget(),
      forgetFile: (name) => this.sealed.forget(name),
    };
  }

  async open(): Promise<void> {
    const { dir } = this.volume;
    const log = { warn: () => void this.lines++, info: () => void this.lines++ };
    const store = await openStore({ dir, maxDiskBytes: MAX_DISK, keepS: KEEP_S, everyS: EVERY_S, log });
    const stored = await readStoredFolders(dir);
    const { roots } = this.container.tree;
    const search = (represented: ReadonlySet<string>) => findTargets({ ...ANY_TARGET, roots, represented });
    this.watcher = new Watcher({
      ...{ roots, store, stored, search, log, everySeconds: EVERY_S, minHistorySeconds: HOUR_S / 4, mayAttach: false },
      asksOnAlarm: false,
      pod: { memoryRequestBytes: null, ephemeralStorageLimitBytes: null },
      pidsOf: (target) => pidsOf(roots, target),
      evaluationCache: new EvaluationCache(),
      self: () => ({}),
    });
    const nowMs = this.nowS * 1000;
    await this.watcher.begin(await search(new Set()), nowMs);
    await this.watcher.tick(nowMs, { first: true });
    await this.watcher.restore(nowMs);
    this.starts++;
  }

  /** The container begins another run at this tick. */
  runBegins(): void {
    this.#newAtTick = this.ticks + 1;
    // Set back by a little, the clock is waited for, so that the first samples of this run are passed over.
    this.#runBeganS = this.nowS > this.#latestS ? this.nowS : null;
  }

  async tick(): Promise<void> {
    this.#latestS = this.nowS < this.#latestS - HOUR_S / 12 ? this.nowS : Math.max(this.#latestS, this.nowS);
    this.nowS += EVERY_S;
    this.ticks++;
    this.container.show(this.random.between(-1, 1));
    const lines = this.lines;
    await this.watcher!.tick(this.nowS * 1000);
    await this.watcher!.saved();
    assert.ok(this.lines - lines <= MAX_LINES, `${this.lines - lines} lines in the log in one tick`);
  }

  /** What holds after every tick, whatever has happened. */
  async check({ thorough }: { readonly thorough: boolean }): Promise<void> {
    const { status } = this.watcher!;
    const sampled = status.latest().filter(({ sample }) => sample?.atMs === this.nowS * 1000);
    // That an instance was replaced within a tick shows at this tick; the next one samples the new one.
    const isNew = this.#newAtTick === this.ticks;
    if (this.container.alive && !isNew) assert.equal(sampled.length, 1, 'the container that runs was sampled');
    assert.ok(status.latest().length <= 1, `${status.latest().length} containers are watched`);
    const { ready, reason } = status.ready();
    if (!this.container.alive) assert.equal(ready, false, reason);
    else if (this.container.stat === null && !isNew) assert.equal(ready, true, reason);
    this.sealed.check();
    if (sampled.length === 0) return;
    const verdict = status.verdict();
    assert.notEqual(verdict.leak, true, verdict.headline);
    const ranS = this.#runBeganS === null ? Number.POSITIVE_INFINITY : this.nowS - this.#runBeganS;
    for (const [field, { windowSeconds }] of entriesOf(verdict.fields))
      assert.ok(windowSeconds <= ranS + EVERY_S, `${field}: ${windowSeconds} s of a run of ${ranS} s`);
    if (!thorough) return;
    const { t, fields } = await status.samples({ fields: ['usage'], fromS: null, toS: null, points: null, envelope: false });
    assert.ok(t.length <= MAX_ROWS, `${t.length} rows in memory`);
    for (let row = 1; row < t.length; row++) assert.ok(t[row]! > t[row - 1]!, `row ${row}: ${t[row - 1]}, then ${t[row]}`);
    const usage = fields.get('usage');
    if (usage !== undefined)
      for (let row = 0; row < t.length; row++) {
        const mib = (usage[row] ?? 150 * MIB) / MIB;
        assert.ok(Number.isNaN(mib) || (mib > 90 && mib < 720), `row ${row}: ${mib} MiB`);
      }
    assert.ok(readdirSync('/proc/self/fd').length < MAX_DESCRIPTORS, 'descriptors are closed');
  }
}

/** So many faults may fall together, each with a line or two when it begins and when it ends. */
const MAX_LINES = 16;
const MAX_DESCRIPTORS = 120;

test('a month of ticks with faults leaves order, bounds and everything that was sealed', {
  skip: missingRequirements('mount'),
}, async (t) => {
  t.diagnostic(`SOAK_SEED=${SEED} SOAK_DAYS=${DAYS}`);
  const run = new Run();
  t.after(() => {
    run.container.tree.remove();
    run.volume.close();
  });
  const { random, container, soak } = run;
  container.start(200);
  container.show(0);
  await run.open();
  const injected = new Map<string, number>();
  const lasting: { readonly fault: Fault; left: number }[] = [];
  const ticks = Math.round((DAYS * DAY_S) / EVERY_S);
  let [heapAtHalf, quiet, last] = [0, 0, ''];
  while (run.ticks < ticks) {
    const epoch = container.startTicks;
    for (const one of [...lasting])
      if (one.left-- <= 0) {
        lasting.splice(lasting.indexOf(one), 1);
        await one.fault.end!(soak);
      }
    // Hours without a fault as well: verdicts, merges and retention need them.
    if (quiet > 0) quiet--;
    else if (random.chance(1 / BETWEEN_FAULTS)) {
      const fault = random.pick(FAULTS);
      if (
        fault.mayBegin(
          soak,
          lasting.map((one) => one.fault),
        )
      ) {
        injected.set(fault.name, (injected.get(fault.name) ?? 0) + 1);
        last = `after ${fault.name}`;
        await fault.begin(soak);
        if (fault.end !== null) lasting.push({ fault, left: Math.round(FAULT_LASTS * random.wait()) });
      }
      if (random.chance(1 / 30)) quiet = Math.round(random.scale(100, 2000));
    }
    if (container.startTicks !== epoch) run.runBegins();
    try {
      await run.tick();
      await run.check({ thorough: run.ticks % 64 === 0 });
    } catch (error) {
      const faults = lasting.map(({ fault }) => fault.name).join(', ') || 'all is well';
      throw new Error(`tick ${run.ticks}, seed ${SEED}, ${last}, while ${faults}: ${(error as Error).stack}`);
    }
    if (run.ticks === Math.round(ticks / 2)) heapAtHalf = heapUsed();
  }
  for (const { fault } of lasting) await fault.end!(soak);
  if (!container.alive) container.start(200);
  await soak.restart();
  await run.tick();
  await run.check({ thorough: true });
  const heap = heapUsed();
  assert.ok(heap < 1.5 * heapAtHalf + 20 * MIB, `${heapAtHalf} bytes after half of the time, ${heap} at the end`);
  await run.watcher!.close();
  const faults = [...injected.values()].reduce((sum, count) => sum + count, 0);
  t.diagnostic(
    `${run.ticks} ticks, ${faults} faults of ${injected.size} kinds, ${run.starts} starts, ${run.lines} lines in the log, ${run.sealed.count} sealed files at the end, heap ${Math.round(heap / MIB)} MiB`,
  );
  for (const [name, count] of injected) t.diagnostic(`${count} x ${name}`);
});

function heapUsed(): number {
  v8.setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}
