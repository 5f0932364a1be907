import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withoutStaleTrends } from '../../../src/diagnosis/renewed-fields.ts';
import { fieldName } from '../../../src/fields.ts';
import { HOUR_S } from '../../../src/units.ts';
import { fieldTrend, type Given, ruleContext } from '../../support/rule-context.ts';

const STABLE = { ...fieldTrend('stable'), windowSeconds: HOUR_S };
const trends = (counts: readonly number[], over: Given = {}) =>
  withoutStaleTrends(
    ruleContext({
      jvm: {},
      evaluation: { fields: { metaspace: STABLE, classes: STABLE } },
      series: {
        t: Float64Array.from(counts, (_, i) => i * 720),
        fields: new Map([[fieldName('gc_count'), Float64Array.from(counts)]]),
      },
      ...over,
    }),
  );

test('metaspace that no collection renewed is not called stable, and the reason says what was not read', () => {
  const { metaspace, classes } = trends([3, 3, 3, 3]);
  assert.equal(metaspace?.trend, 'not-enough-data');
  assert.deepEqual([metaspace?.slopeBytesPerHour, metaspace?.low, metaspace?.high, metaspace?.p], [null, null, null, null]);
  assert.match(
    metaspace?.basis.reason ?? '',
    /updates its counter only at a collection, and there was no collection in this time/,
  );
  assert.match(trends([3, 3, 4, 4]).metaspace?.basis.reason ?? '', /there was one collection in this time/);
  assert.equal(classes, STABLE, 'the count of classes is always up to date');
});

test('metaspace that collections renewed, and metaspace that grows, keep their trend', () => {
  assert.equal(trends([3, 4, 5, 6]).metaspace, STABLE);
  const growing = { ...fieldTrend('growing', 1e6), windowSeconds: HOUR_S };
  assert.equal(trends([3, 3, 3], { evaluation: { fields: { metaspace: growing } } }).metaspace, growing);
});
