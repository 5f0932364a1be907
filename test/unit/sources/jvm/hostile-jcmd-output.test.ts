import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseHistogram } from '../../../../src/sources/jvm/class-histogram.ts';
import { parseCodeCache, parseHeapInfo, parseMetaspace, parseNativeMemory } from '../../../../src/sources/jvm/jcmd-output.ts';

/** Texts on which a careless pattern takes its length squared, or worse. */
const EVIL = {
  spaces: ' '.repeat(300_000),
  lines: `${'\n'.repeat(300_000)}x`,
  totals: 'a total '.repeat(40_000),
  digits: '1'.repeat(300_000),
  classes: 'Class: '.repeat(40_000),
  numbered: `${' '.repeat(1000)}1: `.repeat(300),
  open: `Total: reserved=1KB, committed=1KB\n- x (reserved=1KB, committed=1KB${'(malloc=1'.repeat(40_000)}`,
  dashes: `Total: reserved=1KB, committed=1KB\n${'- '.repeat(100_000)}`,
};

for (const parse of [parseCodeCache, parseHeapInfo, parseMetaspace, parseNativeMemory, parseHistogram]) {
  test(`${parse.name}: an answer made to be slow costs no more than its length`, () => {
    const began = process.cpuUsage().user;
    for (const text of Object.values(EVIL)) parse(text);
    assert.ok(process.cpuUsage().user - began < 10e6, 'more than ten seconds of CPU');
  });
}

test('a class name with escapes and HTML is kept as text, a long one is cut', () => {
  const [first, second] = parseHistogram(`   1:  1  200  <b>\u001b[2J\n   2:  1  100  ${'x'.repeat(4000)}\n`);
  assert.equal(first!.name, '<b>\u001b[2J');
  assert.equal(second!.name.length, 512);
});
