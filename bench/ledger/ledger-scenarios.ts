/** What each scenario is run with, and what the ledger and the verdict owe about it. */
export interface Scenario {
  readonly program: string;
  /** Arguments; FILE stands for a file in a folder of its own, SHM for one on a tmpfs, FOLDER for the folder. */
  readonly args: readonly string[];
  readonly flags: readonly string[];
  readonly cause: string;
  /** The part that grows, where versions differ by version; `unit` threads: their number stands in its note. */
  readonly part: Readonly<Record<1 | 2, readonly string[]>>;
  readonly unit: 'bytes' | 'threads';
  /** Growth of a program that never ends is looked at for so long. */
  readonly waitSeconds: number | null;
}

const RATE = '1.5';
const TOTAL = '120';
const SERIAL = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xmx64m'];
// Files grow faster: some kernels take page cache back that nobody has touched for a minute.
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
    // No -Xms: a leak is told once the old generation has been collected, so it begins small.
    flags: ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xmx200m', '-Xmn4m'],
  }),
  row('LogGrowth', ['3', TOTAL, 'FILE'], 'page-cache', both('FILE')),
  row('TmpfsGrowth', [RATE, TOTAL, 'SHM'], 'shmem', both('SHM')),
  row('DirectLeak', [RATE, TOTAL], 'native', both('direct buffers and large malloc'), {
    flags: [...SERIAL, '-XX:MaxDirectMemorySize=200m'],
  }),
  row('UnsafeLeak', [RATE, TOTAL], 'native', both('direct buffers and large malloc')),
  row('ThreadLeak', ['6', '480'], 'threads', both('thread stacks'), { unit: 'threads' }),
  row('DentryGrowth', [RATE, TOTAL, 'FOLDER'], 'slab', {
    1: ['kernel'],
    2: ['reclaimable slab (dentries, inodes, buffer heads)'],
  }),
  row('MappedGrowth', ['3', TOTAL, 'FILE'], 'page-cache', both('FILE')),
  row('ClassLoaderLeak', ['60', '4800'], 'metaspace', both('metaspace', 'compressed class space')),
  row('MallocArenas', [RATE, TOTAL, '8'], 'native', both('malloc arenas', 'malloc main heap')),
];
