import 'uplot/dist/uPlot.min.css';
import './style.css';
import type { TargetInfo, Verdict } from '../src/diagnosis/types.ts';
import type { SamplesAnswer } from '../src/outlets/status.ts';
import { api, live, Refused } from './api.ts';
import { byId, el, setText } from './dom.ts';
import { drawFields, drawFiles, drawJvm, drawLedger, drawViews } from './panels.ts';
import type { Values } from './parts.ts';
import { Stack } from './stack.ts';
import { asText, danger, duration, level, stateLine } from './words.ts';

const RANGES: readonly (readonly [string, number | null])[] = [
  ['15m', 900],
  ['1h', 3600],
  ['6h', 21600],
  ['1d', 86400],
  ['7d', 604800],
  ['all', null],
];
const POINTS = 600;
/** Tables need not be asked anew at each tick of a second. */
const PANELS_MS = 5000;

let target: string | null = null;
let verdict: Verdict | null = null;
let samples: SamplesAnswer | null = null;
let range: number | null = 3600;
let zoom: readonly [number, number] | null = null;
let limit: number | null = null;
let lastSampleMs = 0;
let everySeconds = 10;
let connected = false;
let panelsDueMs = 0;

const stack = new Stack(byId('stack'), byId('legend'), (from, to) => {
  zoom = from === null || to === null ? null : [from, to];
  void loadSamples();
});

function drawVerdict(v: Verdict): void {
  verdict = v;
  const { tone } = danger(v);
  byId('verdict').className = `verdict ${tone}`;
  byId('mend').hidden = true;
  setText(byId('headline'), v.headline);
  setText(byId('state'), stateLine(v));
  document.title = `${v.leak === true ? 'leak · ' : ''}${v.trend} · memhound`;
  byId('findings').replaceChildren(
    ...v.findings.map((f) =>
      el('div', { class: 'finding' }, el('strong', {}, `${f.severity}: ${f.title}`), el('p', {}, f.advice)),
    ),
  );
  byId('why').hidden = v.findings.length === 0;
  setText(byId('curl'), `curl -s ${location.origin}/api/v1/verdict${target === null ? '' : `?target=${target}`}`);
}

function drawRefusal(error: Refused): void {
  byId('verdict').className = 'verdict warn';
  setText(byId('headline'), error.message);
  setText(byId('state'), error.code === 'blind' ? 'blind: nothing is told about a container that cannot be seen' : error.code);
  byId('findings').replaceChildren();
  byId('why').hidden = true;
  const mend = byId('mend');
  mend.hidden = error.mend === null;
  setText(mend, error.mend ?? '');
}

function drawTargets(targets: readonly TargetInfo[]): void {
  const select = byId<HTMLSelectElement>('target');
  const name = (t: TargetInfo): string =>
    `${t.container ?? t.id}${t.pid === null ? '' : `, pid ${t.pid}`}${t.jvm === null ? '' : ', JVM'}`;
  select.replaceChildren(...targets.map((t) => el('option', { value: t.id }, name(t))));
  const shown = targets.find((t) => t.id === target) ?? targets[0];
  target = shown?.id ?? null;
  if (shown === undefined) return;
  select.value = shown.id;
  select.disabled = targets.length < 2;
  limit = typeof shown.limitBytes === 'number' ? shown.limitBytes : null;
  setText(byId('reach'), `reached by ${shown.reach.replace(/-/g, ' ')}, cgroup v${shown.cgroup.version}`);
}

async function loadSamples(): Promise<void> {
  const [from, to] = zoom ?? [range === null ? null : Date.now() / 1000 - range, null];
  samples = await api.samples(target, from, to, POINTS);
  stack.set(samples);
  redrawFields();
}

function redrawFields(): void {
  if (verdict !== null && samples !== null && samples.t.length > 1)
    drawFields(verdict, samples, byId<HTMLInputElement>('search').value.trim());
}

