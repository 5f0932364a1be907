import type { Cause } from '../../src/trends/types.ts';
import { MIB } from '../../src/units.ts';

/** One shape of growth that real services have: the program that grows so, and what must be named. */
export interface NameCase {
  readonly name: string;
  /** File in scenarios/, without its ending. */
  readonly program: string;
  /** FOLDER is a new folder on disk, SHM one on a tmpfs, TOOL a program under the name of a tool. */
  readonly args: readonly string[];
  readonly flags: readonly string[];
  readonly limitBytes: number;
  /** Shell commands that run before the program, and beside it; FOLDER and SHM are in their environment. */
  readonly prepare?: string;
  readonly beside?: string;
  readonly seconds: number;
  /** The cause, and how the headline names the thing that grows. */
  readonly cause: Cause;
  readonly headline: RegExp;
  readonly leak: boolean | null;
}

const SERIAL = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
const SMALL = [...SERIAL, '-Xms48m', '-Xmx48m', '-XX:+AlwaysPreTouch'];

const row = (
  name: string,
  [program, ...args]: readonly [string, ...string[]],
  cause: Cause,
  headline: RegExp,
  rest: Partial<NameCase> = {},
): NameCase => ({ name, program, args, flags: SMALL, limitBytes: 768 * MIB, seconds: 60, leak: true, cause, headline, ...rest });

const HARMLESS = { leak: false } as const;

/** Eight files of 50 MiB of which none is in memory. */
const COLD_STORE =
  'mkdir "$FOLDER/store"; for i in 1 2 3 4 5 6 7 8; do dd if=/dev/urandom of="$FOLDER/store/blob$i" bs=1M count=50 status=none; done; sync; for f in "$FOLDER"/store/*; do dd if="$f" iflag=nocache count=0 status=none; done';

