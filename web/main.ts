import 'uplot/dist/uPlot.min.css';
import './style.css';
import type { TargetInfo, Verdict } from '../src/diagnosis/types.ts';
import type { Hello, LiveMessage, Tables } from '../src/outlets/status.ts';
import { api, openLive, Refused, Unreachable } from './api.ts';
import { offset } from './chart.ts';
import { nowMs } from './clock.ts';
import { onPoint } from './cursor.ts';
import { byId, el, onScheme, patch, setText } from './dom.ts';
import { drawFields, tickFields } from './fields.ts';
import { drawFiles } from './files.ts';
import { withGaps } from './gaps.ts';
import { drawRefusal, drawVerdict } from './headline.ts';
import { held } from './held.ts';
import { offerHistogram } from './histogram.ts';
import { drawJvm, HeapChart } from './jvm.ts';
import { drawLedger } from './ledger.ts';
import { copyText, drawLinks } from './links.ts';
import { setCollector } from './parts.ts';
import { extend, growing, type Rows } from './rows.ts';
import { drawSelf } from './self.ts';
import { Stack } from './stack.ts';
import { drawTools } from './tools.ts';
import { asText, duration, safeName } from './words.ts';

const RANGES: readonly (readonly [string, number | null, string])[] = [
  ['15m', 900, '15 minutes'],
  ['1h', 3600, '1 hour'],
  ['6h', 21_600, '6 hours'],
  ['1d', 86_400, '1 day'],
  ['7d', 604_800, '7 days'],
  ['all', null, 'all there is'],
];
const POINTS = 600;

let target: string | null = null;
let targets: readonly TargetInfo[] = [];
let verdict: Verdict | null = null;
let samples: Rows | null = null;
/** undefined: nobody chose one yet, so it follows what the verdict rests on. */
let range: number | null | undefined;
let zoom: readonly [number, number] | null = null;
let limit: number | null = null;
/** The newest value of each field, and when it was read, epoch ms. */
const latest = new Map<string, { readonly value: number; readonly atMs: number }>();
let lastSampleMs = 0;
let everySeconds = 10;
let connected = false;
let againAtMs = 0;
let pointed = false;
let drawn = false;
let blind = false;

/** A field that a tick leaves out stands for a while: a JVM may miss an answer. */
const HELD_MS = 60_000;
const lastValue = (field: string): number | null => {
  const known = latest.get(field);
  return known === undefined || lastSampleMs - known.atMs > HELD_MS ? null : known.value;
};
const stack = new Stack(byId('stack'), byId('legend'), (from, to) => {
  zoom = from === null || to === null ? null : [from, to];
  void attempt(loadSamples);
});
const heap = new HeapChart();

/** The smallest range that holds all that the verdict rests on: a week's drift is not to be seen in an hour. */
function rangeOf(v: Verdict): number | null {
  const window = Math.max(0, ...Object.values(v.fields).map((f) => f.windowSeconds));
  return RANGES.find(([, seconds]) => seconds !== null && seconds >= window * 0.98)?.[1] ?? (window > 0 ? null : 3600);
}

function take(v: Verdict): void {
  verdict = v;
  blind = false;
  byId('main').classList.remove('blind');
  drawVerdict(v);
}

function drawTargets(all: readonly TargetInfo[]): void {
  targets = all;
  const select = byId<HTMLSelectElement>('target');
  const name = (t: TargetInfo): string =>
    [safeName(t.container ?? t.id, 60), ...(t.pid === null ? [] : [`pid ${t.pid}`]), ...(t.jvm === null ? [] : ['JVM'])].join(
      ', ',
    );
  patch(
    select,
    all.map((t) => ({ key: JSON.stringify([t.id, name(t)]), made: () => el('option', { value: t.id }, name(t)) })),
  );
  // Which of several is the one to begin with is memhound's to say: its first verdict names it.
  const shown = all.find((t) => t.id === (target ?? verdict?.target.id)) ?? (target === null ? undefined : all[0]);
  target = shown?.id ?? null;
  byId('target-label').hidden = all.length === 0;
  drawLinks(target);
  showTables();
  if (shown === undefined) {
    setText(byId('reach'), '');
    return;
  }
  select.value = shown.id;
  select.disabled = all.length < 2;
  setCollector(shown.jvm?.collector ?? null);
  limit = typeof shown.limitBytes === 'number' ? shown.limitBytes : null;
  setText(byId('reach'), `reached by ${shown.reach.replace(/-/g, ' ')}, cgroup v${shown.cgroup.version}`);
}

