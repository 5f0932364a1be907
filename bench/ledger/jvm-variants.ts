import type { Jdk } from '../../scripts/jdks.mjs';
import type { Variant } from '../../test/support/jvm-cell.ts';
import { run } from '../../test/support/process.ts';

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
  { name: 'Shenandoah', collector: 'Shenandoah', flags: ['-XX:+UseShenandoahGC'] },
  { name: 'ZGC', collector: 'ZGC', flags: ['-XX:+UseZGC'] },
  { name: 'ZGC, generational', collector: 'ZGC', flags: ['-XX:+UseZGC', '-XX:+ZGenerational'] },
  { name: 'Epsilon', collector: 'Epsilon', flags: ['-XX:+UseEpsilonGC'] },
];

/** Enough that the compressed class space outgrows 8 MiB and the rest of metaspace 64 MiB. */
const MANY_CLASSES = 20_000;

const OTHERS: readonly Variant[] = [
  { name: 'G1, 20,000 classes', collector: 'G1', flags: ['-XX:+UseG1GC'], classes: MANY_CLASSES },
  { name: 'G1, -Xshare:off', collector: 'G1', flags: ['-XX:+UseG1GC', '-Xshare:off'], classes: 6000 },
  { name: 'G1, -XX:-UseCompressedOops', collector: 'G1', flags: ['-XX:+UseG1GC', '-XX:-UseCompressedOops'], classes: 6000 },
];

/** What this JDK has of these: it is asked, since builds of one line differ. */
export async function variantsOf(jdk: Jdk): Promise<Variant[]> {
  const found: Variant[] = [];
  for (const { flags, ...rest } of COLLECTORS) {
    const all = ['-XX:+UnlockExperimentalVMOptions', ...flags];
    const { code, stdout, stderr } = await run(jdk.java, [...all, '-version']);
    if (code !== 0 || /support was removed/.test(stdout + stderr)) continue;
    found.push({ ...rest, flags: all, classes: 6000 });
  }
  // JDK 24 and newer have ZGC with generations alone.
  return [...found.map((v) => (v.name === 'ZGC' && jdk.line >= 24 ? { ...v, name: 'ZGC, generational' } : v)), ...OTHERS];
}
