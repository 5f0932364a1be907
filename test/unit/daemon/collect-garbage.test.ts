import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { garbageCollection } from '../../../src/daemon/collect-garbage.ts';
import { MIB } from '../../../src/units.ts';

const anonBytes = (): number => Number(/^RssAnon:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1]) * 1024;

test('a collection of last resort that moves live objects keeps no pages of where they were', (t) => {
  setFlagsFromString('--compact-on-every-full-gc');
  t.after(() => setFlagsFromString('--no-compact-on-every-full-gc'));
  const collect = garbageCollection('last-resort');
  const live = Array.from({ length: 500_000 }, (_, n) => ({ n, next: [n, n] }));
  const before = anonBytes();
  collect();
  assert.ok(anonBytes() < before + 8 * MIB, `${(anonBytes() - before) / MIB} MiB more than before`);
  assert.equal(live.length, 500_000);
});
