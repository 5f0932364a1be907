import assert from 'node:assert/strict';
import { test } from 'node:test';
import { containerSeries } from '../../../src/inputs/prometheus/container-series.ts';
import type { LabelledSeries } from '../../../src/inputs/prometheus/labelled-series.ts';
import { fleetOf } from '../../../synthetic/fleet/fleet.ts';
import { INSTALLS, type Install, seriesOf } from '../../../synthetic/fleet/installs.ts';
import { Random } from '../../../synthetic/random.ts';

const PLACE = { toS: 1_770_000_000, hours: 96, stepS: 1800 };
const made = [...fleetOf({ seed: 4, containers: 12, hours: PLACE.hours, stepS: PLACE.stepS, leaking: 0.5 })];

function rowsOf(install: Install): LabelledSeries[] {
  const random = new Random(1);
  return made
    .flatMap((container) => [...seriesOf(container, install, PLACE, random)])
    .map(({ labels, tMs, v }) => ({ labels, t: Float64Array.from(tMs, (ms) => ms / 1000), v: Float64Array.from(v) }));
}

for (const install of INSTALLS) {
  test(`each container of an install of the kind "${install}" is found once, with its limit and its restarts`, () => {
    const found = new Map([...containerSeries(rowsOf(install))].map(({ key, series }) => [key.pod, series]));
    assert.deepEqual([...found.keys()].sort(), made.map(({ pod }) => pod).sort());
    for (const { pod, limit, runs } of made) {
      const series = found.get(pod)!;
      assert.equal(series.limitBytes, limit);
      const samples = runs.reduce((sum, run) => sum + run.series.t.length, 0);
      assert.ok(Math.abs(series.t.length - samples) <= 0.05 * samples + 3, `${pod}: ${series.t.length} of ${samples} samples`);
      assert.equal(series.events.filter(({ type }) => type === 'restart').length, runs.length - 1);
    }
  });
}
