import 'uplot/dist/uPlot.min.css';
import './style/all.css';
import type { TargetInfo, Verdict } from '../src/diagnosis/types.ts';
import type { Hello, LiveMessage, SamplesAnswer, Tables } from '../src/outlets/status.ts';
import { HeapChart } from './charts/heap-chart.ts';
import { InSight } from './charts/in-view.ts';
import { onPoint } from './charts/shared-cursor.ts';
import { Stack } from './charts/stacked-chart.ts';
import { TimeWindow } from './charts/time-window.ts';
import { api, openLive, Refused, Unreachable } from './data/api.ts';
import { held } from './data/forward-fill.ts';
import { withGaps } from './data/gaps.ts';
import { Newest } from './data/latest-values.ts';
import { setCollector } from './data/memory-parts.ts';
import { nowMs } from './data/pod-clock.ts';
import { extend, growing, type Rows } from './data/rows.ts';
import { offset } from './data/time-format.ts';
import { asText } from './data/wording.ts';
import { byId, onScheme, setText } from './dom.ts';
import { LiveLine } from './panels/connection-line.ts';
import { copyText, drawLinks } from './panels/data-links.ts';
import { drawFields, tickFields } from './panels/fields.ts';
import { drawFiles } from './panels/files.ts';
import { drawRefusal, drawVerdict } from './panels/headline.ts';
import { offerHistogram } from './panels/histogram.ts';
import { drawJvm } from './panels/jvm.ts';
import { drawLedger } from './panels/ledger.ts';
import { drawSelf } from './panels/self-cost.ts';
import { TargetSwitch } from './panels/target-switch.ts';
import { drawTools } from './panels/tool-views.ts';

/** Rows to ask for. Twice as many may stand on the page once the live channel has gone on. */
const POINTS = 600;

let verdict: Verdict | null = null;
let samples: Rows | null = null;
let limit: number | null = null;
let everySeconds = 10;
let mayAttach = false;
let wasLost = false;
/** The API refuses to answer, and its reason stands where the verdict would. */
let refused = false;
let pointed = false;

const newest = new Newest();
const time = new TimeWindow(() => void attempt(loadSamples));
const stack = new Stack(time.zoom);
const heap = new HeapChart();
const liveLine = new LiveLine(() => newest.atMs);
const target = new TargetSwitch(() => {
  time.forget();
  newest.forget();
  showTarget();
  void loadAll();
});

function drawTargets(all: readonly TargetInfo[]): void {
  target.draw(all, verdict?.target.id);
  showTarget();
}

function showTarget(): void {
  drawLinks(target.id);
  showTables();
  offerHistogram(mayAttach && target.shown?.jvm != null, () => target.id);
  if (target.shown === null) return;
  const { jvm, limitBytes } = target.shown;
  setCollector(jvm?.collector ?? null);
  limit = typeof limitBytes === 'number' ? limitBytes : null;
}

function take(v: Verdict): void {
  verdict = v;
  refused = false;
  byId('main').classList.remove('refused');
  drawVerdict(v);
}

/** Counts the questions for rows, so that a late answer does not undo a newer one. */
let askedFor = 0;

/** `early` was asked for before it was known which range the verdict would give. */
async function loadSamples(early: Promise<SamplesAnswer> | null = null): Promise<void> {
  const turn = ++askedFor;
  const [from, to] = time.asked(verdict, nowMs() / 1000);
  const answer = await (early ?? api.samples(target.id, from, to, POINTS));
  if (turn !== askedFor) return;
  samples = growing(withGaps(held(answer)));
  if (!time.zoomed) newest.takeRow(samples);
  time.draw();
  stack.set(samples, time.shown);
  heap.set(samples, time.shown);
  liveLine.draw();
  if (turn > 1) redrawFields();
  else await firstFrame();
}

/** The headline and the charts are shown before the fields are made, which stand further down. Charts are drawn in a microtask. */
async function firstFrame(): Promise<void> {
  await frame();
  performance.mark('memhound:drawn');
  live.open();
  redrawFields();
  await frame();
  performance.mark('memhound:fields');
}

/** Not for ever: a page that is opened in the background has no frames. */
const frame = (): Promise<unknown> =>
  document.hidden ? Promise.resolve() : new Promise((done) => requestAnimationFrame(() => setTimeout(done)));

function redrawFields(): void {
  if (verdict !== null && samples !== null && samples.t.length > 1)
    drawFields(verdict, samples, byId<HTMLInputElement>('search').value.trim());
}

/** What stands beside the charts. Asked for once; after that the live channel brings it. */
async function loadTables(): Promise<void> {
  const { id } = target;
  const [views, files, jvm, ledger] = await Promise.all([api.views(id), api.files(id), api.jvm(id), api.ledger(id)]);
  if (id !== target.id) return;
  tables.views.show(views);
  tables.files.show(files);
  tables.jvm.show(jvm);
  tables.ledger.show(ledger);
}

