import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import type { SelfTrend } from '../../../src/daemon/self-trend.ts';
import { buildDayChild } from '../../support/children.ts';
import { MEMHOUND } from '../../support/memhound.ts';
import { run } from '../../support/process.ts';

interface Day {
  readonly ticks: number;
  readonly targets: number;
  readonly self: SelfTrend;
  /** How many ticks each trend was in force. */
  readonly trends: readonly (readonly [SelfTrend['trend'], number])[];
}

test("after a day's ticks at full speed memhound's own detector calls memhound's own memory stable, and never called it a leak", {
  timeout: 540_000,
}, async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'memhound-day-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const program = await buildDayChild(dir);
  symlinkSync(resolve('node_modules'), join(dir, 'node_modules')); // koffi
  // The history is as full as it gets: what is watched is the program, not the filling of its columns.
  const data = join(dir, 'data');
  const fill = await run(process.execPath, [MEMHOUND, 'history', 'fill', '--data', data, '--targets', '1', '--every', '1m']);
  assert.equal(fill.code, 0, fill.stderr);
  const { code, stdout, stderr } = await run(process.execPath, [program, data, 'test/fixtures/trees/v1-g1', '1', '10']);
  assert.equal(code, 0, stderr);
  const [last, ...warnings] = stdout.trim().split('\n').reverse();
  assert.deepEqual(warnings, []);
  const day = JSON.parse(last!) as Day;
  assert.deepEqual([day.ticks, day.targets], [8640, 1]);
  t.diagnostic(JSON.stringify({ self: day.self, trends: day.trends }));
  assert.equal(day.self.trend, 'stable');
  assert.equal(day.self.leak, false);
});