async function loadPanels(): Promise<void> {
  panelsDueMs = Date.now() + PANELS_MS;
  const [views, files, jvm, ledger, self] = await Promise.all([
    api.views(target),
    api.files(target),
    api.jvm(target),
    api.ledger(target),
    api.self(),
  ]);
  drawViews(views, lastValues, limit, (names) => stack.light(names));
  drawFiles(files);
  drawJvm(jvm, Date.now());
  drawLedger(ledger);
  drawSelf(self);
}

function drawSelf(self: Readonly<Record<string, unknown>>): void {
  const number = (key: string): number => (typeof self[key] === 'number' ? (self[key] as number) : 0);
  const history = self.history as
    | { readonly ok?: boolean; readonly bytes?: number; readonly maxBytes?: number; readonly reason?: string }
    | undefined;
  const kept =
    history?.ok === false
      ? `history is kept in memory only: ${history.reason ?? ''}`
      : `history ${level(history?.bytes ?? 0)} of ${level(history?.maxBytes ?? 0)}`;
  setText(
    byId('self'),
    `memhound itself: ${level(number('anonBytes'))} of its own (${level(number('rssBytes'))} resident), ${(number('cpuShare') * 100).toFixed(2)} % CPU, ${kept}, ${number('missedTicks')} ticks missed`,
  );
}

let latest: Readonly<Record<string, number>> = {};
const lastValues: Values = (field) => latest[field] ?? null;

/** A refusal is shown where the verdict stands; anything else is a fault of the page and goes to the console. */
async function attempt(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof Refused) drawRefusal(error);
    else if (!(error instanceof TypeError)) throw error; // fetch failed: the live line says that the connection is gone
  }
}

async function loadAll(): Promise<void> {
  await attempt(async () => {
    drawVerdict(await api.verdict(target));
    await Promise.all([loadSamples(), loadPanels()]);
  });
}

function drawLive(): void {
  const node = byId('live');
  const ageS = lastSampleMs === 0 ? null : (Date.now() - lastSampleMs) / 1000;
  const stale = ageS !== null && ageS > everySeconds * 3 + 2;
  node.className = `live ${stale || !connected ? 'stale' : 'on'}`;
  const old = ageS === null ? 'no sample yet' : `${duration(Math.max(0, ageS))} ago`;
  setText(node, connected ? (stale ? `stale: last sample ${old}` : `live, ${old}`) : `connection lost; data is of ${old}`);
}

live({
  hello(m) {
    connected = true;
    everySeconds = m.everySeconds;
    drawTargets(m.targets);
    const known = target === null ? undefined : m.verdicts[target];
    if (known !== undefined) drawVerdict(known);
    void loadAll();
  },
  message(m) {
    if (m.target !== target) {
      if (m.type === 'restart') void attempt(async () => drawTargets(await api.targets()));
      return;
    }
    if (m.type === 'sample') {
      lastSampleMs = Date.parse(m.at);
      latest = m.values;
      limit = typeof m.limitBytes === 'number' ? m.limitBytes : null;
      if (zoom === null) stack.push(lastSampleMs / 1000, lastValues, POINTS * 2);
      if (Date.now() >= panelsDueMs && !document.hidden) void attempt(loadPanels);
      drawLive();
    } else if (m.type === 'verdict') {
      drawVerdict(m.verdict);
      redrawFields();
    } else void loadAll();
  },
  lost() {
    connected = false;
    drawLive();
  },
});

for (const [name, seconds] of RANGES) {
  const button = el('button', { type: 'button', 'aria-pressed': String(seconds === range) }, name);
  button.addEventListener('click', () => {
    range = seconds;
    zoom = null;
    for (const other of byId('ranges').children) other.setAttribute('aria-pressed', String(other === button));
    void attempt(loadSamples);
  });
  byId('ranges').append(button);
}
byId('search').addEventListener('input', redrawFields);
byId('target').addEventListener('change', (event) => {
  target = (event.target as HTMLSelectElement).value;
  zoom = null;
  void loadAll();
});
byId('copy').addEventListener('click', () => {
  if (verdict === null) return;
  void navigator.clipboard.writeText(asText(verdict, location.origin)).then(() => setText(byId('copy'), 'Copied'));
});
setInterval(drawLive, 1000);