async function loadSamples(): Promise<void> {
  if (range === undefined && verdict !== null) range = rangeOf(verdict);
  const end = zoom === null ? null : zoom[1];
  const begin = zoom?.[0] ?? (range == null ? null : nowMs() / 1000 - range);
  samples = growing(withGaps(held(await api.samples(target, begin, end, POINTS))));
  const newest = samples.t.length - 1;
  if (zoom === null && newest >= 0) {
    const atMs = samples.t[newest]! * 1000;
    lastSampleMs = Math.max(lastSampleMs, atMs);
    for (const [id, column] of Object.entries(samples.fields)) {
      const value = column[newest] ?? null;
      if (value !== null && atMs >= (latest.get(id)?.atMs ?? 0)) latest.set(id, { value, atMs });
    }
  }
  drawRanges();
  const window = [zoom?.[0] ?? null, zoom?.[1] ?? null] as const;
  stack.set(samples, window);
  heap.set(samples, window);
  // After the next frame: charts are drawn in a microtask, and shown with the frame that follows.
  if (!drawn) requestAnimationFrame(() => performance.mark('memhound:drawn'));
  drawn = true;
  redrawFields();
  drawLive();
}

function redrawFields(): void {
  if (verdict !== null && samples !== null && samples.t.length > 1)
    drawFields(verdict, samples, byId<HTMLInputElement>('search').value.trim());
}

/** What stands beside the charts. Asked for once; after that the live channel brings it. */
async function loadTables(): Promise<void> {
  const asked = target;
  const [views, files, jvm, ledger] = await Promise.all([api.views(asked), api.files(asked), api.jvm(asked), api.ledger(asked)]);
  if (asked === target) drawTables({ views, files, jvm, ledger });
}

function drawTables({ views, files, jvm, ledger }: Pick<Tables, 'views' | 'files' | 'jvm' | 'ledger'>): void {
  drawTools(views, lastValue, limit, (names) => stack.light(names));
  drawFiles(files);
  drawJvm(jvm, nowMs());
  drawLedger(ledger);
}

/** A page that nobody sees needs no tables. */
const showTables = (): void => live.show(document.hidden ? null : target);

/** A refusal stands where the verdict would; a lost connection is told by the live line; anything else is a fault of the page. */
async function attempt(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof Refused) {
      verdict = null;
      drawRefusal(error);
      blind = true;
      byId('main').classList.add('blind');
    } else if (!(error instanceof Unreachable)) throw error;
  }
  document.body.dataset.drawn = 'yes';
}

/** What memhound costs can be told even where it sees nothing else. */
const loadSelf = (): Promise<void> => attempt(async () => drawSelf(await api.self()));

const loadAll = (): Promise<void> =>
  attempt(async () => {
    const first = target === null;
    const [judged, all] = await Promise.all([api.verdict(target), first && targets.length === 0 ? api.targets() : targets]);
    take(judged);
    if (first) drawTargets(all);
    mayHistogram();
    await loadSamples();
    await loadTables();
  });

function drawLive(): void {
  const node = byId('live');
  const ageS = lastSampleMs === 0 ? null : Math.max(0, (nowMs() - lastSampleMs) / 1000);
  const stale = ageS !== null && ageS > everySeconds * 3 + 2;
  // Before the first connection nothing is lost yet.
  if (!connected && againAtMs === 0) return;
  const state = !connected || stale ? 'live stale' : 'live on';
  if (node.className !== state) node.className = state;
  // Read out once for each change, and not with each second of the age.
  setText(byId('live-said'), !connected ? 'connection lost' : stale ? 'no new samples' : 'live');
  const old = ageS === null ? 'no sample yet' : ageS < 1.5 ? (connected ? 'now' : '1 second ago') : `${duration(ageS)} ago`;
  const again = Math.max(0, Math.ceil((againAtMs - Date.now()) / 1000));
  if (connected) setText(node, stale ? `stale: last sample ${old}` : `live, ${old}`);
  else setText(node, `connection lost; last sample ${old}; trying again in ${again} s`);
}

