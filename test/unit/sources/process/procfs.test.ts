import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseStat, parseStatus, readStartTicks, readStat } from '../../../../src/sources/process/procfs.ts';

const stat = (name: string): string => `7 (${name}) S ${new Array(18).fill(0).join(' ')} 4711 0 0\n`;

test('the start of a process is field 22 of stat, also where its name has spaces and parentheses', () => {
  for (const name of ['java', 'a b', 'a) S (b', ') 1 2 3', '(', ''])
    assert.deepEqual(parseStat(stat(name)), { name, state: 'S', startTicks: 4711 }, name);
});

test('a stat that is cut, or whose start is no number, is of no process', () => {
  for (const text of ['', '7 (java', '7 (java) S 1 2', stat('java').replace('4711', 'x'), stat('java').replace('4711', '-1')])
    assert.equal(parseStat(text), null, text);
});

test('a process that runs keeps its start, and one that has ended has none', () => {
  const start = readStartTicks('/proc', process.pid);
  assert.ok(start !== null && start > 0);
  assert.equal(readStat('/proc', process.pid)?.startTicks, start);
  assert.deepEqual([readStat('/proc', 2 ** 30), readStartTicks('/proc', 2 ** 30)], [null, null]);
});

test('a name in status is unescaped: a newline, a backslash, and a backslash before an n', () => {
  const name = (escaped: string): string => parseStatus(`Name:\t${escaped}\nPid:\t7\n`).name;
  assert.deepEqual([name('a\\nb'), name('a\\\\b'), name('a\\\\nb')], ['a\nb', 'a\\b', 'a\\nb']);
});
