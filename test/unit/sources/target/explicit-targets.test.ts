import assert from 'node:assert/strict';
import { test } from 'node:test';
import { targetByPid } from '../../../../src/sources/target/explicit-targets.ts';
import type { ObservedProcess } from '../../../../src/sources/target/observed-processes.ts';

const jvms = (n: number) =>
  Array.from({ length: n }, (_, i) => ({ ref: { pid: 100 + i }, evidence: 'libjvm' }) as unknown as ObservedProcess);

test('a pid that is not there is refused with ten of the JVMs in sight and the number of the others', () => {
  const found = targetByPid({} as never, jvms(4000), 7);
  assert.ok(found.state !== 'found');
  assert.match(found.reason, /^--pid 7: there is no such process here; JVMs in sight: 100(?:, 10\d){9} and 3,990 more$/);
});

test('ten JVMs in sight are all named', () => {
  const found = targetByPid({} as never, jvms(10), 7);
  assert.ok(found.state !== 'found' && found.reason.endsWith('108, 109'));
});
