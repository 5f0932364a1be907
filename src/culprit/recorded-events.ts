import { dirname } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { eachEvent, type JfrEvent } from '../jfr/jfr-chunk.ts';
import { type CodePlace, codePlaceOf } from './code-place.ts';
import { framesOf, keyOf, textOf } from './jfr-frames.ts';
import { LEAST_SHARE, LEAST_TOLD, MOST_TOLD } from './shares.ts';
import type { Recorded, RecordedCause, RecordedGroup } from './types.ts';

/*
 * What Java code did while it was recorded: the files that it wrote, the connections that it read and wrote, the programs that it started,
 * each with the stack of who did it (JFR's jdk.FileWrite, jdk.SocketRead, jdk.SocketWrite, jdk.ProcessStart).
 */

interface EventRow {
  /** Name of the file, connection or program of an event; null: it has none. */
  readonly name: (event: JfrEvent) => string | null;
  /** Bytes, or 1 for each start. */
  readonly amount: (event: JfrEvent) => number;
}

const text = ({ chunk, values }: JfrEvent, field: string): string | null => textOf(chunk, values.get(field));
const number = ({ values }: JfrEvent, field: string): number => {
  const value = values.get(field);
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : 0;
};
const peer = (event: JfrEvent): string | null => {
  const host = text(event, 'host') || text(event, 'address');
  return host === null ? null : `${host}:${number(event, 'port')}`;
};

/** A new cause is a row here. */
const RECORDED_EVENTS: Readonly<Record<RecordedCause, Readonly<Record<string, EventRow>>>> = {
  'page-cache': {
    'jdk.FileWrite': { name: (event) => text(event, 'path'), amount: (event) => number(event, 'bytesWritten') },
  },
  sock: {
    'jdk.SocketRead': { name: peer, amount: (event) => number(event, 'bytesRead') },
    'jdk.SocketWrite': { name: peer, amount: (event) => number(event, 'bytesWritten') },
  },
  process: {
    'jdk.ProcessStart': { name: (event) => text(event, 'command')?.split(' ')[0] ?? null, amount: () => 1 },
  },
};

/** The settings of a recording of these events alone, each of them with its stack, however short it was. */
export function recordingSettings(cause: RecordedCause): string {
  const settings = { enabled: 'true', stackTrace: 'true', threshold: '0 ms', throttle: 'off' };
  const lines = Object.entries(settings).map(([name, value]) => `    <setting name="${name}">${value}</setting>`);
  const events = Object.keys(RECORDED_EVENTS[cause]).map((type) => `  <event name="${type}">\n${lines.join('\n')}\n  </event>`);
  return `<?xml version="1.0" encoding="UTF-8"?>\n<configuration version="2.0">\n${events.join('\n')}\n</configuration>\n`;
}

/** Events of more than this many are not read: the first ones tell who it is. */
const MAX_EVENTS = 200_000;
const EVENTS_A_TURN = 1000;
const MAX_NAMES = 10_000;

interface Sum {
  amount: number;
  events: number;
  readonly names: Set<string>;
  readonly places: Map<string, { readonly place: CodePlace; amount: number }>;
}

/** Sums a recording by file, connection or program. In turns of the event loop, since sampling comes first. Throws JfrError. */
export async function sumRecording(cause: RecordedCause, recording: Buffer, seconds: number): Promise<Recorded> {
  const rows = RECORDED_EVENTS[cause];
  const sums = new Map<string, Sum>();
  const places = new Map<string, CodePlace>();
  let [total, events] = [0, 0];
  for (const event of eachEvent(recording, new Set(Object.keys(rows)))) {
    if (++events > MAX_EVENTS) break;
    if (events % EVENTS_A_TURN === 0) await nextTurn();
    const row = rows[event.type];
    const amount = row?.amount(event) ?? 0;
    total += amount;
    const name = row?.name(event) ?? null;
    if (name === null || amount === 0 || (sums.size >= MAX_NAMES && !sums.has(name))) continue;
    const sum = sums.get(name) ?? newSum();
    sums.set(name, sum);
    add(sum, name, amount, 1, placeOf(event, places));
  }
  return named(cause, seconds, total, sums);
}

/** Stacks are in a pool of their chunk, so each is read once. */
function placeOf({ chunk, values }: JfrEvent, known: Map<string, CodePlace>): CodePlace {
  const trace = values.get('stackTrace');
  const pooled = keyOf(trace);
  if (pooled === null) return codePlaceOf(framesOf(chunk, trace));
  const key = `${chunk.endsAt} ${pooled}`;
  const place = known.get(key) ?? codePlaceOf(framesOf(chunk, trace));
  known.set(key, place);
  return place;
}

const newSum = (): Sum => ({ amount: 0, events: 0, names: new Set(), places: new Map() });

function add(sum: Sum, name: string, amount: number, events: number, place: CodePlace): void {
  sum.amount += amount;
  sum.events += events;
  sum.names.add(name);
  const key = `${place.line} ${place.logger} ${place.level}`;
  const known = sum.places.get(key) ?? { place, amount: 0 };
  known.amount += amount;
  sum.places.set(key, known);
}

/** Where no single file has half, a folder may. */
function named(cause: RecordedCause, seconds: number, total: number, sums: ReadonlyMap<string, Sum>): Recorded {
  const answer = { state: 'recorded', cause, seconds, total } as const;
  const groups = told(sums, total, (name) => name);
  const [most] = groups;
  if (most !== undefined && most.share >= LEAST_SHARE) return { ...answer, culprit: most, groups };
  if (cause === 'page-cache') {
    const folders = told(byFolder(sums), total, (folder, { names }) => `${folder}/ (${names.size} files)`);
    if (folders[0] !== undefined && folders[0].share >= LEAST_SHARE) return { ...answer, culprit: folders[0], groups: folders };
  }
  return { ...answer, culprit: null, groups };
}

function byFolder(sums: ReadonlyMap<string, Sum>): Map<string, Sum> {
  const folders = new Map<string, Sum>();
  for (const [path, { events, places }] of sums) {
    const folder = dirname(path);
    const sum = folders.get(folder) ?? newSum();
    folders.set(folder, sum);
    for (const { place, amount } of places.values()) add(sum, path, amount, 0, place);
    sum.events += events;
  }
  return folders;
}

function told(sums: ReadonlyMap<string, Sum>, total: number, nameOf: (key: string, sum: Sum) => string): RecordedGroup[] {
  return [...sums]
    .sort(([, a], [, b]) => b.amount - a.amount)
    .slice(0, MOST_TOLD)
    .filter(([, { amount }]) => amount >= LEAST_TOLD * total)
    .map(([key, sum]) => ({
      name: nameOf(key, sum),
      amount: sum.amount,
      events: sum.events,
      share: sum.amount / total,
      from: mostOf(sum),
    }));
}

function mostOf({ amount, places }: Sum): RecordedGroup['from'] {
  const [most] = [...places.values()].sort((a, b) => b.amount - a.amount);
  return most === undefined || most.amount < LEAST_SHARE * amount ? null : { ...most.place, share: most.amount / amount };
}
