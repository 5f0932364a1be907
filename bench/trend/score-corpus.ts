/**
 * node --import tsx bench/trend/score-corpus.ts [DIR|--wide] [--mistakes] [--only SCENARIO] [--runs N] [--from RUN] [--answers FILE] [--threads N] [--oracle]
 * The project's own labelled series (synthetic/corpus), the scenarios on which thresholds were tuned, and those that were held out; with
 * `--wide` those of synthetic/corpus/wide, the seeds that were tuned on and others; or the labelled series of DIR: truth.json and
 * traces/ID.json.gz. `--only` is a part of a scenario's name; `--seeds tuned` or `--seeds held-out` is one half of the wide corpus; `--from` begins at another run than 0. Prints the scores of docs/accuracy.md. `--oracle`: also how
 * well slopes could be estimated with knowledge that no detector has, if the labels of DIR contain it.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { evaluateSeries } from '../../src/trends/evaluate.ts';
import { CORPUS, exampleOf } from '../../synthetic/corpus/index.ts';
import { WIDE, wideExample } from '../../synthetic/corpus/wide/index.ts';
import { runOnThreads } from '../stats/worker-threads.ts';
import { type CorpusTrace, toSeries } from './corpus-file.ts';
import { type Labelled, percent, printScores, type ScoredAnswer, scoreAll, toAnswer } from './corpus-score.ts';
import { type InformedAnswer, informedAnswers, printInformed } from './informed-slope.ts';
import { errorUnder, type Oracle, oracleErrors } from './oracle.ts';

const flags = process.argv.slice(2);
const flagValue = (flag: string): string | undefined => (flags.includes(flag) ? flags[flags.indexOf(flag) + 1] : undefined);
const dir = flags[0] !== undefined && !flags[0].startsWith('--') ? flags[0] : null;
const only = flagValue('--only');
const OPTIONS = { minHistorySeconds: 900 };

const wide = flags.includes('--wide');

/** One series: of a folder by its name, of the project's own corpora by scenario and run. */
type Task = { readonly id: string } | { readonly index: number; readonly run: number; readonly heldOut: boolean };

interface Done {
  readonly id: string;
  readonly heldOut: boolean;
  readonly label: Labelled;
  readonly answer: ScoredAnswer;
  readonly cpuMs: number;
  readonly oracle: Oracle;
  readonly informed: readonly InformedAnswer[];
}

const truth = dir === null ? {} : (JSON.parse(readFileSync(join(dir, 'truth.json'), 'utf8')) as Record<string, Labelled>);

const isAsked = (scenario: string): boolean => only === undefined || scenario.includes(only);

function tasks(): Task[] {
  if (dir !== null)
    return Object.keys(truth)
      .filter((id) => isAsked(truth[id]!.scenario))
      .map((id) => ({ id }));
  const runs = Array.from({ length: Number(flagValue('--runs') ?? 8) }, (_, k) => Number(flagValue('--from') ?? 0) + k);
  if (wide) {
    const halves = [false, true].filter(
      (heldOut) => (flagValue('--seeds') ?? (heldOut ? 'held-out' : 'tuned')) === (heldOut ? 'held-out' : 'tuned'),
    );
    return WIDE.filter(({ name }) => isAsked(name)).flatMap(({ index }) =>
      halves.flatMap((heldOut) => runs.map((run) => ({ index, run, heldOut }))),
    );
  }
  return CORPUS.filter(({ name }) => isAsked(name)).flatMap(({ index, heldOut }) => runs.map((run) => ({ index, run, heldOut })));
}

function exampleFor(task: Task) {
  if ('id' in task) return { ...fromFolder(task.id), parts: null, grid: null };
  return wide ? wideExample(task.index, task.run, task.heldOut) : exampleOf(task.index, task.run);
}

function work(task: Task): Done {
  const { series, label, parts, grid } = exampleFor(task);
  const began = process.cpuUsage().user;
  const evaluation = evaluateSeries(series, OPTIONS);
  const answer = toAnswer(evaluation);
  return {
    id: 'id' in task ? task.id : `run ${task.run}`,
    heldOut: 'index' in task && task.heldOut,
    label,
    answer,
    cpuMs: (process.cpuUsage().user - began) / 1000,
    oracle: oracleErrors(series, label),
    informed: parts === null || !flags.includes('--oracle') ? [] : informedAnswers({ label, parts, grid }, answer),
  };
}

function fromFolder(id: string) {
  const trace = JSON.parse(gunzipSync(readFileSync(join(dir!, 'traces', `${id}.json.gz`))).toString()) as CorpusTrace;
  return { series: toSeries(trace), label: truth[id]! };
}

const done = await runOnThreads(import.meta.url, tasks(), work, { threads: Number(flagValue('--threads') ?? 2) });
if (done !== null) {
  const answersFile = flagValue('--answers');
  if (answersFile !== undefined)
    writeFileSync(answersFile, JSON.stringify(Object.fromEntries(done.map(({ id, answer }) => [id, answer]))));
  const columns = dir === null ? (['tuned on', 'held out'] as const) : ([dir] as const);
  printScores(
    columns.map((name) => ({
      name,
      score: scoreAll(done.filter(({ heldOut }) => dir !== null || heldOut === (name === 'held out'))),
    })),
    flags.includes('--mistakes'),
  );
  console.log(`CPU ${(done.reduce((sum, { cpuMs }) => sum + cpuMs, 0) / Math.max(1, done.length)).toFixed(1)} ms a series`);
  if (flags.includes('--oracle') && dir !== null) printOracle(done.map(({ oracle }) => oracle));
  else if (flags.includes('--oracle'))
    for (const name of columns) {
      const answers = done.filter(({ heldOut }) => heldOut === (name === 'held out')).flatMap(({ informed }) => informed);
      if (answers.length > 0) printInformed(name, answers);
    }
}

function printOracle(oracles: readonly Oracle[]): void {
  const errors = oracles.flatMap((one) => one.errors).sort((a, b) => a - b);
  const sizes = oracles.flatMap((one) => one.sizes);
  if (errors.length === 0)
    throw new Error('--oracle: no label has segment_start and oracle_z; expected a folder whose truth.json has them');
  const at = (share: number) => percent(errors[Math.floor(share * errors.length)]!);
  console.log(`slope error, median / p90, of ${errors.length} growing fields`);
  console.log(`  least squares over the true segment          ${at(0.5)} / ${at(0.9)}`);
  console.log(
    `  one who also knows the noise                 ${percent(errorUnder(0.5, sizes))} / ${percent(errorUnder(0.9, sizes))}`,
  );
}
