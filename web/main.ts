import 'uplot/dist/uPlot.min.css';
import './style/all.css';
import type { TargetInfo, Verdict } from '../src/diagnosis/types.ts';
import type { Hello, LiveMessage, SamplesAnswer, Tables } from '../src/outlets/status.ts';
import { HeapChart } from './charts/heap-chart.ts';
import { DrawWhenVisible } from './charts/in-view.ts';
import { onCursor } from './charts/shared-cursor.ts';
import { StackedChart } from './charts/stacked-chart.ts';
import { TimeWindow } from './charts/time-window.ts';
import { ApiErrorAnswer, api, openLive, Unreachable } from './data/api.ts';
import { forwardFill } from './data/forward-fill.ts';
import { breakLinesAtGaps } from './data/gaps.ts';
import { LatestValues } from './data/latest-values.ts';
import { type StackBasis, stackParts } from './data/memory-parts.ts';
import { podNowMs } from './data/pod-clock.ts';
import { appendRow, copyRows, type Rows } from './data/rows.ts';
import { utcOffsetText } from './data/time-format.ts';
import { asText } from './data/wording.ts';
import { byId, onColorScheme, setText } from './dom.ts';
import { ConnectionStatus } from './panels/connection-line.ts';
import { copyText, drawLinks } from './panels/data-links.ts';
import { drawFields, updateFields } from './panels/fields.ts';
import { drawFiles } from './panels/files.ts';
import { drawError, drawVerdict } from './panels/headline.ts';
import { showHistogramButton } from './panels/histogram.ts';
import { drawJvm } from './panels/jvm.ts';
import { drawLedger } from './panels/ledger.ts';
import { drawSelfCost } from './panels/self-cost.ts';
import { TargetSwitch } from './panels/target-switch.ts';
import { drawToolViews } from './panels/tool-views.ts';

/** Rows to ask for. Twice as many may stand on the page once the live channel has gone on. */
const POINTS = 600;

let verdict: Verdict | null = null;
let samples: Rows | null = null;
let limit: number | null = null;
let everySeconds = 10;
let mayAttach = false;
let connectionLost = false;
/** The API refuses to answer, and its reason stands where the verdict would. */
let lastError = false;
let cursorSet = false;

const latest = new LatestValues();
const time = new TimeWindow(() => void tryLoading(loadSamples));
const stack = new StackedChart(time.zoom);
const heap = new HeapChart();
const liveLine = new ConnectionStatus(() => latest.atMs);
const target = new TargetSwitch(() => {
  time.reset();
  latest.clear();
  showTarget();
  void loadAll();
});

function drawTargets(all: readonly TargetInfo[]): void {
  target.draw(all, verdict?.target.id);
  showTarget();
}

/** Of the container on show; it decides where the heap is counted. */
const stackBasis = (): StackBasis => ({
  collector: target.shown?.jvm?.collector ?? null,
  version: target.shown?.cgroup.version ?? 2,
});

function showTarget(): void {
  drawLinks(target.id);
  showTables();
  showHistogramButton(mayAttach && target.shown?.jvm != null, () => target.id);
  if (target.shown === null) return;
  const { limitBytes } = target.shown;
  limit = typeof limitBytes === 'number' ? limitBytes : null;
}

function showVerdict(v: Verdict): void {
  verdict = v;
  lastError = false;
  byId('main').classList.remove('refused');
  drawVerdict(v);
}

/** Counts the questions for rows, so that a late answer does not undo a newer one. */
let askedFor = 0;

/** `early` was asked for before it was known which range the verdict would give. */
async function loadSamples(early: Promise<SamplesAnswer> | null = null): Promise<void> {
  const turn = ++askedFor;
  const [from, to] = time.requestedSpan(verdict, podNowMs() / 1000);
  const answer = await (early ?? api.samples(target.id, from, to, POINTS));
  if (turn !== askedFor) return;
  samples = copyRows(breakLinesAtGaps(forwardFill(answer)));
  if (!time.zoomed) latest.setFromRow(samples);
  time.draw();
  stack.set(samples, time.visibleSpan, stackBasis());
  heap.set(samples, time.visibleSpan);
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
  tables.views.drawNow(views);
  tables.files.drawNow(files);
  tables.jvm.drawNow(jvm);
  tables.ledger.drawNow(ledger);
}

const tables = {
  views: new DrawWhenVisible<Tables['views']>(byId('tools'), (views) =>
    drawToolViews(views, stackParts(stackBasis()), latest.value, limit),
  ),
  files: new DrawWhenVisible(byId('files'), drawFiles),
  jvm: new DrawWhenVisible<Tables['jvm']>(byId('jvm'), (jvm) => drawJvm(jvm, podNowMs())),
  ledger: new DrawWhenVisible(byId('ledger'), drawLedger),
};

