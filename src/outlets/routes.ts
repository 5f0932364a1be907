import { CULPRIT_CAUSES } from '../culprit/types.ts';
import { failsGate, GATES } from '../diagnosis/gate.ts';
import type { Verdict } from '../diagnosis/types.ts';
import { fieldName } from '../fields.ts';
import { smallestRangeFor } from '../ranges.ts';
import { HOUR_S, MINUTE_S, SECOND_MS } from '../units.ts';
import { Pieces } from './pieces.ts';
import { samplesJson } from './samples-json.ts';
import { ApiError, type SamplesQuery, type Status } from './status.ts';

type Query = Readonly<Record<string, unknown>>;

export interface Route {
  readonly path: string;
  /** POST: it is expensive for the JVM, and DELETE ends what is. So both also need a token. Otherwise GET. */
  readonly method?: 'post' | 'delete';
  readonly summary: string;
  /** Query parameters: name and meaning. Others are refused. */
  readonly query: Readonly<Record<string, string>>;
  readonly answer: (status: Status, query: Query) => unknown;
  /** Its answer is long, and is returned as `Pieces`. */
  readonly long?: true;
}

/** Of what was kept of containers that ended. */
const EPOCH = { epoch: '-1: that of the last container that ended; -2: of the one before' };
const TARGET = { target: 'id of the container; default: that of the JVM' };

/** The API, one row per path. The server, openapi.json and docs/api.md derive from it. */
export const ROUTES: readonly Route[] = [
  { path: '/api/v1/targets', summary: 'Who is seen, and how', query: {}, answer: (s) => s.targets() },
  {
    path: '/api/v1/verdict',
    summary: 'The trend verdict: what grows, by what, whether it is a leak, how long it lasts',
    query: {
      ...TARGET,
      'fail-on': 'leak, growing or unsure: answer 409 then, for gates',
      ...EPOCH,
    },
    answer: verdict,
  },
  {
    path: '/api/v1/ledger',
    summary: 'Every byte of usage under a name, with the bound',
    query: { ...TARGET, ...EPOCH },
    answer: ledger,
  },
  { path: '/api/v1/views', summary: 'What each tool shows now', query: TARGET, answer: (s, q) => s.views(text(q, 'target')) },
  {
    path: '/api/v1/files',
    summary: 'Files behind the page cache, by resident bytes',
    query: TARGET,
    answer: (s, q) => s.files(text(q, 'target')),
  },
  {
    path: '/api/v1/jvm',
    summary: 'The JVM: heap by generation, metaspace, threads, GC, each value with its age',
    query: TARGET,
    answer: jvm,
  },
  {
    path: '/api/v1/jvm/histogram',
    method: 'post',
    summary: 'Takes a histogram of the heap: the ten classes that hold most, and the ten that grew most since the take before',
    query: TARGET,
    answer: (s, q) => s.histogram(text(q, 'target')),
  },
  {
    path: '/api/v1/culprit',
    summary: 'What was found to grow in the JVM (a class, a pool of threads, loaders, native memory), or how far the search is',
    query: TARGET,
    answer: (s, q) => s.culprit(text(q, 'target')),
  },
  {
    path: '/api/v1/culprit',
    method: 'post',
    summary: 'Begins the search for a culprit: the JVM is asked several times what it holds',
    query: {
      ...TARGET,
      cause: `${CULPRIT_CAUSES.join(', ')}; default: heap`,
      for: 'seconds from the first look to the last, 1 to 3600; default: 60',
      release: 'true, with cause=native: also tells what a collection gives back, and what malloc does when it is trimmed',
    },
    answer: startCulprit,
  },
  {
    path: '/api/v1/culprit',
    method: 'delete',
    summary: 'Cancels the search for a culprit; a command that the JVM has got is answered first',
    query: TARGET,
    answer: (s, q) => s.cancelCulprit(text(q, 'target')),
  },
  {
    path: '/api/v1/samples',
    summary: 'Series in the form that memhound analyze reads; null is a gap',
    query: {
      ...TARGET,
      fields: 'field ids, comma-separated; default: all',
      from: 'epoch seconds; or verdict: the smallest of 15 minutes, 1 hour, 6 hours, 1 day, 7 days and all that holds what the verdict rests on',
      to: 'epoch seconds',
      points: 'at most this many points',
      envelope: 'true: also min and max, the least and the largest of all samples that each point stands for',
      epoch: '-1: the last hour of the last container that ended, with all fields; the other parameters do not apply',
    },
    long: true,
    answer: samples,
  },
  {
    path: '/api/v1/self',
    summary: "memhound's own memory, CPU, bytes written and missed ticks",
    query: {},
    answer: (s) => s.self(),
  },
];

