import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordedVerdict } from '../../src/diagnosis/recorded-verdict.ts';
import { containerSeries } from '../../src/inputs/prometheus/container-series.ts';
import { versionOf } from '../../src/memory-facts.ts';
import { DIRT, type Dirt } from '../../synthetic/fleet/dirt.ts';
import { fleetOf } from '../../synthetic/fleet/fleet.ts';
import { seriesOf } from '../../synthetic/fleet/installs.ts';
import { Random } from '../../synthetic/random.ts';

const PLACE = { toS: 1_770_000_000, hours: 336, stepS: 1800 };
const made = [...fleetOf({ seed: 8, containers: 24, hours: PLACE.hours, stepS: PLACE.stepS, leaking: 0.5 })];
/** Without these series nobody can tell tmpfs from page cache. */
const HIDES_TMPFS = 'rss and working set only';

for (const [name, spoil] of Object.entries<Dirt>(DIRT))
  test(`leaks are found, and healthy containers stay healthy, through samples that are spoilt: ${name}`, () => {
    const wrong: string[] = [];
    for (const [k, container] of made.entries()) {
      const random = new Random(k);
      const rows = spoil([...seriesOf(container, 'two replicas', PLACE, random)], PLACE, random).map(({ labels, tMs, v }) => ({
        labels,
        t: Float64Array.from(tMs, (ms) => ms / 1000),
        v: Float64Array.from(v),
      }));
      const found = [...containerSeries(rows)];
      assert.deepEqual(
        found.map(({ key }) => key.pod),
        [container.pod],
      );
      const { series } = found[0]!;
      const { leak, headline } = recordedVerdict(series, {
        jvm: null,
        version: versionOf(series.fields),
        minHistorySeconds: 900,
      });
      const expected = name === HIDES_TMPFS && container.shape === 'tmpfs leak' ? null : container.leaks;
      if (container.leaks !== null && leak !== expected && !(container.leaks === false && leak === null))
        wrong.push(`${container.shape}: ${leak}, ${headline}`);
    }
    assert.deepEqual(wrong, []);
  });
