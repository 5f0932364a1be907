import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fieldName } from '../../src/fields.ts';
import type { SamplesAnswer } from '../../src/outlets/status.ts';
import { runGuest } from '../support/guest.ts';
import { copyMemhound } from '../support/memhound.ts';
import { missingRequirements } from '../support/needs.ts';

interface GuestLine {
  readonly event: string;
  readonly code?: number;
  readonly series?: SamplesAnswer;
  readonly self?: { readonly missedTicks: number };
}

test('with a clock that is set back, ahead and back, and a suspended process: ticks continue, no row is doubled, no counter falls, missed ticks are counted', {
  skip: missingRequirements('guest'),
  timeout: 500_000,
}, async (t) => {
  const out = mkdtempSync(join(tmpdir(), 'memhound-clock-'));
  t.after(() => rmSync(out, { recursive: true, force: true }));
  chmodSync(out, 0o755);
  copyMemhound(out);
  const guest = ['-t', '400', '-o', out, process.execPath, 'test/uml/clock.mjs'];
  const { code, stdout, stderr } = await runGuest(guest);
  assert.equal(code, 0, `${stdout.slice(-3000)}\n${stderr.slice(-3000)}`);
  const lines = stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as GuestLine);
  const readings = lines.filter((reading) => reading.series !== undefined);
  assert.equal(readings.length, 5, 'samples came after each step of the clock');
  for (const { event, series } of readings) {
    const { t: times, fields } = series!;
    const faults = fields[fieldName('pgfault')];
    for (let i = 1; i < times.length; i++) {
      assert.ok(times[i]! > times[i - 1]!, `${event}: row ${i} does not come after the one before`);
      const [before, after] = [faults?.[i - 1] ?? 0, faults?.[i] ?? 0];
      assert.ok(after >= before, `${event}: a counter falls from ${before} to ${after}`);
    }
  }
  const missed = (event: string): number => readings.find((reading) => reading.event === event)!.self!.missedTicks;
  assert.ok(missed('suspended for 9 s') - missed('back again') >= 3, 'nine seconds are four ticks of two seconds');
  assert.equal(lines.at(-1)?.code, 0);
});
