import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  bytesText,
  distinctTexts,
  dueText,
  durationText,
  intervalText,
  isReadableIn,
  joinWithAnd,
  rateText,
  rateWithIntervalText,
  safeJson,
  safeName,
} from '../../src/format.ts';

test('a level is in the unit in which limits are written', () => {
  assert.deepEqual([0, 900, 64 * 1024, 12.4 * 2 ** 20, 822_972_416, 1_475_723_264].map(bytesText), [
    '0 bytes',
    '900 bytes',
    '64 KiB',
    '12.4 MiB',
    '785 MiB',
    '1.37 GiB',
  ]);
});

test("the story's 4.76 MB an hour reads as 114 MB a day, and a fast leak in a shorter unit", () => {
  assert.deepEqual(
    [4.76e6, 31e6, 18e9, 700e6, 1500].map((perHour) => rateText(perHour)),
    ['114 MB a day', '31 MB an hour', '5 MB a second', '12 MB a minute', '36 kB a day'],
  );
});

test('a rate and its interval are in the unit of the rate', () => {
  assert.equal(rateWithIntervalText(3e9, 1500e6, 4680e6), '50 MB a minute (90 %: 25 to 78)');
  assert.equal(rateWithIntervalText(15e6, -2e6, 31e6), '15 MB an hour (90 %: -2 to 31)');
  assert.equal(rateWithIntervalText(42_000, 37_500, 50_000), '1.0 MB a day (90 %: 0.9 to 1.2)');
  assert.equal(rateWithIntervalText(1000, -138e6, 139e6), '0 MB an hour (90 %: -138 to 139)');
});

test('an interval that rounding would hide has more digits', () => {
  assert.equal(rateWithIntervalText(7.564e9, 7.56e9, 7.57e9), '2.101 MB a second (90 %: 2.100 to 2.103)');
  assert.deepEqual(distinctTexts([12, 12.04, 11.98]), ['12.00', '12.04', '11.98']);
  assert.deepEqual(distinctTexts([31, 29, 33]), ['31', '29', '33']);
  assert.deepEqual(distinctTexts([-0.01, -0.01, 0.4]), ['0.0', '0.0', '0.4']);
});

test('times are in the largest unit of which there are two', () => {
  assert.deepEqual([1, 90, 3600, 9 * 3600, 12 * 86400].map(durationText), [
    '1 second',
    '90 seconds',
    '60 minutes',
    '9 hours',
    '12 days',
  ]);
  assert.equal(intervalText(5 * 86400, 6 * 86400), '5 to 6 days');
  assert.equal(intervalText(9 * 3600, null), '9 hours or more');
  assert.equal(intervalText(12 * 86400, 12.2 * 86400), '12 days');
});

test('a name from the container cannot forge a line, drive a terminal or flood the screen', () => {
  assert.equal(safeName('/tmp/a\nb\u001b[31m\u202e'), '/tmp/a\\x0ab\\x1b[31m\\u202e');
  const long = safeName(`/tmp/${'x'.repeat(4000)}.log`);
  assert.equal(long.length, 120);
  assert.ok(long.startsWith('/tmp/') && long.endsWith('.log'));
});

test('a list reads as a sentence', () => {
  assert.deepEqual([[], ['heap'], ['heap', 'threads'], ['heap', 'threads', 'working set']].map(joinWithAnd), [
    '',
    'heap',
    'heap and threads',
    'heap, threads and working set',
  ]);
});

test('an event that is due is never said to be due in 0 seconds', () => {
  for (const low of [0, 0.2, 0.49, 0.5, 0.9, 1, 29, 59.7, 3599.6])
    for (const more of [0, 0.1, 0.4, 0.5, 1, 30, 3600]) {
      const text = dueText(low, low + more);
      assert.doesNotMatch(text, /\b0 (?:seconds|minutes|hours|days)\b/, `${low} to ${low + more}`);
    }
  assert.equal(dueText(0, 0), 'now');
  assert.equal(dueText(0.2, 3), 'within 3 seconds');
  assert.equal(dueText(0.3, null), 'at any time');
});

test('JSON on a terminal has no character that a terminal obeys, and means the same', () => {
  const value = { name: 'a\u001b[2J\u009b31m\u202egpj.log\u007f', list: ['\n', 1, null] };
  const line = safeJson(JSON.stringify(value));
  assert.match(line, /^[\x20-\x7e]+$/);
  assert.deepEqual(JSON.parse(line), value);
});

test('a rate near the border of two units of time is readable in both, and has no other unit of bytes then', () => {
  assert.deepEqual(
    [rateText(3.4e9), rateText(3.4e9, 'second'), rateText(3.7e9, 'minute')],
    ['57 MB a minute', '0.9 MB a second', '62 MB a minute'],
  );
  const readable = (perHour: number) =>
    (['second', 'minute', 'hour', 'day'] as const).filter((unit) => isReadableIn(unit, perHour));
  assert.deepEqual(readable(3.4e9), ['second', 'minute']);
  assert.deepEqual(readable(-3.7e9), ['second', 'minute']);
  assert.deepEqual(readable(2e9), ['minute']);
  assert.deepEqual(readable(0), ['day']);
});