export const NAME_CASES: readonly NameCase[] = [
  row('one log', ['LogGrowth', '3', '400', 'FOLDER/app.log'], 'page-cache', /\/app\.log \(/, HARMLESS),
  row(
    'segments of a broker',
    ['Segments', 'kept', 'FOLDER/topic', '4', '8', '400'],
    'page-cache',
    /\d+ files in \S*\/topic\//,
    HARMLESS,
  ),
  row(
    'uploads, closed',
    ['Segments', 'closed', 'FOLDER/upload', '4', '8', '400'],
    'page-cache',
    /\d+ files in \S*\/upload\//,
    HARMLESS,
  ),
  row(
    'blobs under random names in many folders',
    ['FileShapes', 'blobs', 'FOLDER/blobs', '4', '400'],
    'page-cache',
    /\d+ files in \S*\/blobs\/.* But the disk they fill lasts/,
    HARMLESS,
  ),
  row(
    'sources in deep trees of small folders',
    ['FileShapes', 'sources', 'FOLDER/ws', '1', '400'],
    'page-cache',
    /\d+ files in \S*\/ws\/.* But the disk they fill lasts/,
    HARMLESS,
  ),
  row(
    'a log for each tenant',
    ['Segments', 'tenants', 'FOLDER/tenants', '4', '8', '400'],
    'page-cache',
    /\d+ files in \S*\/tenants\//,
    HARMLESS,
  ),
  row(
    'partitions of a broker, with mapped indexes',
    ['FileShapes', 'broker', 'FOLDER/kafka', '4', '400'],
    'page-cache',
    /\d+ files in \S*\/kafka\//,
    HARMLESS,
  ),
  row(
    'tables of a store that are merged',
    ['FileShapes', 'tree', 'FOLDER/rocks', '4', '400'],
    'page-cache',
    /\d+ files in \S*\/rocks\//,
    HARMLESS,
  ),
  row('a store and its write-ahead log', ['FileShapes', 'wal', 'FOLDER/db', '4', '400'], 'page-cache', /\/app\.db \(/, HARMLESS),
  row(
    'a mapped file of fixed length',
    ['FileShapes', 'mapped', 'FOLDER/store', '4', '400'],
    'page-cache',
    /\/store\.map \(/,
    HARMLESS,
  ),
  row(
    'a mapped file, deleted, without a descriptor',
    ['FileShapes', 'mapped-deleted', 'FOLDER/store', '4', '400'],
    'page-cache',
    /\/store\.map \(.*still mapped by java FileShapes pid/,
    HARMLESS,
  ),
  row(
    'a journal of full length',
    ['FileShapes', 'journal', 'FOLDER/db', '4', '600'],
    'page-cache',
    /\/journal\.dat \(/,
    HARMLESS,
  ),
  row(
    'uploads, removed and never closed',
    ['FileShapes', 'uploads', 'FOLDER/upload', '4', '400'],
    'page-cache',
    /\d+ deleted files .*\/upload\//,
    HARMLESS,
  ),
  row(
    'deleted and never closed',
    ['Segments', 'deleted', 'FOLDER/cache', '4', '8', '400'],
    'page-cache',
    /deleted files/,
    HARMLESS,
  ),
  row('a log removed under its writer', ['PlainLog', 'FOLDER/app.log', '4', '400'], 'page-cache', /\/app\.log \(.*deleted/, {
    ...HARMLESS,
    beside: 'sleep 12; rm "$FOLDER/app.log"',
  }),
  row('files that are only read', ['Reread', 'closed', 'FOLDER/store', '4'], 'page-cache', /\d+ files .*in \S*\/store\//, {
    ...HARMLESS,
    prepare: COLD_STORE,
  }),
  row(
    'a log that is rotated and packed',
    ['FileShapes', 'zipped', 'FOLDER/logs', '4', '400'],
    'page-cache',
    /\/logs\//,
    HARMLESS,
  ),
  row('files that are read in bursts', ['Reread', 'bursts', 'FOLDER/store', '4'], 'page-cache', /in \S*\/store\//, {
    ...HARMLESS,
    prepare: COLD_STORE,
  }),
  row(
    'a file that is written in bursts',
    ['FileShapes', 'bursts', 'FOLDER/spill', '1.5', '400'],
    'page-cache',
    /page cache of \S*\/spill\.bin/,
    { ...HARMLESS, seconds: 90 },
  ),
  row(
    'a state file that is replaced by a larger one',
    ['FileShapes', 'replaced', 'FOLDER/state', '1.5', '200'],
    'page-cache',
    /\/state\.json \(/,
    HARMLESS,
  ),
  row(
    'a snapshot that is written under another ending',
    ['FileShapes', 'snapshot', 'FOLDER/state', '1.5', '200'],
    'page-cache',
    /\/snapshot\.db \(/,
    HARMLESS,
  ),
  row(
    'a log beside a heap that fills',
    ['FileShapes', 'log-and-heap', 'FOLDER/data', '5', '400'],
    'page-cache',
    /\/app\.log \(.*The Java heap fills beside it/,
    { flags: [...SERIAL, '-Xms400m', '-Xmx400m', '-Xmn4m'], leak: null },
  ),
  row('a spill folder on a tmpfs', ['Segments', 'closed', 'SHM/spill', '4', '8', '400'], 'shmem', /\/spill\//),
  row('one file on a tmpfs', ['TmpfsGrowth', '3', '300', 'SHM/queue.dat'], 'shmem', /\/queue\.dat/),
  row('a helper process', ['ChildGrows', '3', '300', 'TOOL'], 'process', /^wkhtmltopdf .*started by the JVM/),
  row('helper processes of many names', ['HelperShapes', 'names', '4', 'TOOL'], 'process', /^Processes of 12 names \(/),
  row('ever more helper processes', ['HelperShapes', 'count', '5', 'TOOL'], 'process', /^wkhtmltopdf \(\d+ processes, /),
  row('ever more helpers that are small', ['HelperShapes', 'sleepers', '4', 'TOOL'], 'process', /^wkhtmltopdf \(\d+ processes, /),
  row('ever more helper JVMs', ['HelperShapes', 'jvms', '6'], 'process', /^HelperShapes \(\d+ processes, /),
  row(
    'processes that have ended and are not waited for',
    ['HelperShapes', 'zombies', '2', 'TOOL'],
    'slab',
    /processes have ended, and wkhtmltopdf pid \d+ does not wait for/,
  ),
  row(
    'a helper process that is killed and started again',
    ['HelperShapes', 'killed', '6', 'TOOL'],
    'none',
    /up and down between .*, most of it wkhtmltopdf/,
    { ...HARMLESS, seconds: 90 },
  ),
  row('compressors that are never closed', ['HelperShapes', 'deflaters', '3'], 'native', /in malloc arenas/),
  row('direct buffers beside threads', ['HelperShapes', 'buffers', '4'], 'native', /in direct buffers/, {
    flags: [...SMALL, '-XX:MaxDirectMemorySize=1g'],
    limitBytes: 1024 * MIB,
  }),
  row('direct buffers, without counters', ['DirectLeak', '3', '300'], 'native', /in direct buffers/, {
    flags: [...SMALL, '-XX:MaxDirectMemorySize=1g', '-XX:-UsePerfData'],
  }),
  row('direct buffers', ['DirectLeak', '3', '300'], 'native', /in direct buffers/, {
    flags: [...SMALL, '-XX:MaxDirectMemorySize=1g'],
  }),
  row('malloc arenas', ['MallocArenas', '3', '300', '8'], 'native', /in malloc arenas/),
  row('direct buffers beside a pool that fills', ['PoolAndLeak', '2', '3'], 'native', /in direct buffers/, {
    flags: [...SMALL, '-XX:MaxDirectMemorySize=1g'],
    limitBytes: 1024 * MIB,
  }),
  row('threads', ['ThreadLeak', '12', '900'], 'threads', /^Threads grow/, { limitBytes: 320 * MIB }),
  row('class loaders', ['ClassLoaderLeak', '60', '6000'], 'metaspace', /^Metaspace grows/, {
    flags: [...SMALL, '-XX:MetaspaceSize=6m'],
    seconds: 75,
  }),
  row('the heap', ['HeapLeak', '3', '400'], 'heap', /heap's floor/, { flags: [...SERIAL, '-Xmx500m', '-Xmn4m'], seconds: 75 }),
  row('the heap, without counters', ['HeapLeak', '3', '400'], 'heap', /range of the Java heap/, {
    flags: [...SERIAL, '-Xmx500m', '-XX:+PerfDisableSharedMem'],
    leak: null,
    seconds: 75,
  }),
  row("ZGC's heap, without counters", ['HeapLeak', '3', '400'], 'heap', /^The Java heap, which this JVM holds in shared memory/, {
    flags: ['-XX:+UseZGC', '-Xmx500m', '-XX:-UsePerfData'],
    leak: null,
    seconds: 75,
  }),
  row(
    'a heap whose pages are first touched',
    ['HeapChurn', '40', '9000', '3000', '0'],
    'none',
    /as the Java heap fills.* ends at -Xmx \(600 MiB\).* fits the limit/,
    { flags: ['-XX:+UseParallelGC', '-XX:TieredStopAtLevel=1', '-Xms600m', '-Xmn60m', '-Xmx600m'], leak: null, seconds: 45 },
  ),
  row(
    'full pipes',
    ['KernelKinds', 'pipes', '3', '300'],
    'slab',
    /About [\d,]+ ends of pipes are held open by java KernelKinds pid/,
  ),
  row(
    'folders that are watched',
    ['FileShapes', 'watched', 'FOLDER/tree', '2', '400'],
    'slab',
    /cannot take back.* About [\d,]+ watches on files/,
    { seconds: 75 },
  ),
  row('names that do not exist', ['DentryGrowth', '1.5', '120', 'FOLDER'], 'slab', /^Kernel memory grows/, { leak: null }),
];
