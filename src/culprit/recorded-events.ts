import { dirname } from 'node:path';
import { type JfrEvent, knowsTypes } from '../jfr/jfr-chunk.ts';
import { KIB, MIB } from '../units.ts';
import { type CodePlace, codePlaceOf } from './code-place.ts';
import { groupsOfFile, groupsOfPeer } from './descriptor-groups.ts';
import { eventsInTurns } from './events-in-turns.ts';
import { framesOf, keyOf, structOf, textOf } from './jfr-frames.ts';
import { LEAST_SHARE, LEAST_TOLD, MOST_TOLD } from './shares.ts';
import { threadPattern } from './thread-pattern.ts';
import type { Recorded, RecordedCause, RecordedGroup, UsedBy } from './types.ts';

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
function settingsOf(types: readonly string[]): string {
  const settings = { enabled: 'true', stackTrace: 'true', threshold: '0 ms', throttle: 'off' };
  const lines = Object.entries(settings).map(([name, value]) => `    <setting name="${name}">${value}</setting>`);
  const events = types.map((type) => `  <event name="${type}">\n${lines.join('\n')}\n  </event>`);
  return `<?xml version="1.0" encoding="UTF-8"?>\n<configuration version="2.0">\n${events.join('\n')}\n</configuration>\n`;
}

export const recordingSettings = (cause: RecordedCause): string => settingsOf(Object.keys(RECORDED_EVENTS[cause]));

/** How each use of something that is open is called in a list of descriptors. */
const USES: Readonly<Record<string, (event: JfrEvent) => readonly string[]>> = {
  'jdk.FileRead': (event) => groupsOfFile(text(event, 'path') ?? ''),
  'jdk.FileWrite': (event) => groupsOfFile(text(event, 'path') ?? ''),
  'jdk.SocketRead': (event) => groupsOfPeer(text(event, 'address') ?? '', number(event, 'port')),
  'jdk.SocketWrite': (event) => groupsOfPeer(text(event, 'address') ?? '', number(event, 'port')),
};

export const useSettings = (): string => settingsOf(Object.keys(USES));

/** Events of more than this many are not read: the first ones tell who it is. */
const MAX_EVENTS = 200_000;
const MAX_NAMES = 10_000;
/** Lines of code; a program has some hundred that write. */
const MAX_PLACES = 5000;
const MAX_THREADS = 1000;
const MAX_STACKS = 100_000;

interface Sum {
  amount: number;
  events: number;
  readonly names: Set<string>;
  readonly places: Map<string, { readonly place: CodePlace; amount: number }>;
  readonly threads: Map<string, number>;
}

/** A write may make a page dirty at each of its ends, again after it was written back. */
const MOST_BESIDE_A_WRITE = 2 * 4 * KIB;
/** The JVM writes a little beside Java code. Its recording is written twice: into the recorder's folder, and copied when it ends. */
const LEAST_UNSEEN = MIB;

/**
 * Sums a recording by file, connection or program; null: its JVM has no such events. `dirtied`: bytes of the page cache that the process made
 * dirty meanwhile; null: not known, or not of this cause. Throws JfrError.
 */
export async function sumRecording(
  cause: RecordedCause,
  recording: Buffer,
  seconds: number,
  dirtied: number | null,
): Promise<Recorded | null> {
  const rows = RECORDED_EVENTS[cause];
  if (!knowsTypes(recording, Object.keys(rows))) return null;
  const sums = new Map<string, Sum>();
  const places = new Places();
  let [total, events] = [0, 0];
  for await (const event of eventsInTurns(recording, new Set(Object.keys(rows)))) {
    if (++events > MAX_EVENTS) break;
    const row = rows[event.type];
    const amount = row?.amount(event) ?? 0;
    total += amount;
    const name = row?.name(event) ?? null;
    if (name === null || amount === 0 || (sums.size >= MAX_NAMES && !sums.has(name))) continue;
    const sum = sums.get(name) ?? newSum();
    sums.set(name, sum);
    add(sum, { name, amount, events: 1, place: places.of(event), thread: threadOf(event) });
  }
  // Of a recording that is not read to its end it is not known what all events wrote.
  const unseen =
    dirtied === null || events > MAX_EVENTS
      ? null
      : Math.max(0, dirtied - 2 * recording.length - total - events * MOST_BESIDE_A_WRITE);
  return named({ state: 'recorded', cause, seconds, total, unseen }, sums);
}

/** The place that at least half of the reads and writes of a group of descriptors come from; null: none has half, or there were none. Throws JfrError. */
export async function usedBy(recording: Buffer, group: string): Promise<UsedBy | null> {
  const sum = newSum();
  const places = new Places();
  let events = 0;
  for await (const event of eventsInTurns(recording, new Set(Object.keys(USES)))) {
    if (++events > MAX_EVENTS) break;
    if (USES[event.type]!(event).includes(group))
      add(sum, { name: group, amount: 1, events: 1, place: places.of(event), thread: null });
  }
  const from = mostOf(sum);
  return from === null ? null : { ...from, events: sum.events };
}

