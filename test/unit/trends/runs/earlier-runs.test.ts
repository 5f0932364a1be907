import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NO_PARTS } from '../../../../src/history/part-readings.ts';
import type { HistoryEvent } from '../../../../src/sample/types.ts';
import { evaluateSeries } from '../../../../src/trends/evaluate.ts';
import { Random } from '../../../../synthetic/random.ts';

const MB = 1e6;
const options = { minHistorySeconds: 900 };

/** Runs of one container, minutes long, one after the other: anon by the minute of the run. At `setBackAt` the clock goes back an hour. */
function runsOf(
  lengths: readonly number[],
  anon: (minute: number) => number,
  ended: Exclude<HistoryEvent['type'], 'process_oom_kill'>,
  setBackAt = Infinity,
) {
  const clock = (minute: number) => 60 * (minute < setBackAt ? minute : minute - 60);
  const random = new Random(7);
  const values: number[] = [];
  const events: HistoryEvent[] = [];
  for (const length of lengths) {
    if (values.length > 0) events.push({ t: clock(values.length), type: ended });
    for (let minute = 0; minute < length; minute++) values.push(anon(minute) + 0.5 * MB * random.normal());
  }
  const column = Float64Array.from(values);
  return evaluateSeries(
    {
      t: Float64Array.from(values, (_, i) => clock(i)),
      fields: new Map([
        ['usage', column],
        ['anon', column],
      ]),
      intervalS: 60,
      limitBytes: 1000 * MB,
      heapMaxBytes: null,
      events,
      files: [],
      parts: NO_PARTS,
    },
    options,
  );
}

test('a young run after runs that grew until they were killed is a leak, surely enough to wake someone', () => {
  const leak = (minute: number) => (300 + 2 * minute) * MB;
  const alone = runsOf([40], leak, 'oom_kill');
  assert.ok(alone.confidence < 0.8, `alone ${alone.confidence}`);
  const answer = runsOf([330, 340, 320, 40], leak, 'oom_kill');
  assert.equal(answer.leak, true);
  assert.ok(answer.confidence >= 0.8, String(answer.confidence));
  assert.ok(answer.fields.anon!.basis.statistics.runsThatLeaked! >= 2);
  assert.ok(answer.fields.anon!.low! <= 120 * MB && answer.fields.anon!.high! >= 120 * MB);
});

test('a young life that rises as earlier ones did before they stopped is settling, and no leak', () => {
  const warmUp = (minute: number) => (300 + Math.min(3 * minute, 150)) * MB;
  assert.equal(runsOf([40], warmUp, 'restart').leak, true, 'alone it looks like a leak');
  const answer = runsOf([400, 420, 40], warmUp, 'restart');
  assert.equal(answer.leak, false);
  assert.equal(answer.fields.anon!.trend, 'settling');
});

test('a leak that began hours ago in a run of two weeks is reported, since nothing in that run rose like it', () => {
  const random = new Random(3);
  const n = 14 * 24 * 12;
  const began = n - 10 * 12;
  let wander = 0;
  const anon = Float64Array.from({ length: n }, (_, i) => {
    wander = 0.9 * wander + 2 * MB * random.normal();
    const day = 30 * MB * Math.sin((2 * Math.PI * i) / 288);
    return 500 * MB + wander + day + Math.max(0, i - began) * 3 * MB;
  });
  const series = {
    t: Float64Array.from(anon, (_, i) => 300 * i),
    fields: new Map([['anon' as const, anon]]),
    intervalS: 300,
    limitBytes: 4000 * MB,
    heapMaxBytes: null,
    events: [],
    files: [],
    parts: NO_PARTS,
  };
  const answer = evaluateSeries(series, options);
  assert.equal(answer.leak, true);
  assert.ok(answer.fields.anon!.basis.segments.length >= 2);
  const before = { ...series, t: series.t.slice(0, began), fields: new Map([['anon' as const, anon.slice(0, began)]]) };
  assert.equal(evaluateSeries(before, options).leak, false);
});

test('where nothing is found, the answer says how much more history the faintest drift that matters takes', () => {
  const random = new Random(5);
  const of = (hours: number) => {
    const anon = Float64Array.from({ length: 60 * hours }, () => 500 * MB + 5 * MB * random.normal());
    return evaluateSeries(
      {
        t: Float64Array.from(anon, (_, i) => 60 * i),
        fields: new Map([['anon' as const, anon]]),
        intervalS: 60,
        limitBytes: 1000 * MB,
        heapMaxBytes: null,
        events: [],
        files: [],
        parts: NO_PARTS,
      },
      options,
    ).needs;
  };
  assert.ok(of(2)!.hours > 5, 'two hours are too few');
  assert.match(of(2)!.for, /MB an hour/);
  assert.equal(of(96), null, 'four days are enough');
});

test('runs that lasted long enough count for the newest, however many short ones of a crash loop came between', () => {
  const leak = (minute: number) => (300 + 2 * minute) * MB;
  const loop = [32, 33, 31, 34, 32];
  const answer = runsOf([330, 340, 320, ...loop, 60], leak, 'oom_kill');
  assert.equal(answer.leak, true);
  assert.ok(answer.fields.anon!.basis.statistics.runsThatLeaked! >= 2, 'the three that leaked are heard');
});

test('a kill that was reported before the clock was set back an hour still counts as the end of its run', () => {
  const leak = (minute: number) => (300 + 2 * minute) * MB;
  const straight = runsOf([330, 340, 320, 40], leak, 'oom_kill');
  const setBack = runsOf([330, 340, 320, 40], leak, 'oom_kill', 700);
  assert.ok(straight.confidence >= 0.8);
  assert.equal(setBack.fields.anon!.basis.statistics.runsThatLeaked, straight.fields.anon!.basis.statistics.runsThatLeaked);
  assert.equal(setBack.confidence, straight.confidence);
});
