import { existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DAY_S, HOUR_S } from '../../src/units.ts';
import type { Random } from '../../synthetic/random.ts';
import type { Container, Volume } from './world.ts';

/** What a fault may do to the run. */
export interface Soak {
  readonly random: Random;
  readonly container: Container;
  readonly volume: Volume;
  /** Moves the wall clock, not the time that passes. */
  readonly moveClock: (seconds: number) => void;
  /** Ends memhound in order and starts it again. `between`: what happens to its files in between. */
  readonly restart: (between?: () => void) => Promise<void>;
  /** Ends it in the middle of a tick, so that its files stay as they are at that moment, and starts it again. */
  readonly kill: () => Promise<void>;
  /** Passes time without a tick, as a SIGSTOP or a starved CPU does. */
  readonly standStill: (seconds: number) => void;
  /** The volume holds nothing any more, by intent. */
  readonly forgetSealed: () => void;
  /** A sealed file is damaged, by intent. */
  readonly forgetFile: (name: string) => void;
}

export interface Fault {
  readonly name: string;
  /** Whether it can happen beside those that last: what has ended cannot end again. */
  readonly mayBegin: (soak: Soak, lasting: readonly Fault[]) => boolean;
  readonly begin: (soak: Soak) => void | Promise<void>;
  /** After some ticks; null: it needs no repair. */
  readonly end: ((soak: Soak) => void | Promise<void>) | null;
}

const level = ({ random }: Soak): number => Math.round(random.between(100, 700));

type Listed = Omit<Fault, 'mayBegin'> & {
  /** What it happens to. One fault at a time lasts for each. */
  readonly of: 'container' | 'clock' | 'volume';
};

/** A text that stands in memory.stat for a while. */
const inStat = (name: string, change: (right: string, random: Random) => string): Listed => ({
  name,
  of: 'container',
  begin: ({ container, random }) => {
    container.stat = (right) => change(right, random);
  },
  end: ({ container }) => {
    container.stat = null;
  },
});

const jump = (name: string, seconds: (random: Random) => number): Listed => ({
  name,
  of: 'clock',
  begin: ({ moveClock, random }) => moveClock(Math.round(seconds(random))),
  end: null,
});

/** The files of the only history, in order of time; none: the folder was deleted, and no tick has made it again. */
const segments = (dir: string): { readonly folder: string; readonly names: string[] } => {
  if (!existsSync(dir)) return { folder: dir, names: [] };
  const [key] = readdirSync(dir, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  if (key === undefined) return { folder: dir, names: [] };
  const folder = join(dir, key.name);
  const names = readdirSync(folder).filter((name) => /^\d+(\.\w+)?\.json$/.test(name));
  return { folder, names: names.sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10)) };
};

