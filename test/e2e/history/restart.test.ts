import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Verdict } from '../../../src/diagnosis/types.ts';
import { makeCgroup } from '../../support/cgroup.ts';
import { startJava } from '../../support/java.ts';
import { watch } from '../../support/memhound.ts';
import { missingRequirements } from '../../support/needs.ts';

/** Readings are stored once a segment of 30 rows, so a memhound that is killed must have run for longer. */
const MIN_RUN_S = 35;

const CASES: readonly {
  readonly title: string;
  readonly program: string;
  readonly end: NodeJS.Signals;
  readonly isNamed: (verdict: Verdict) => boolean;
}[] = [
  {
    title: 'a restart: the first verdict names the part that grows, with its growth since before',
    program: 'UnsafeLeak',
    end: 'SIGTERM',
    isNamed: ({ causes: [first], growth: { anon } }) =>
      first?.cause === 'native' && first.what !== null && anon !== null && anon.toS - anon.fromS >= 15,
  },
  {
    title: 'a kill: the first verdict names the log that grows',
    program: 'LogGrowth',
    end: 'SIGKILL',
    isNamed: ({ causes: [first] }) => first?.cause === 'page-cache' && (first.what ?? '').endsWith('/app.log'),
  },
];

describe('memhound begins again on its history', { concurrency: true }, () => {
  for (const { title, program, end, isNamed } of CASES)
    test(`after ${title}`, { skip: missingRequirements('javac', 'cgroup', 'fincore'), timeout: 240_000 }, async (t) => {
      const dir = mkdtempSync(join(tmpdir(), 'memhound-restart-'));
      const cgroup = makeCgroup(1024 * 1024 * 1024);
      const java = await startJava(`scenarios/${program}.java`, ['2', '400', join(dir, 'app.log')], { cgroup });
      t.after(async () => {
        await java.stop('SIGKILL');
        await cgroup.remove();
        rmSync(dir, { recursive: true, force: true });
      });
      const args = ['--pid', String(java.pid), '--every', '1s', '--min-history', '20s', '--data', join(dir, 'data')];
      const before = await watch(args);
      t.after(() => before.stop('SIGKILL'));
      const startedS = Date.now() / 1000;
      const live = before.live();
      t.after(() => live.close());
      const earlier = await live.verdict(
        (verdict) => isNamed(verdict) && Date.parse(verdict.at) / 1000 - startedS >= MIN_RUN_S,
        150_000,
      );
      await before.stop(end);
      const stoppedS = Date.now() / 1000;

      const after = await watch(args);
      t.after(() => after.stop('SIGKILL'));
      const liveAfter = after.live();
      t.after(() => liveAfter.close());
      const first = await liveAfter.verdict(({ trend }) => trend === 'growing', 60_000);
      assert.equal(first.causes[0]?.what, earlier.causes[0]?.what);
      if (earlier.growth.anon !== null) assert.ok((first.growth.anon?.fromS ?? stoppedS) < stoppedS, 'measured since before');
    });
});