const tables = {
  views: new InSight<Tables['views']>(byId('tools'), (views) => drawTools(views, newest.value, limit)),
  files: new InSight(byId('files'), drawFiles),
  jvm: new InSight<Tables['jvm']>(byId('jvm'), (jvm) => drawJvm(jvm, nowMs())),
  ledger: new InSight(byId('ledger'), drawLedger),
};

function takeTables({ views, files, jvm, ledger, self }: Tables): void {
  tables.views.offer(views);
  tables.files.offer(files);
  tables.jvm.offer(jvm);
  tables.ledger.offer(ledger);
  drawSelf(self);
}

/** A page that nobody sees needs no tables. */
const showTables = (): void => live.show(document.hidden ? null : target.id);

/** A refusal stands where the verdict would; a lost connection is told by the live line; anything else is a fault of the page. */
async function attempt(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof Refused) {
      verdict = null;
      refused = true;
      drawRefusal(error);
      byId('main').classList.add('refused');
    } else if (!(error instanceof Unreachable)) throw error;
  }
  document.body.dataset.drawn = 'yes';
}

const loadAll = (): Promise<void> =>
  attempt(async () => {
    const { id } = target;
    const early = time.open ? api.samples(id, 'verdict', null, POINTS) : null;
    early?.catch(() => undefined); // refused together with the verdict, whose refusal is told
    const [judged, all] = await Promise.all([api.verdict(id), target.known ? null : api.targets()]);
    if (id !== null && id !== target.id) return; // another was chosen meanwhile
    take(judged);
    if (all !== null) drawTargets(all);
    await loadSamples(early);
    await loadTables();
  });

let startingOver = false;

/** The container was started anew, or what was refused may be answered now. Each message asks for it while one is under way. */
async function startOver(): Promise<void> {
  if (startingOver) return;
  startingOver = true;
  await attempt(async () => {
    drawTargets(await api.targets());
    await loadAll();
  });
  startingOver = false;
}

function hello(m: Hello): void {
  everySeconds = m.everySeconds;
  mayAttach = m.attach;
  const before = target.id;
  drawTargets(m.targets);
  const known = target.id === null ? undefined : m.verdicts[target.id];
  if (known !== undefined) take(known);
  // The first time the page has asked for everything by itself already; after a break this fills the gap.
  if (wasLost || (before !== null && before !== target.id)) void loadAll();
  wasLost = false;
  liveLine.connected(everySeconds);
}

function message(m: LiveMessage | Tables): void {
  if (m.type === 'restart' || refused) void startOver();
  else if (m.target !== target.id) return;
  else if (m.type === 'tables') takeTables(m);
  else if (m.type === 'verdict') {
    take(m.verdict);
    redrawFields();
  } else tick(m);
}

function tick(m: Extract<LiveMessage, { type: 'sample' }>): void {
  newest.takeTick(Date.parse(m.at), m.values);
  limit = typeof m.limitBytes === 'number' ? m.limitBytes : null;
  const t = newest.atMs / 1000;
  if (!time.zoomed && samples !== null) {
    const keep = { oldest: time.oldest(t), most: POINTS * 2, step: everySeconds };
    const change = extend(samples, { t, ids: newest.ids(), value: newest.value }, keep);
    if (change !== null) {
      stack.follow(change, limit);
      if (!change.replaced) heap.extend(samples);
    }
  }
  tickFields(m.values, pointed);
  liveLine.draw();
}

byId('search').addEventListener('input', redrawFields);
byId('copy').addEventListener('click', () => {
  const told =
    verdict === null ? `${byId('headline').textContent}\n${byId('mend').textContent}` : asText(verdict, location.origin);
  void copyText(byId('copy'), told, 'Copied');
});
onPoint((t) => {
  pointed = t !== null;
});
onScheme(() => {
  stack.restyle();
  if (samples !== null) heap.set(samples, time.shown);
});
setText(byId('zone'), `times in ${offset(Date.now() / 1000)}`);
// The token has become a cookie: it need not stay in the address bar, nor in what is shared from it.
if (location.search.includes('token=')) history.replaceState(null, '', location.pathname);

const live = openLive({
  hello,
  message,
  lost(againMs) {
    wasLost = true;
    liveLine.lost(againMs);
  },
});
// What memhound costs can be told even where it sees nothing else.
void loadAll().then(() => {
  live.open(); // also where there was nothing to draw
  return attempt(async () => drawSelf(await api.self()));
});
document.addEventListener('visibilitychange', showTables);
performance.mark('memhound:asked');
