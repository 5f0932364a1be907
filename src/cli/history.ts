import { existsSync, readdirSync } from 'node:fs';
import { HISTORY } from '../config/commands/history.ts';
import type { OptionsOf } from '../config/option-table.ts';
import { historyKey } from '../daemon/match-histories.ts';
import { FIELDS, type FieldRow } from '../fields.ts';
import { bytesText, safeName } from '../format.ts';
import { openStore, StoreError } from '../history/store/store.ts';
import type { TargetIdentity } from '../sources/types.ts';
import { DAY_S, GIB, SECOND_MS } from '../units.ts';
import { withOptions } from './command.ts';

/** `memhound history fill`: fills a folder with days of synthetic history, to measure memhound's own memory. */
export const historyCommand = (argv: string[]): Promise<number> => withOptions(HISTORY, argv, run);

/** No process of this machine has it, so each is taken for one that has ended. */
const EPOCH = 'filled';

/** The number of ticks between two saves. It fills one segment of the store. */
const SAMPLES_PER_SAVE = 30;

async function run(options: OptionsOf<typeof HISTORY>, words: readonly string[]): Promise<number> {
  const refuse = (why: string): number => {
    console.error(`memhound history: ${why}`);
    return 2;
  };
  if (words.length !== 1 || words[0] !== 'fill')
    return refuse(`expected the word fill, found ${safeName(words.join(' ')) || 'nothing'}`);
  const { data: dir, days, targets, mainClass, every: everyS } = options;
  if (dir === null) return refuse('fill: expected --data DIR, the folder to fill');
  if (existsSync(dir) && readdirSync(dir).length > 0)
    return refuse(
      `fill --data ${safeName(dir)}: expected a new or empty folder, found ${readdirSync(dir).length} entries; nothing was changed`,
    );
  try {
    const log = { warn: (details: object, message: string) => console.error(`${message} ${JSON.stringify(details)}`) };
    const store = await openStore({ dir, maxDiskBytes: options.maxDisk, everyS, log });
    const endS = Math.floor(Date.now() / SECOND_MS / everyS) * everyS;
    const ticks = Math.floor((days * DAY_S) / everyS);
    const identity: TargetIdentity | null =
      mainClass === null ? null : { kind: 'jvm', source: 'main-class', name: mainClass, mainClass };
    const taken = new Set<string>();
    for (let target = 1; target <= targets; target++) {
      const key = identity === null ? `jvm${target === 1 ? '' : `-${target}`}` : historyKey(identity, taken);
      taken.add(key);
      const history = await store.load(key);
      if (identity !== null) store.setOwner(key, { identity, instance: EPOCH });
      const next = syntheticSamples(target);
      for (let tick = 1; tick <= ticks; tick++) {
        const atS = endS - (ticks - tick) * everyS;
        history.append({
          atMs: atS * SECOND_MS,
          epoch: EPOCH,
          values: next(atS),
          limitBytes: GIB,
          heapMaxBytes: 2 ** 29,
          failures: [],
        });
        if (tick % SAMPLES_PER_SAVE === 0 || tick === ticks) await store.save(key);
      }
    }
    const state = store.state();
    await store.close();
    if (!state.ok) {
      console.error(`memhound history fill: ${state.reason}`);
      return 1;
    }
    const size = bytesText(state.bytes);
    console.log(
      `${safeName(dir)}: ${days} days of ${targets} targets, ${FIELDS.length} fields, a row each ${everyS} s; ${size} on disk`,
    );
    return 0;
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    console.error(`memhound history fill: ${error.message}`);
    return error.exit;
  }
}

/** All fields of a healthy service: daily load, noise, and a heap that is collected. The same target gives the same values. */
function syntheticSamples(target: number): (atS: number) => Record<string, number> {
  let state = target * 2654435761;
  const chance = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const counts = new Map<string, number>();
  const reading = (field: FieldRow, i: number, load: number, sawTooth: number): number => {
    if (field.kind === 'counter') {
      const n = (counts.get(field.id) ?? 0) + Math.floor(10 * load * chance());
      counts.set(field.id, n);
      return n;
    }
    if (field.unit === 'count') return 20 + i + Math.floor(5 * load);
    if (field.unit === 'seconds') return Math.round(1000 * chance()) / 1000;
    if (field.id === 'heap_used' || field.id === 'old_used') return Math.round(8e7 + 2e8 * sawTooth);
    return Math.round(1e7 * (1 + i) * (1 + 0.2 * load) + 2e6 * chance());
  };
  return (atS) => {
    const load = 1 + Math.sin((2 * Math.PI * atS) / DAY_S);
    const sawTooth = (atS % 600) / 600;
    return Object.fromEntries(FIELDS.map((field, i) => [field.id, reading(field, i, load, sawTooth)]));
  };
}
