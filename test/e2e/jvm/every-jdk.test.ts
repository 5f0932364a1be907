import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JDK_LINES, jdk } from '../../../scripts/jdks.mjs';
import { runCell, type Variant } from '../../support/jvm-cell.ts';
import { missingRequirements } from '../../support/needs.ts';

const [oldest, newest] = [Math.min(...JDK_LINES), Math.max(...JDK_LINES)];
const G1: Variant = { name: 'G1', collector: 'G1', flags: ['-XX:+UseG1GC'], classes: 3000 };
const PARALLEL: Variant = { name: 'Parallel', collector: 'Parallel', flags: ['-XX:+UseParallelGC'], classes: 3000 };

/** A few; `npm run report:jvms` runs all of them, for docs/jvms.md. */
for (const [line, variant] of [
  [oldest, PARALLEL],
  [oldest, G1],
  [newest, G1],
] as const) {
  const found = jdk(line);
  // It is a download of some 100 MB that no test starts, so even with CI its absence is no failure.
  const skip =
    missingRequirements('root', 'cgroup', 'fincore') ||
    (found === null && `needs JDK ${line}, which \`node scripts/jdks.mjs ${line}\` fetches`);
  test(`JDK ${line}, ${variant.name}: every figure is what the JVM and the kernel say`, { skip, timeout: 120_000 }, async () => {
    const [figures] = await runCell(found!, variant, [false]);
    assert.ok(figures!.length > 20);
    assert.deepEqual(
      figures!.filter(({ state }) => state !== 'agrees'),
      [],
    );
  });
}