const NOWHERE: CodePlace = { line: null, logger: null, level: null };
const keyOfPlace = ({ line, logger, level }: CodePlace): string => `${line} ${logger} ${level}`;

/** The places that stacks lead to. */
class Places {
  /** Stacks are in a pool of their chunk, so each is read once. */
  readonly #byStack = new Map<string, CodePlace>();
  readonly #all = new Map<string, CodePlace>();

  of({ chunk, values }: JfrEvent): CodePlace {
    const trace = values.get('stackTrace');
    const pooled = keyOf(trace);
    const stack = `${chunk.endsAt} ${pooled}`;
    const known = pooled === null ? undefined : this.#byStack.get(stack);
    if (known !== undefined) return known;
    const place = this.#once(codePlaceOf(framesOf(chunk, trace)));
    if (pooled !== null && this.#byStack.size < MAX_STACKS) this.#byStack.set(stack, place);
    return place;
  }

  #once(place: CodePlace): CodePlace {
    const key = keyOfPlace(place);
    const known = this.#all.get(key);
    if (known !== undefined) return known;
    if (this.#all.size >= MAX_PLACES) return NOWHERE;
    this.#all.set(key, place);
    return place;
  }
}

const newSum = (): Sum => ({ amount: 0, events: 0, names: new Set(), places: new Map(), threads: new Map() });

interface Doing {
  readonly name: string;
  readonly amount: number;
  readonly events: number;
  readonly place: CodePlace;
  /** null: it has no name. */
  readonly thread: string | null;
}

/** Threads of a pool are one. */
function threadOf({ chunk, values }: JfrEvent): string | null {
  const name = textOf(chunk, structOf(chunk, values.get('eventThread'))?.get('javaName'));
  return name === null ? null : threadPattern(name);
}

function add(sum: Sum, { name, amount, events, place, thread }: Doing): void {
  sum.amount += amount;
  sum.events += events;
  sum.names.add(name);
  const key = keyOfPlace(place);
  const known = sum.places.get(key) ?? { place, amount: 0 };
  known.amount += amount;
  sum.places.set(key, known);
  if (thread !== null && (sum.threads.has(thread) || sum.threads.size < MAX_THREADS))
    sum.threads.set(thread, (sum.threads.get(thread) ?? 0) + amount);
}

/** Where no single file has half, a folder may, and of peers a host: each connection that was accepted is another peer. What most bytes were written by is none of them, if no event tells of it. */
function named(answer: Omit<Recorded, 'culprit' | 'groups'>, sums: ReadonlyMap<string, Sum>): Recorded {
  const { cause, total } = answer;
  const groups = told(sums, total, (name) => name);
  if (isMostUnseen(answer)) return { ...answer, culprit: null, groups };
  const [most] = groups;
  if (most !== undefined && most.share >= LEAST_SHARE) return { ...answer, culprit: most, groups };
  if (cause === 'page-cache') {
    const folders = told(gathered(sums, dirname), total, (folder, { names }) => `${folder}/ (${names.size} files)`);
    if (folders[0] !== undefined && folders[0].share >= LEAST_SHARE) return { ...answer, culprit: folders[0], groups: folders };
  }
  if (cause === 'sock') {
    const byHost = new Map([...gathered(sums, hostOf)].filter(([, { names }]) => names.size >= LEAST_PORTS));
    const hosts = told(byHost, total, (host, { names }) => `${host} (${names.size} ports)`);
    if (hosts[0] !== undefined && hosts[0].share >= LEAST_SHARE) return { ...answer, culprit: hosts[0], groups: hosts };
  }
  return { ...answer, culprit: null, groups };
}

/** Fewer may be as many services. */
const LEAST_PORTS = 10;
const hostOf = (peer: string): string => peer.slice(0, peer.lastIndexOf(':'));

/** Whether more was written than all events together tell. Pure. */
export const isMostUnseen = ({ total, unseen }: Pick<Recorded, 'total' | 'unseen'>): boolean =>
  unseen !== null && unseen >= LEAST_UNSEEN && unseen > total;

function gathered(sums: ReadonlyMap<string, Sum>, into: (name: string) => string): Map<string, Sum> {
  const all = new Map<string, Sum>();
  for (const [name, { events, places, threads }] of sums) {
    const key = into(name);
    const sum = all.get(key) ?? newSum();
    all.set(key, sum);
    for (const { place, amount } of places.values()) add(sum, { name, amount, events: 0, place, thread: null });
    for (const [thread, amount] of threads) sum.threads.set(thread, (sum.threads.get(thread) ?? 0) + amount);
    sum.events += events;
  }
  return all;
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
      thread: threadIn(sum),
    }));
}

function mostOf({ amount, places }: Sum): RecordedGroup['from'] {
  const [most] = [...places.values()].sort((a, b) => b.amount - a.amount);
  return most === undefined || most.amount < LEAST_SHARE * amount ? null : { ...most.place, share: most.amount / amount };
}

function threadIn({ amount, threads }: Sum): RecordedGroup['thread'] {
  const [most] = [...threads].sort(([, a], [, b]) => b - a);
  return most === undefined || most[1] < LEAST_SHARE * amount ? null : { name: most[0], share: most[1] / amount };
}
