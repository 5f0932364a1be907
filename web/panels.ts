import type { FileRow, Ledger, LedgerPart, Verdict, View } from '../src/diagnosis/types.ts';
import { fieldRow } from '../src/fields.ts';
import type { SamplesAnswer } from '../src/outlets/status.ts';
import type { Aged, JvmReading } from '../src/sources/types.ts';
import type { FieldTrend } from '../src/trends/types.ts';
import { byId, el, svg } from './dom.ts';
import { PARTS, type Values } from './parts.ts';
import { amount, duration, exact, level, safeName, slope } from './words.ts';

/** What each tool shows now: all bars on one scale whose end is the limit, so that the difference between two tools is seen. */
export function drawViews(
  views: readonly View[],
  v: Values,
  limit: number | null,
  light: (names: readonly string[] | null) => void,
): void {
  const scale = Math.max(limit ?? 0, ...views.map((x) => x.bytes ?? 0), 1);
  const rows = views.map((view) => {
    const bar = el('div', { class: 'bar', 'aria-hidden': 'true' });
    if (view.bytes !== null) fillBar(bar, view.bytes, scale, view.counts, v);
    const number = el('span', { class: 'number' }, view.bytes === null ? 'the node' : level(view.bytes));
    if (view.bytes !== null) number.title = exact(view.bytes);
    const row = el(
      'div',
      { class: 'row', tabindex: '0', title: `${view.formula}. ${view.note}` },
      el('span', {}, view.tool, el('small', {}, view.metric)),
      bar,
      number,
    );
    for (const [on, names] of [
      ['mouseenter', view.counts],
      ['focus', view.counts],
      ['mouseleave', null],
      ['blur', null],
    ] as const)
      row.addEventListener(on, () => light(names));
    return row;
  });
  byId('views').replaceChildren(...rows);
}

/** The parts that a tool counts, in the order of the stack, until its own number is reached. */
function fillBar(bar: HTMLElement, bytes: number, scale: number, counts: readonly string[], v: Values): void {
  let left = bytes;
  for (const part of PARTS) {
    if (!counts.includes(part.ledger)) continue;
    const width = Math.min(left, part.bytes(v) ?? 0);
    if (width <= 0) continue;
    const piece = el('i', part.reclaimable ? { class: 'hatched' } : {});
    piece.style.setProperty('--hue', `var(--${part.hue})`);
    if (!part.reclaimable) piece.style.background = `var(--${part.hue})`;
    piece.style.width = `${(width / scale) * 100}%`;
    bar.append(piece);
    left -= width;
  }
}

export function drawFiles(files: readonly FileRow[]): void {
  const most = Math.max(1, ...files.map((f) => f.residentBytes ?? 0));
  const rows = files.slice(0, 12).map((f) => {
    const bar = el('div', { class: 'bar', 'aria-hidden': 'true' });
    const piece = el('i', f.fileSystem?.kind === 'tmpfs' ? {} : { class: 'hatched' });
    piece.style.setProperty('--hue', 'var(--cache)');
    if (f.fileSystem?.kind === 'tmpfs') piece.style.background = 'var(--shmem)';
    piece.style.width = `${((f.residentBytes ?? 0) / most) * 100}%`;
    bar.append(piece);
    const open = f.openBy.slice(0, 2).map((o) => `pid ${o.pid}, fd ${o.fd}, ${MODES[o.mode]}`);
    const about = [
      f.sizeBytes === null ? 'size unknown' : `${level(f.sizeBytes)} long`,
      ...(f.deleted ? ['deleted, still open'] : []),
      ...open,
      slope(f.growthBytesPerHour === 0 ? null : f.growthBytesPerHour),
    ];
    const number = el('span', { class: 'number' }, f.residentBytes === null ? 'not told' : level(f.residentBytes));
    number.title = f.residentBytes === null ? f.method : `${exact(f.residentBytes)}, ${f.method}`;
    return el(
      'div',
      { class: 'row' },
      el('span', { title: f.path }, safeName(f.path, 90), el('small', {}, about.filter((x) => x !== '').join(' · '))),
      bar,
      number,
    );
  });
  byId('files').replaceChildren(...(rows.length > 0 ? rows : [el('p', { class: 'quiet' }, 'No file is in sight.')]));
}

