/** The arguments of each scenario, and the expected ledger and verdict. */
export interface Scenario {
  readonly program: string;
  /** Arguments. FILE is a file in a new folder, SHM a file on a tmpfs, FOLDER the folder. */
  readonly args: readonly string[];
  readonly flags: readonly string[];
  readonly cause: string;
  /** The part that grows, by cgroup version if they differ. `unit` threads: their number is in its note. */
  readonly part: Readonly<Record<1 | 2, readonly string[]>>;
  readonly unit: 'bytes' | 'threads';
  /** Growth of a program that never ends is measured for so long. */
  readonly waitSeconds: number | null;
}

const RATE = '1.5';
const TOTAL = '120';
const SERIAL = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xmx64m'];
// Files grow faster, because some kernels reclaim page cache that was not touched for a minute.
const both = (...names: string[]) => ({ 1: names, 2: names });
const row = (
  program: string,
  args: readonly string[],
  cause: string,
  part: Scenario['part'],
  rest: Partial<Scenario> = {},
): Scenario => ({ program, args, cause, part, flags: SERIAL, unit: 'bytes', waitSeconds: null, ...rest });

export const SCENARIOS: readonly Scenario[] = [
  row('Healthy', ['24', '20'], 'none', both('anon'), { waitSeconds: 70, flags: [...SERIAL, '-Xms64m', '-XX:+AlwaysPreTouch'] }),
  row('HeapLeak', [RATE, TOTAL], 'heap', both('Java heap'), {
    // No -Xms: a leak is reported once the old generation has been collected, so it begins small.
    flags: ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xmx200m', '-Xmn4m'],
  }),
  row('LogGrowth', ['3', TOTAL, 'FILE'], 'page-cache', both('FILE')),
  row('TmpfsGrowth', [RATE, TOTAL, 'SHM'], 'shmem', both('SHM')),
  row('DirectLeak', [RATE, TOTAL], 'native', both('direct buffers, large malloc or mmap'), {
    flags: [...SERIAL, '-XX:MaxDirectMemorySize=200m'],
  }),
  row('UnsafeLeak', [RATE, TOTAL], 'native', both('direct buffers, large malloc or mmap')),
  row('ThreadLeak', ['6', '480'], 'threads', both('thread stacks'), { unit: 'threads' }),
  row('DentryGrowth', [RATE, TOTAL, 'FOLDER'], 'slab', {
    1: ['kernel'],
    2: ['reclaimable slab (dentries, inodes, buffer heads)'],
  }),
  row('MappedGrowth', ['3', TOTAL, 'FILE'], 'page-cache', both('FILE')),
  row('ClassLoaderLeak', ['60', '4800'], 'metaspace', both('metaspace', 'compressed class space')),
  row('MallocArenas', [RATE, TOTAL, '8'], 'native', both('malloc arenas', 'malloc main heap')),
];
