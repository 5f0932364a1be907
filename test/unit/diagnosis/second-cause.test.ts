import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { secondCauseText } from '../../../src/diagnosis/second-cause.ts';
import { sentenceText } from '../../../src/diagnosis/sentence.ts';
import { Steady, type SteadyState } from '../../../src/diagnosis/steady.ts';
import { steadyCauses } from '../../../src/diagnosis/steady-evaluation.ts';
import { diagnose } from '../../../src/diagnosis/verdict.ts';
import type { CauseShare } from '../../../src/trends/types.ts';
import { MINUTE_S } from '../../../src/units.ts';
import { causeShare, fieldTrend, ruleContext } from '../../support/rule-context.ts';

const MB_A_SECOND = 3.6e9;
const native = (mb: number) => causeShare('native', mb * MB_A_SECOND);
const heap = (mb: number) => causeShare('heap', mb * MB_A_SECOND);

/** What is said one second after the other. */
function said(...all: readonly (readonly CauseShare[])[]): string[] {
  let state: SteadyState | null = null;
  return all.map((causes, second) => {
    const steady = new Steady(state, second, MINUTE_S);
    const context = ruleContext({ jvm: {}, evaluation: { trend: 'growing', leak: true, causes } });
    const text = sentenceText(secondCauseText({ ...context, steady }));
    state = steady.after;
    return text;
  });
}

describe('two causes that each have three tenths of the growth', () => {
  test('are both told, the second with its pace', () => {
    const heapText = " The Java heap's floor after GC rises 2 MB a second beside it.";
    assert.deepEqual(said([native(2), heap(2)]), [heapText]);
    assert.deepEqual(said([heap(3), native(2)]), [' Memory outside the Java heap grows 2 MB a second beside it.']);
    assert.deepEqual(said([native(2), causeShare('page-cache', 2 * MB_A_SECOND, { reclaimable: true, what: '/a.log' })]), [
      ' Page cache of /a.log grows 2 MB a second beside it.',
    ]);
    assert.deepEqual(said([native(2), causeShare('process', 2 * MB_A_SECOND, { what: 'python3' })]), [
      ' python3 grows 2 MB a second beside it.',
    ]);
  });

  test('are one where the second has less, or the headline is that of page cache, which has its own words', () => {
    assert.deepEqual(said([native(7.1), heap(2.9)]), ['']);
    assert.deepEqual(said([native(2)]), ['']);
    assert.deepEqual(said([causeShare('page-cache', 5e9), native(1)]), ['']);
    assert.deepEqual(said([native(2), causeShare('active-cache', 2e9)]), [''], 'cache that becomes active was used before');
  });

  test('stay two while the second has a fifth', () => {
    const texts = said([native(6), heap(4)], ...Array.from({ length: 40 }, () => [native(7.9), heap(2.1)]));
    assert.ok(texts.every((text) => text !== ''));
    const less = said([native(6), heap(4)], ...Array.from({ length: 40 }, () => [native(8.1), heap(1.9)]));
    assert.equal(less.at(-1), '');
  });

  test('stand in the headline', () => {
    const { headline } = diagnose(
      ruleContext({
        jvm: {},
        evaluation: {
          trend: 'growing',
          leak: true,
          causes: [native(2), heap(2)],
          fields: { usage: fieldTrend('growing', 4 * MB_A_SECOND), heap_used: fieldTrend('growing', 2 * MB_A_SECOND) },
        },
      }),
    );
    assert.match(headline, /^Memory outside the Java heap grows 2 MB a second.* floor after GC rises 2 MB a second beside it\.$/);
  });
});

test('causes that are about as fast as each other keep their order, with their newest paces', () => {
  let state: SteadyState | null = null;
  const orders = Array.from({ length: 50 }, (_, second) => {
    const steady = new Steady(state, second, MINUTE_S);
    const found = second === 0 ? [native(2.1), heap(2)] : [heap(2.2), native(2)];
    const causes = steadyCauses(steady, 'parts', { leak: true, causes: found, fields: {} });
    state = steady.after;
    return causes.map(({ cause, bytesPerHour }) => `${cause} ${bytesPerHour / MB_A_SECOND}`).join();
  });
  assert.deepEqual([orders[1], orders[49]], ['native 2,heap 2.2', 'native 2,heap 2.2']);
});