const MODES = { r: 'read', w: 'write', rw: 'read and write' } as const;
const FATES = { true: 'can be taken back', false: 'stays', null: 'in part' } as const;

export function drawLedger(ledger: Ledger): void {
  const rows: HTMLElement[] = [];
  const walk = (parts: readonly LedgerPart[], depth: number): void => {
    for (const part of parts) {
      if (depth > 0 && part.bytes < ledger.totalBytes / 500) continue;
      const bar = el('div', { class: 'bar', 'aria-hidden': 'true' });
      const piece = el('i', part.reclaimable === false ? {} : { class: 'hatched' });
      piece.style.setProperty('--hue', 'var(--quiet)');
      if (part.reclaimable === false) piece.style.background = 'var(--quiet)';
      piece.style.width = `${(Math.max(0, part.bytes) / Math.max(1, ledger.totalBytes)) * 100}%`;
      bar.append(piece);
      const name = el('span', {}, safeName(part.name, 80), el('small', {}, `${FATES[`${part.reclaimable}`]}, ${part.how}`));
      name.style.paddingLeft = `${depth * 14}px`;
      const number = el('span', { class: 'number' }, level(part.bytes));
      number.title = part.lowBytes === part.highBytes ? exact(part.bytes) : `${level(part.lowBytes)} to ${level(part.highBytes)}`;
      rows.push(el('div', { class: 'row' }, name, bar, number));
      if (part.parts) walk(part.parts, depth + 1);
    }
  };
  walk(ledger.parts, 0);
  const rest = el('span', {}, 'unexplained', el('small', {}, `within the bound of ${level(ledger.boundBytes)}`));
  rest.title = ledger.boundNote;
  rows.push(el('div', { class: 'row' }, rest, el('span', {}), el('span', { class: 'number' }, level(ledger.unexplainedBytes))));
  byId('ledger').replaceChildren(...rows);
}

export function drawJvm(answer: { readonly jvm: JvmReading | null; readonly reason?: string }, nowMs: number): void {
  const { jvm } = answer;
  if (jvm === null) {
    byId('jvm').replaceChildren(el('p', { class: 'quiet' }, answer.reason ?? 'Nothing is known of a JVM.'));
    return;
  }
  const facts: [string, string, string][] = [];
  const aged = (name: string, a: Aged<number>, of: string): void =>
    void facts.push([name, level(a.value), [of, `${age(nowMs - a.atMs)} old`].filter((x) => x !== '').join(', ')]);
  aged('Heap used', jvm.heapUsed, typeof jvm.heapMax === 'number' ? `of ${level(jvm.heapMax)}` : '');
  aged('Heap committed', jvm.heapCommitted, '');
  for (const g of jvm.generations)
    facts.push([
      `Generation ${g.name}`,
      level(g.spaces.reduce((s, x) => s + x.usedBytes, 0)),
      `capacity ${level(g.capacityBytes)}`,
    ]);
  if (jvm.metaspace !== null) aged('Metaspace', jvm.metaspace.used, `${level(jvm.metaspace.committed)} committed`);
  if (jvm.compressedClass !== null) aged('Compressed class space', jvm.compressedClass.used, '');
  if (jvm.threads !== null)
    facts.push([
      'Threads',
      String(jvm.threads.live),
      `${jvm.threads.daemon} daemons, ${jvm.threads.peak} at most, ${jvm.threads.started} started`,
    ]);
  if (jvm.classes !== null)
    facts.push(['Classes', String(jvm.classes.loaded - jvm.classes.unloaded), `${jvm.classes.unloaded} unloaded`]);
  for (const c of jvm.collectors) facts.push([`GC ${c.name}`, `${c.count}`, `${c.seconds.toFixed(2)} s in all`]);
  const list = el(
    'dl',
    { class: 'facts' },
    ...facts.map(([name, value, more]) => el('div', {}, el('dt', {}, name), el('dd', {}, value, ' ', el('small', {}, more)))),
  );
  byId('jvm').replaceChildren(
    el('p', { class: 'quiet' }, `${jvm.version ?? ''} ${jvm.collector ?? ''} ${jvm.flags.join(' ')}`),
    list,
  );
}