/** The answer of /api/v1/verdict, after the check of `fail-on`. */
function verdict(status: Status, query: Query): unknown {
  const target = text(query, 'target');
  const wanted = text(query, 'fail-on');
  const gate = GATES.find((name) => name === wanted);
  const epoch = epochOf(query);
  if (wanted !== undefined && gate === undefined)
    throw new ApiError(
      'bad-request',
      400,
      `fail-on must be leak, growing or unsure, found ${JSON.stringify(wanted.slice(0, 40))}`,
    );
  const answer = status.verdict(target, epoch);
  if (gate !== undefined && failsGate(answer, gate)) throw new GateFailed(answer);
  return answer;
}

/** The condition of fail-on holds. The answer is the verdict with status 409. */
export class GateFailed extends Error {
  override name = 'GateHit';
  constructor(readonly verdict: Verdict) {
    super('a gate was hit');
  }
}

const LONGEST_SEARCH_S = HOUR_S;

function startCulprit(status: Status, query: Query): unknown {
  const wanted = text(query, 'cause') ?? 'heap';
  const cause = CULPRIT_CAUSES.find((name) => name === wanted);
  if (cause === undefined)
    throw new ApiError(
      'bad-request',
      400,
      `cause must be one of ${CULPRIT_CAUSES.join(', ')}, found ${JSON.stringify(wanted.slice(0, 40))}`,
    );
  const forSeconds = query.for === undefined ? MINUTE_S : integer(query, 'for', 1, LONGEST_SEARCH_S);
  const release = flag(query, 'release');
  if (release && cause !== 'native') throw new ApiError('bad-request', 400, `release is for cause=native, found cause=${cause}`);
  return status.startCulprit(text(query, 'target'), cause, forSeconds, release);
}

/** undefined: the container that runs. */
function epochOf(query: Query): number | undefined {
  const epoch = query.epoch === undefined ? 0 : integer(query, 'epoch', -100, 0);
  return epoch === 0 ? undefined : epoch;
}

function ledger(status: Status, query: Query): unknown {
  const [target, epoch] = [text(query, 'target'), epochOf(query)];
  return epoch === undefined ? status.ledger(target) : kept(status.finalReport(target, epoch).ledger, 'ledger');
}

async function samples(status: Status, query: Query): Promise<unknown> {
  const epoch = epochOf(query);
  return epoch === undefined
    ? new Pieces(samplesJson(await status.samples(samplesQuery(status, query))))
    : new Pieces([JSON.stringify(kept(status.finalReport(text(query, 'target'), epoch).lastHour, 'last hour'))]);
}

function kept(what: unknown, name: string): unknown {
  if (what === null) throw new ApiError('no-data-yet', 404, `the ${name} of this container was not kept; its verdict was`);
  return what;
}

function jvm(status: Status, query: Query): unknown {
  const answer = status.jvm(text(query, 'target'));
  return answer.jvm === null ? answer : { jvm: answer.jvm };
}

/** Start of the range on which the verdict is based, epoch seconds; null: the whole history. */
function verdictWindowStart(status: Status, target: string | undefined): number | null {
  const { at, fields } = status.verdict(target);
  const seconds = smallestRangeFor(fields);
  return seconds === null ? null : Date.parse(at) / SECOND_MS - seconds;
}

function samplesQuery(status: Status, query: Query): SamplesQuery {
  const fields = text(query, 'fields');
  const target = text(query, 'target');
  const from =
    query.from === undefined ? null : query.from === 'verdict' ? verdictWindowStart(status, target) : number(query, 'from');
  const to = query.to === undefined ? null : number(query, 'to');
  if (from !== null && to !== null && from > to)
    throw new ApiError('bad-request', 400, `from (${from}) must not be after to (${to})`);
  return {
    ...(target === undefined ? {} : { target }),
    fields:
      fields === undefined
        ? null
        : // Each once: thousands fit into an address, and each would be a column.
          [...new Set(fields.split(','))].filter((f) => f !== '').map(fieldName),
    fromS: from,
    toS: to,
    points: query.points === undefined ? null : integer(query, 'points', 1, 100_000),
    envelope: flag(query, 'envelope'),
  };
}

/** One text. A parameter that is given twice is an error. */
function text(query: Query, name: string): string | undefined {
  const value = query[name];
  if (value === undefined || typeof value === 'string') return value;
  throw new ApiError('bad-request', 400, `${name} must be given once`);
}

function flag(query: Query, name: string): boolean {
  const value = text(query, name) ?? 'false';
  if (value === 'true' || value === 'false') return value === 'true';
  throw new ApiError('bad-request', 400, `${name} must be true or false, found ${JSON.stringify(value.slice(0, 40))}`);
}

function number(query: Query, name: string): number {
  const value = text(query, name) ?? '';
  const n = Number(value);
  if (value.trim() === '' || !Number.isFinite(n))
    throw new ApiError('bad-request', 400, `${name} must be a number, found ${JSON.stringify(value.slice(0, 40))}`);
  return n;
}

function integer(query: Query, name: string, least: number, most: number): number {
  const n = number(query, name);
  if (!Number.isInteger(n) || n < least || n > most)
    throw new ApiError('bad-request', 400, `${name} must be a whole number from ${least} to ${most}, found ${n}`);
  return n;
}