function hello(m: Hello): void {
  connected = true;
  everySeconds = m.everySeconds;
  const before = target;
  drawTargets(m.targets);
  mayAttach = m.attach;
  mayHistogram();
  const known = target === null ? undefined : m.verdicts[target];
  if (known !== undefined) take(known);
  // The first time the page has asked for everything by itself already; after a break this fills the gap.
  if (wasLost || (before !== null && before !== target)) void loadAll();
  wasLost = false;
  drawLive();
}
let wasLost = false;
let mayAttach = false;

function mayHistogram(): void {
  offerHistogram(mayAttach && targets.some((t) => t.id === target && t.jvm !== null), () => target);
}

function message(m: LiveMessage | Tables): void {
  if (m.type === 'restart' || blind) {
    void attempt(async () => {
      drawTargets(await api.targets());
      await loadAll();
    });
    return;
  }
  if (m.target !== target) return;
  if (m.type === 'tables') {
    drawTables(m);
    drawSelf(m.self);
    return;
  }
  if (m.type === 'verdict') {
    take(m.verdict);
    redrawFields();
    return;
  }
  lastSampleMs = Date.parse(m.at);
  for (const [id, value] of Object.entries(m.values)) latest.set(id, { value, atMs: lastSampleMs });
  limit = typeof m.limitBytes === 'number' ? m.limitBytes : null;
  const oldest = range == null ? Number.NEGATIVE_INFINITY : lastSampleMs / 1000 - range;
  if (zoom === null && samples !== null) {
    stack.push(lastSampleMs / 1000, lastValue, limit, oldest, POINTS * 2);
    if (extend(samples, lastSampleMs / 1000, lastValue, oldest, POINTS * 2)) heap.extend(samples);
  }
  tickFields(m.values, pointed);
  drawLive();
}

function drawRanges(): void {
  for (const [i, button] of [...byId('ranges').children].entries())
    button.setAttribute('aria-pressed', String(zoom === null && RANGES[i]![1] === range));
  byId('unzoom').hidden = zoom === null;
}

for (const [name, seconds, title] of RANGES) {
  const button = el('button', { type: 'button', 'aria-pressed': 'false', title }, name);
  button.addEventListener('click', () => {
    range = seconds;
    zoom = null;
    void attempt(loadSamples);
  });
  byId('ranges').append(button);
}
byId('unzoom').addEventListener('click', () => {
  zoom = null;
  void attempt(loadSamples);
});
byId('search').addEventListener('input', redrawFields);
byId('target').addEventListener('change', (event) => {
  target = (event.target as HTMLSelectElement).value;
  [range, zoom, lastSampleMs] = [undefined, null, 0];
  latest.clear();
  drawTargets(targets);
  void loadAll();
});
byId('copy').addEventListener('click', () => {
  const { textContent } = byId('headline');
  void copyText(
    byId('copy'),
    verdict === null ? `${textContent}\n${byId('mend').textContent}` : asText(verdict, location.origin),
    'Copied',
  );
});
onPoint((t) => {
  pointed = t !== null;
});
onScheme(() => {
  stack.restyle();
  if (samples !== null) heap.set(samples, [zoom?.[0] ?? null, zoom?.[1] ?? null]);
});
setText(byId('zone'), `times in ${offset()}`);
// The token has become a cookie: it need not stay in the address bar, nor in what is shared from it.
if (location.search.includes('token=')) history.replaceState(null, '', location.pathname);

void loadAll().then(loadSelf);
const live = openLive({
  hello,
  message,
  lost(againMs) {
    connected = false;
    wasLost = true;
    againAtMs = Date.now() + againMs;
    drawLive();
  },
});
document.addEventListener('visibilitychange', showTables);
setInterval(drawLive, 1000);
