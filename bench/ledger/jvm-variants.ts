import { readFileSync } from 'node:fs';
import type { Jdk } from '../../scripts/jdks.mjs';
import { GIB, MIB } from '../../src/units.ts';
import type { Variant } from '../../test/support/jvm-cell.ts';
import { run } from '../../test/support/process.ts';

/**
 * Of the kernel's huge pages; of ZGC, whose counters may hold a page that its beans count as free; and of Shenandoah, which renews its counters
 * when an allocation takes a new region, so that they are behind by what regions in use have taken since (ShenandoahMonitoringSupport).
 */
const LARGE_PAGE = 2 * MIB;

const COLLECTORS: readonly Omit<Variant, 'classes'>[] = [
  { name: 'Serial', collector: 'Serial', flags: ['-XX:+UseSerialGC'] },
  { name: 'Parallel', collector: 'Parallel', flags: ['-XX:+UseParallelGC'] },
  {
    name: 'CMS',
    collector: 'CMS',
    // None of its own accord while figures are compared.
    flags: ['-XX:+UseConcMarkSweepGC', '-XX:+UseCMSInitiatingOccupancyOnly', '-XX:CMSInitiatingOccupancyFraction=90'],
  },
  { name: 'G1', collector: 'G1', flags: ['-XX:+UseG1GC'] },
  { name: 'Shenandoah', collector: 'Shenandoah', flags: ['-XX:+UseShenandoahGC'], pageBytes: LARGE_PAGE },
  { name: 'ZGC', collector: 'ZGC', flags: ['-XX:+UseZGC'], pageBytes: LARGE_PAGE },
  { name: 'ZGC, generational', collector: 'ZGC', flags: ['-XX:+UseZGC', '-XX:+ZGenerational'], pageBytes: LARGE_PAGE },
  { name: 'Epsilon', collector: 'Epsilon', flags: ['-XX:+UseEpsilonGC'] },
];

/** Enough that the compressed class space outgrows 8 MiB and the rest of metaspace 64 MiB; and enough for two full nodes of metaspace. */
const MANY_CLASSES = 20_000;
const MOST_CLASSES = 70_000;

const OTHERS: readonly Variant[] = [
  { name: 'G1, 20,000 classes', collector: 'G1', flags: ['-XX:+UseG1GC'], classes: MANY_CLASSES },
  { name: 'G1, -Xshare:off', collector: 'G1', flags: ['-XX:+UseG1GC', '-Xshare:off'], classes: 6000 },
  { name: 'G1, -XX:-UseCompressedOops', collector: 'G1', flags: ['-XX:+UseG1GC', '-XX:-UseCompressedOops'], classes: 6000 },
  { name: 'Serial, 70,000 classes', collector: 'Serial', flags: ['-XX:+UseSerialGC'], classes: MOST_CLASSES },
  { name: 'Serial, -Xint', collector: 'Serial', flags: ['-XX:+UseSerialGC', '-Xint'], classes: 3000 },
  { name: 'G1, code cache of 12 MiB', collector: 'G1', flags: ['-XX:+UseG1GC', '-XX:ReservedCodeCacheSize=12m'], classes: 3000 },
  { name: 'G1, string deduplication', collector: 'G1', flags: ['-XX:+UseG1GC', '-XX:+UseStringDeduplication'], classes: 3000 },
];

/** CMS left the JVM with JDK 14. */
const LAST_WITH_CMS = 13;
const CMS_CLASSES: Variant = { ...COLLECTORS.find((v) => v.name === 'CMS')!, name: 'CMS, 20,000 classes', classes: MANY_CLASSES };

/** Other sizes and kinds of memory. */
const SIZES: readonly Variant[] = [
  {
    name: 'Parallel, 4 GiB resident',
    collector: 'Parallel',
    // A thread's buffer is a share of the young generation: of a large one it is more than 10 MiB, which come after the collection.
    flags: ['-XX:+UseParallelGC', '-Xms4g', '-Xmn64m', '-XX:+AlwaysPreTouch'],
    classes: 3000,
    maxHeapBytes: 4 * GIB,
    limitBytes: 6 * GIB,
  },
  { name: 'Parallel, -Xmx40g', collector: 'Parallel', flags: ['-XX:+UseParallelGC'], classes: 3000, maxHeapBytes: 40 * GIB },
  { name: 'G1, -Xmx40g', collector: 'G1', flags: ['-XX:+UseG1GC'], classes: 3000, maxHeapBytes: 40 * GIB },
  {
    name: 'G1, huge pages (THP)',
    collector: 'G1',
    flags: ['-XX:+UseG1GC', '-XX:+UseTransparentHugePages'],
    classes: 3000,
    pageBytes: LARGE_PAGE,
  },
  { name: 'G1, 1,000 threads', collector: 'G1', flags: ['-XX:+UseG1GC'], classes: 3000, threads: 1000 },
  {
    name: 'G1, 200 MiB of direct buffers',
    collector: 'G1',
    flags: ['-XX:+UseG1GC', '-XX:MaxDirectMemorySize=256m'],
    classes: 3000,
    directMib: 200,
  },
];

const AOT_CACHE: Variant = {
  name: 'G1, AOT cache',
  collector: 'G1',
  flags: ['-XX:+UseG1GC', '-XX:AOTCache=FOLDER/app.aot'],
  classes: 3000,
  prepare: [
    ['-XX:+UseG1GC', '-XX:AOTMode=record', '-XX:AOTConfiguration=FOLDER/app.aotconf'],
    ['-XX:+UseG1GC', '-XX:AOTMode=create', '-XX:AOTConfiguration=FOLDER/app.aotconf', '-XX:AOTCache=FOLDER/app.aot'],
  ],
};
const FIRST_WITH_AOT_CACHE = 24;

const LARGE_PAGES: Variant = {
  name: 'Parallel, large pages',
  collector: 'Parallel',
  flags: ['-XX:+UseParallelGC', '-XX:+UseLargePages'],
  classes: 3000,
  pageBytes: LARGE_PAGE,
};
/** What the heap and the code cache reserve. `echo 400 > /proc/sys/vm/nr_hugepages` makes as many. */
const HUGE_PAGES = 300;
const hasHugePages = (): boolean =>
  Number(/^HugePages_Free: +(\d+)/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1]) >= HUGE_PAGES;

/** What this JDK has of these: it is asked, since builds of one line differ. */
export async function variantsOf(jdk: Jdk): Promise<Variant[]> {
  const found: Variant[] = [];
  for (const { flags, ...rest } of COLLECTORS) {
    const all = ['-XX:+UnlockExperimentalVMOptions', ...flags];
    const { code, stdout, stderr } = await run(jdk.java, [...all, '-version']);
    if (code !== 0 || /support was removed/.test(stdout + stderr)) continue;
    found.push({ ...rest, flags: all, classes: 6000 });
  }
  const others = [
    ...OTHERS,
    ...(jdk.line <= LAST_WITH_CMS ? [CMS_CLASSES] : []),
    ...SIZES,
    ...(hasHugePages() ? [LARGE_PAGES] : []),
    ...(jdk.line >= FIRST_WITH_AOT_CACHE ? [AOT_CACHE] : []),
  ];
  // JDK 24 and newer have ZGC with generations alone.
  return [...found.map((v) => (v.name === 'ZGC' && jdk.line >= 24 ? { ...v, name: 'ZGC, generational' } : v)), ...others];
}
