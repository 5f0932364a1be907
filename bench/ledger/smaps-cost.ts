// The cost of reading smaps, and its effect on a JVM with a fully touched heap of 4 GiB: node --import tsx bench/ledger/smaps-cost.ts
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSmaps } from '../../src/sources/mappings/smaps.ts';
import { start } from '../../test/support/process.ts';
import { processRef, ROOTS } from '../../test/support/process-ref.ts';

const SECONDS = 10;
const classes = mkdtempSync(join(tmpdir(), 'memhound-bench-'));
execFileSync('javac', ['-nowarn', '-d', classes, 'bench/ledger/SmapsPauses.java'], { stdio: 'ignore' });

async function round(name: string, everyMs: number | null): Promise<void> {
  const flags = ['-XX:+UseG1GC', '-Xms4g', '-Xmx4g', '-XX:+AlwaysPreTouch', '-cp', classes];
  const java = start(['java', [...flags, 'SmapsPauses', String(SECONDS)]]);
  await java.line((l) => l === 'ready');
  const process = processRef(java.pid);
  const costs: number[] = [];
  const until = performance.now() + SECONDS * 1000 - 500;
  while (everyMs !== null && performance.now() < until) {
    const reading = await readSmaps({ roots: ROOTS, process });
    if (reading.state === 'read') costs.push(reading.value.costMs);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
  await java.exited;
  costs.sort((a, b) => a - b);
  console.log(
    `## ${name}: ${costs.length} reads, cost median ${costs[costs.length >> 1]?.toFixed(1)} ms, most ${costs.at(-1)?.toFixed(1)} ms`,
  );
  console.log(java.output());
}

await round('nobody reads', null);
await round('one read a second', 1000);
await round('reads back to back', 0);
rmSync(classes, { recursive: true });
