/**
 * node --import tsx bench/alarms.ts [WEEKS OF A KIND] [STRIDE]: healthy containers watched for a week, asked every STRIDE x 10 min as
 * `watch` asks, three in a row and hysteresis included; a week is false if any answer has leak true. And the story: 200 runs.
 */
import type { Series } from '../src/history/series.ts';
import { QUIET, step } from '../src/trends/alarm.ts';
import { judge } from '../src/trends/judge.ts';
import { percent } from './corpus-score.ts';
import { healthyAnon, KINDS } from './healthy.ts';
import { Random } from './random.ts';

const weeks = Number(process.argv[2] ?? 20);
const stride = Number(process.argv[3] ?? 1);
const STEP = 300;
const LIMIT = 2e9;

function upTo(columns: ReadonlyMap<string, Float64Array>, to: number): Series {
  return {
    t: Float64Array.from({ length: to }, (_, i) => 1_700_000_000 + i * STEP),
    fields: new Map([...columns].map(([id, column]) => [id, column.subarray(0, to)])),
    intervalS: STEP,
    limitBytes: LIMIT,
    heapMaxBytes: null,
    events: [],
    files: [],
  };
}

/** Wilson 1927, "Probable Inference": 95 % interval of a share. */
function wilson(found: number, all: number): string {
  const z = 1.96;
  const p = found / all;
  const middle = (p + (z * z) / (2 * all)) / (1 + (z * z) / all);
  const half = (z * Math.sqrt((p * (1 - p)) / all + (z * z) / (4 * all * all))) / (1 + (z * z) / all);
  return `${percent(p)} (${percent(Math.max(0, middle - half))} to ${percent(middle + half)}, ${found} of ${all})`;
}

const options = { minHistorySeconds: 900 };
for (const kind of KINDS) {
  let alarmed = 0;
  for (let seed = 1; seed <= weeks; seed++) {
    const anon = healthyAnon(kind, new Random(1000 * (KINDS.indexOf(kind) + 1) + seed), 2016);
    const columns = new Map([['anon', anon]]);
    let state = QUIET;
    for (let to = 32; to <= 2016; to += 2 * stride) {
      const after = step(state, judge(upTo(columns, to), options));
      state = after.state;
      if (after.answer.leak === true) {
        alarmed++;
        break;
      }
    }
  }
  console.log(`false weeks, ${kind.padEnd(12)} ${wilson(alarmed, weeks)}`);
}

const runs = Math.max(20, 10 * weeks);
for (const id of ['file', 'anon']) {
  for (const hours of [48, 72]) {
    let named = 0;
    for (let seed = 1; seed <= runs; seed++) {
      const random = new Random(77_000 + seed);
      const n = hours * 12;
      const column = healthyAnon('AR(1) 0.9', random, n);
      const phase = random.between(0, 2 * Math.PI);
      for (let i = 0; i < n; i++)
        column[i] = column[i]! + 135e6 + (4.76e6 * i) / 12 + 40e6 * Math.sin((2 * Math.PI * i) / 288 + phase);
      const answer = judge(
        upTo(
          new Map([
            ['usage', column],
            [id, column],
          ]),
          n,
        ),
        options,
      );
      if (answer.trend === 'growing' && answer.leak === (id === 'anon')) named++;
    }
    console.log(`the story's slope in ${id}, named within ${hours} h  ${wilson(named, runs)}`);
  }
}