function takeTables({ views, files, jvm, ledger, self }: Tables): void {
  tables.views.drawIfVisible(views);
  tables.files.drawIfVisible(files);
  tables.jvm.drawIfVisible(jvm);
  tables.ledger.drawIfVisible(ledger);
  drawSelfCost(self);
}

/** A page that nobody sees needs no tables. */
const showTables = (): void => live.show(document.hidden ? null : target.id);

/** A refusal stands where the verdict would; a lost connection is told by the live line; anything else is a fault of the page. */
async function tryLoading(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof ApiErrorAnswer) {
      verdict = null;
      lastError = true;
      drawError(error);
      byId('main').classList.add('refused');
    } else if (!(error instanceof Unreachable)) throw error;
  }
  document.body.dataset.drawn = 'yes';
}

const loadAll = (): Promise<void> =>
  tryLoading(async () => {
    const { id } = target;
    const early = time.open ? api.samples(id, 'verdict', null, POINTS) : null;
    early?.catch(() => undefined); // refused together with the verdict, whose refusal is told
    const [judged, all] = await Promise.all([api.verdict(id), target.known ? null : api.targets()]);
    if (id !== null && id !== target.id) return; // another was chosen meanwhile
    showVerdict(judged);
    if (all !== null) drawTargets(all);
    await loadSamples(early);
    await loadTables();
  });

let restarting = false;

/** The container was started anew, or what was refused may be answered now. Each message asks for it while one is under way. */
async function reload(): Promise<void> {
  if (restarting) return;
  restarting = true;
  await tryLoading(async () => {
    drawTargets(await api.targets());
    await loadAll();
  });
  restarting = false;
}

function onHello(m: Hello): void {
  everySeconds = m.everySeconds;
  mayAttach = m.attach;
  const before = target.id;
  drawTargets(m.targets);
  const known = target.id === null ? undefined : m.verdicts[target.id];
  if (known !== undefined) showVerdict(known);
  // The first time the page has asked for everything by itself already; after a break this fills the gap.
  if (connectionLost || (before !== null && before !== target.id)) void loadAll();
  connectionLost = false;
  liveLine.connected(everySeconds);
}

function onMessage(m: LiveMessage | Tables): void {
  if (m.type === 'restart' || lastError) void reload();
  else if (m.target !== target.id) return;
  else if (m.type === 'tables') takeTables(m);
  else if (m.type === 'verdict') {
    showVerdict(m.verdict);
    redrawFields();
  } else onTick(m);
}

function onTick(m: Extract<LiveMessage, { type: 'sample' }>): void {
  latest.setFromTick(Date.parse(m.at), m.values);
  limit = typeof m.limitBytes === 'number' ? m.limitBytes : null;
  const t = latest.atMs / 1000;
  if (!time.zoomed && samples !== null) {
    const keep = { oldest: time.oldest(t), most: POINTS * 2, step: everySeconds };
    const change = appendRow(samples, { t, ids: latest.ids(), value: latest.value }, keep);
    if (change !== null) {
      stack.follow(change, limit);
      if (!change.replaced) heap.extend(samples);
    }
  }
  updateFields(m.values, cursorSet);
  liveLine.draw();
}

byId('search').addEventListener('input', redrawFields);
byId('copy').addEventListener('click', () => {
  const text =
    verdict === null ? `${byId('headline').textContent}\n${byId('remediation').textContent}` : asText(verdict, location.origin);
  void copyText(byId('copy'), text, 'Copied');
});
onCursor((t) => {
  cursorSet = t !== null;
});
onColorScheme(() => {
  stack.restyle();
  if (samples !== null) heap.set(samples, time.visibleSpan);
});
setText(byId('zone'), `times in ${utcOffsetText(Date.now() / 1000)}`);
// The token has become a cookie: it need not stay in the address bar, nor in what is shared from it.
if (location.search.includes('token=')) history.replaceState(null, '', location.pathname);

const live = openLive({
  hello: onHello,
  message: onMessage,
  lost(againMs) {
    connectionLost = true;
    liveLine.lost(againMs);
  },
});
// What memhound costs can be told even where it sees nothing else.
void loadAll().then(() => {
  live.open(); // also where there was nothing to draw
  return tryLoading(async () => drawSelfCost(await api.self()));
});
document.addEventListener('visibilitychange', showTables);
performance.mark('memhound:asked');