const LIST: readonly Listed[] = [
  {
    name: 'the target ends',
    of: 'container',
    begin: ({ container }) => container.end(),
    end: (soak) => soak.container.start(level(soak)),
  },
  {
    name: 'the target is OOM-killed',
    of: 'container',
    begin: ({ container }) => {
      container.countOomKill();
      container.end();
    },
    end: (soak) => soak.container.start(level(soak)),
  },
  {
    name: 'its pid is used again within a tick',
    of: 'container',
    begin: (soak) => {
      soak.container.end();
      soak.container.start(level(soak), { samePid: true });
    },
    end: null,
  },
  { name: 'another process is OOM-killed', of: 'container', begin: ({ container }) => container.countOomKill(), end: null },
  inStat('memory.stat is empty', () => ''),
  inStat('memory.stat is cut', (right) => right.slice(0, right.indexOf('file') + 6)),
  inStat('memory.stat is garbage', (_, random) => `anon -${random.next()}\n\0\0`),
  inStat('memory.stat has new fields', (right, random) => `${right}future_${Math.floor(random.next() * 4)} 1\n`),
  {
    name: 'the counters of the JVM are cut',
    of: 'container',
    begin: ({ container, random }) => {
      const folder = container.path('root/tmp/hsperfdata_app');
      for (const name of readdirSync(folder)) truncateSync(join(folder, name), Math.floor(random.between(0, 200)));
    },
    end: (soak) => {
      soak.container.end();
      soak.container.start(level(soak));
    },
  },
  {
    name: 'memory.max is garbage',
    of: 'container',
    begin: ({ container }) => writeFileSync(container.path('root/sys/fs/cgroup/memory.max'), '-5\n'),
    end: ({ container }) => writeFileSync(container.path('root/sys/fs/cgroup/memory.max'), '1073741824\n'),
  },
  jump('the clock goes ahead by minutes', (random) => random.between(60, HOUR_S)),
  jump('the clock goes ahead by days', (random) => random.between(DAY_S, 20 * DAY_S)),
  jump('the clock goes back by a minute', (random) => -random.between(10, 200)),
  jump('the clock goes back by hours', (random) => -random.between(400, 12 * HOUR_S)),
  {
    name: 'the clock is ten years ahead for a while',
    of: 'clock',
    begin: ({ moveClock }) => moveClock(3652 * DAY_S),
    end: ({ moveClock }) => moveClock(-3652 * DAY_S),
  },
  {
    name: 'memhound stands still',
    of: 'clock',
    begin: ({ standStill, random }) => standStill(Math.round(random.scale(20, 6 * HOUR_S))),
    end: null,
  },
  { name: 'the disk is full', of: 'volume', begin: ({ volume }) => volume.fill(), end: ({ volume }) => volume.free() },
  {
    name: 'the disk is read-only',
    of: 'volume',
    begin: ({ volume }) => volume.setReadOnly(true),
    end: ({ volume }) => volume.setReadOnly(false),
  },
  {
    name: 'the data folder is deleted',
    of: 'volume',
    begin: ({ volume, forgetSealed }) => {
      volume.remove();
      forgetSealed();
    },
    end: null,
  },
  {
    name: 'the data folder is replaced by a file',
    of: 'volume',
    begin: ({ volume }) => volume.replaceByFile(),
    end: ({ volume }) => volume.restoreFolder(),
  },
  { name: 'memhound is started again', of: 'volume', begin: ({ restart }) => restart(), end: null },
  { name: 'memhound is killed', of: 'volume', begin: ({ kill }) => kill(), end: null },
  {
    name: 'a segment is of a later version',
    of: 'volume',
    begin: ({ restart, volume }) =>
      restart(() => {
        const { folder, names } = segments(volume.dir);
        if (!existsSync(folder)) return;
        const first = Number.parseInt(names[0] ?? '1700000000000', 10);
        writeFileSync(join(folder, `${first - 1000}.json`), '{"schema":"memhound.history/3","rows":[]}\n');
      }),
    end: null,
  },
  {
    name: 'a bit of a sealed segment flips',
    of: 'volume',
    begin: ({ restart, volume, random, forgetFile }) =>
      restart(() => {
        const { folder, names } = segments(volume.dir);
        if (names.length < 2) return;
        const name = random.pick(names.slice(0, -1));
        const bytes = readFileSync(join(folder, name));
        bytes[Math.floor(random.between(0, bytes.length))]! ^= 1;
        writeFileSync(join(folder, name), bytes);
        forgetFile(name);
      }),
    end: null,
  },
  {
    name: 'a segment cannot be read',
    of: 'volume',
    begin: ({ restart, volume, random }) =>
      restart(() => {
        const { folder, names } = segments(volume.dir);
        if (names.length >= 2) volume.makeUnreadable(join(folder, random.pick(names.slice(0, -1))));
      }),
    end: ({ volume }) => volume.makeReadable(),
  },
];

export const FAULTS: readonly Fault[] = LIST.map((listed) => ({
  ...listed,
  mayBegin: ({ container }, lasting) =>
    (listed.of !== 'container' || container.alive) &&
    !LIST.some(({ of, name }) => of === listed.of && lasting.some((one) => one.name === name)),
}));
