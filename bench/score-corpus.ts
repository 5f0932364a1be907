/**
 * node --import tsx bench/score-corpus.ts DIR [--mistakes] [--only SCENARIO]
 * DIR: truth.json and traces/ID.json.gz. Prints the scores that docs/verdict.md holds itself to.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { judge } from '../src/trends/judge.ts';
import { answerOf, type Labelled, printScore, scoreAll } from './corpus-score.ts';
import { type CorpusTrace, toSeries } from './corpus-series.ts';

const [dir, ...flags] = process.argv.slice(2);
if (dir === undefined) {
  console.error('usage: score-corpus.ts DIR [--mistakes] [--only SCENARIO] [--answers FILE]');
  process.exit(2);
}
const flagValue = (flag: string): string | undefined => (flags.includes(flag) ? flags[flags.indexOf(flag) + 1] : undefined);
const only = flagValue('--only');
const truth = JSON.parse(readFileSync(join(dir, 'truth.json'), 'utf8')) as Record<string, Labelled>;
const answers: Record<string, ReturnType<typeof answerOf>> = {};
let spent = 0;
for (const id of Object.keys(truth)) {
  if (only !== undefined && truth[id]!.scenario !== only) {
    delete truth[id];
    continue;
  }
  const trace = JSON.parse(gunzipSync(readFileSync(join(dir, 'traces', `${id}.json.gz`))).toString()) as CorpusTrace;
  const series = toSeries(trace);
  const began = process.cpuUsage().user;
  const judgement = judge(series, { minHistorySeconds: 900 });
  spent += process.cpuUsage().user - began;
  answers[id] = answerOf(judgement);
}
const answersFile = flagValue('--answers');
if (answersFile !== undefined) writeFileSync(answersFile, JSON.stringify(answers));
printScore(scoreAll(truth, answers), flags.includes('--mistakes'));
console.log(`CPU ${(spent / 1000 / Math.max(1, Object.keys(truth).length)).toFixed(1)} ms a series`);