const age = (ms: number): string => (ms < 1500 ? '1 second' : duration(ms / 1000));

/** Every field as a small chart with its line and band, heaviest first. */
export function drawFields(verdict: Verdict, samples: SamplesAnswer, search: string): void {
  const weight = (id: string): number => {
    const f = verdict.fields[id];
    const unit = fieldRow(id).unit === 'bytes' ? 1 : 1e-6;
    return (f?.trend === 'growing' ? 1e18 : 0) + Math.abs(f?.slopeBytesPerHour ?? 0) * unit;
  };
  const ids = Object.keys(samples.fields)
    .filter((id) => id.includes(search) && samples.fields[id]!.some((x) => x !== null && x !== 0))
    .sort((a, b) => weight(b) - weight(a) || a.localeCompare(b));
  byId('fields').replaceChildren(...ids.slice(0, 60).map((id) => field(id, samples, verdict.fields[id] ?? null)));
}

function field(id: string, samples: SamplesAnswer, trend: FieldTrend | null): HTMLElement {
  const row = fieldRow(id);
  const column = samples.fields[id]!;
  const last = column.findLast((x) => x !== null) ?? null;
  const tone = trend?.trend === 'growing' ? `trend-growing ${row.reclaimable === true ? 'taken' : ''}` : 'quiet';
  const words =
    trend === null
      ? ''
      : trend.trend === 'growing' || trend.trend === 'shrinking'
        ? `${trend.trend} ${row.unit === 'bytes' ? slope(trend.slopeBytesPerHour) : ''}`
        : trend.trend.replace(/-/g, ' ');
  const head = el(
    'div',
    { title: `${row.help}. ${trend?.basis.because ?? ''}` },
    el('b', {}, id),
    ` ${last === null ? '' : amount(last, row.unit)} `,
    el('span', { class: tone }, words),
  );
  return el('div', { class: 'field' }, head, sparkline(samples.t, column, trend));
}

const W = 250;
const H = 54;

function sparkline(t: readonly number[], y: readonly (number | null)[], trend: FieldTrend | null): Node {
  const known = y.filter((v): v is number => v !== null);
  let low = Math.min(...known);
  let high = Math.max(...known);
  // A flat line stands in the middle, and noise of a thousandth does not look like a mountain.
  const least = Math.max(Math.abs(high) * 0.02, 1);
  if (high - low < least) {
    low -= (least - (high - low)) / 2;
    high = low + least;
  }
  const t0 = t[0]!;
  const t1 = t[t.length - 1]!;
  const X = (s: number): number => ((s - t0) / Math.max(1e-9, t1 - t0)) * W;
  const Y = (v: number): number => H - 3 - ((v - low) / (high - low)) * (H - 6);
  const root = svg('svg', {
    viewBox: `0 0 ${W} ${H}`,
    preserveAspectRatio: 'none',
    role: 'img',
    'aria-label': `from ${Math.round(low)} to ${Math.round(high)}`,
  });
  const line = trend?.basis.line;
  if (line && trend && trend.slopeBytesPerHour !== null && trend.low !== null && trend.high !== null) {
    const [a, b] = [Math.max(line.fromT, t0), Math.min(line.toT, t1)];
    const mid = (line.fromT + line.toT) / 2;
    const center = line.level + line.slopePerSecond * (mid - line.fromT);
    const at = (s: number, perHour: number): number => Y(center + (perHour / 3600) * (s - mid));
    root.append(
      svg('path', {
        class: 'band',
        d: `M${X(a)},${at(a, trend.low)}L${X(b)},${at(b, trend.high)}L${X(b)},${at(b, trend.low)}L${X(a)},${at(a, trend.high)}Z`,
      }),
    );
    root.append(
      svg('path', { class: 'fit', d: `M${X(a)},${at(a, trend.slopeBytesPerHour)}L${X(b)},${at(b, trend.slopeBytesPerHour)}` }),
    );
  }
  let d = '';
  let pen = false;
  y.forEach((v, i) => {
    if (v === null) pen = false;
    else {
      d += `${pen ? 'L' : 'M'}${X(t[i]!).toFixed(1)},${Y(v).toFixed(1)}`;
      pen = true;
    }
  });
  root.append(svg('path', { class: 'series', d }));
  return root;
}
