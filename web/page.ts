import type { TargetInfo, Verdict } from '../src/diagnosis/types.ts';
import type { Hello, LiveMessage, SamplesAnswer, Tables } from '../src/outlets/status.ts';
import { SECOND_MS } from '../src/units.ts';
import { HeapChart } from './charts/heap-chart.ts';
import { DrawWhenVisible } from './charts/in-view.ts';
import { StackedChart } from './charts/stacked-chart.ts';
import { TimeWindow } from './charts/time-window.ts';
import { ApiErrorAnswer, api, openLive, Unreachable } from './data/api.ts';
import { type StackBasis, stackParts } from './data/memory-parts.ts';
import { PageState, POINTS } from './data/page-state.ts';
import { podNowMs } from './data/pod-clock.ts';
import { asText } from './data/wording.ts';
import { byId } from './dom.ts';
import { ConnectionStatus } from './panels/connection-line.ts';
import { CulpritPanel } from './panels/culprit.ts';
import { copyText, drawLinks } from './panels/data-links.ts';
import { FieldCharts } from './panels/fields.ts';
import { drawFiles } from './panels/files.ts';
import { drawError, drawVerdict } from './panels/headline.ts';
import { showHistogramButton } from './panels/histogram.ts';
import { drawJvm } from './panels/jvm.ts';
import { drawLedger } from './panels/ledger.ts';
import { drawSelfCost } from './panels/self-cost.ts';
import { TargetSwitch } from './panels/target-switch.ts';
import { drawToolViews } from './panels/tool-views.ts';

/**
 * The page. It requests everything from the API once, then follows the live channel, and draws its state.
 *
 *     load: verdict and targets -> rows -> tables       at the start, after a break, for another container
 *     live: hello, then sample, verdict, restart, tables
 */
export class Page {
  readonly #state = new PageState();
  readonly #time = new TimeWindow(() => void this.#tryLoading(() => this.#loadRows()));
  readonly #stack = new StackedChart(this.#time.zoom);
  readonly #heap = new HeapChart();
  readonly #fields = new FieldCharts();
  readonly #connection = new ConnectionStatus(() => this.#state.latest.atMs);
  readonly #target = new TargetSwitch(() => this.#changeTarget());
  readonly #tables = {
    views: new DrawWhenVisible<Tables['views']>(byId('tools'), (views) =>
      drawToolViews(views, stackParts(this.#stackBasis), this.#state.latest.value, this.#state.limitBytes),
    ),
    files: new DrawWhenVisible(byId('files'), drawFiles),
    jvm: new DrawWhenVisible<Tables['jvm']>(byId('jvm'), (jvm) => drawJvm(jvm, podNowMs())),
    ledger: new DrawWhenVisible(byId('ledger'), drawLedger),
  };
  readonly #live = openLive({
    hello: (m) => this.#onHello(m),
    message: (m) => this.#onMessage(m),
    lost: (againMs) => {
      this.#state.loseConnection();
      this.#connection.lost(againMs);
    },
  });
  readonly #culprit = new CulpritPanel(() => this.#target.id);
  #reloading = false;
  #drawn = false;

  /** Loads everything, then memhound's own cost, which is known even without a target. */
  async start(): Promise<void> {
    await this.#load();
    this.#live.open(); // even if there was nothing to draw
    await this.#tryLoading(async () => drawSelfCost(await api.self()));
  }

  /** A hidden page needs no tables. */
  readonly subscribeToTables = (): void => this.#live.show(document.hidden ? null : this.#target.id);

  readonly redrawFields = (): void => {
    const { verdict, rows } = this.#state;
    if (verdict !== null && rows !== null && rows.t.length > 1)
      this.#fields.draw(verdict, rows, byId<HTMLInputElement>('search').value.trim());
  };

  /** Redraws the charts in another colour scheme, because style sheets do not change canvases. */
  restyle(): void {
    this.#stack.restyle();
    if (this.#state.rows !== null) this.#heap.set(this.#state.rows, this.#time.visibleSpan);
  }

  copy(): void {
    const { verdict } = this.#state;
    const text =
      verdict === null ? `${byId('headline').textContent}\n${byId('remediation').textContent}` : asText(verdict, location.origin);
    void copyText(byId('copy'), text, 'Copied');
  }

  /** Loads the rows of the container that is shown. */
  get #stackBasis(): StackBasis {
    const { shown } = this.#target;
    return { collector: shown?.jvm?.collector ?? null, version: shown?.cgroup.version ?? 2 };
  }

  #changeTarget(): void {
    this.#time.reset();
    this.#state.changeTarget();
    this.#showTarget();
    void this.#load();
  }

  #drawTargets(all: readonly TargetInfo[]): void {
    this.#target.draw(all, this.#state.verdict?.target.id);
    this.#showTarget();
  }

  #showTarget(): void {
    const { id, shown } = this.#target;
    drawLinks(id);
    this.subscribeToTables();
    const mayAsk = this.#state.mayAttach && shown?.jvm != null;
    showHistogramButton(mayAsk, () => this.#target.id);
    this.#culprit.show(mayAsk, this.#state.verdict?.cause ?? null);
    if (shown !== null) this.#state.takeLimit(shown.limitBytes);
  }

  #showVerdict(verdict: Verdict): void {
    this.#state.takeVerdict(verdict);
    byId('main').classList.remove('refused');
    drawVerdict(verdict);
  }

  readonly #load = (): Promise<void> =>
    this.#tryLoading(async () => {
      const { id } = this.#target;
      // Requested before the range of the verdict is known. If the verdict is refused, this is refused too, and the error is shown once.
      const early = this.#time.open ? api.samples(id, 'verdict', null, POINTS) : null;
      early?.catch(() => undefined);
      const [verdict, all] = await Promise.all([api.verdict(id), this.#target.known ? null : api.targets()]);
      if (id !== null && id !== this.#target.id) return; // the user has chosen another container since
      this.#showVerdict(verdict);
      if (all !== null) this.#drawTargets(all);
      await this.#loadRows(early);
      await this.#loadTables();
    });

  async #loadRows(early: Promise<SamplesAnswer> | null = null): Promise<void> {
    const request = this.#state.requestRows();
    const [from, to] = this.#time.requestedSpan(this.#state.verdict, podNowMs() / SECOND_MS);
    const answer = await (early ?? api.samples(this.#target.id, from, to, POINTS));
    if (!this.#state.takeRows(request, answer, this.#time.zoomed)) return;
    const rows = this.#state.rows!;
    this.#time.draw();
    this.#stack.set(rows, this.#time.visibleSpan, this.#stackBasis);
    this.#heap.set(rows, this.#time.visibleSpan);
    this.#connection.draw();
    if (this.#drawn) this.redrawFields();
    else await this.#drawFirst();
  }

  /** Shows the headline and the charts before the fields, which are further down. Charts are drawn in a microtask. */
  async #drawFirst(): Promise<void> {
    this.#drawn = true;
    await frame();
    performance.mark('memhound:drawn');
    this.#live.open();
    this.redrawFields();
    await frame();
    performance.mark('memhound:fields');
  }

  /** Loads the tables beside the charts once. After that the live channel sends them. */
  async #loadTables(): Promise<void> {
    const { id } = this.#target;
    const [views, files, jvm, ledger] = await Promise.all([api.views(id), api.files(id), api.jvm(id), api.ledger(id)]);
    if (id !== this.#target.id) return;
    this.#tables.views.drawNow(views);
    this.#tables.files.drawNow(files);
    this.#tables.jvm.drawNow(jvm);
    this.#tables.ledger.drawNow(ledger);
  }

  /** Shows an error of the API in place of the verdict, and a lost connection at the top. Any other error is a bug of the page. */
  async #tryLoading(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (error instanceof ApiErrorAnswer) {
        this.#state.takeRefusal();
        drawError(error);
        byId('main').classList.add('refused');
      } else if (!(error instanceof Unreachable)) throw error;
    }
    document.body.dataset.drawn = 'yes';
  }

  /** Loads again after a restart, or if a refused request may succeed now. Messages during a load do not start another. */
  async #reload(): Promise<void> {
    if (this.#reloading) return;
    this.#reloading = true;
    await this.#tryLoading(async () => {
      this.#drawTargets(await api.targets());
      await this.#load();
    });
    this.#reloading = false;
  }

  #onHello(m: Hello): void {
    const missedSome = this.#state.takeHello(m);
    const before = this.#target.id;
    this.#drawTargets(m.targets);
    const { id } = this.#target;
    const known = id === null ? undefined : m.verdicts[id];
    if (known !== undefined) this.#showVerdict(known);
    if (missedSome || (before !== null && before !== id)) void this.#load();
    this.#connection.connected(m.everySeconds);
  }

  #onMessage(m: LiveMessage | Tables): void {
    if (m.type === 'restart' || this.#state.refused) void this.#reload();
    else if (m.target !== this.#target.id) return;
    else if (m.type === 'tables') this.#onTables(m);
    else if (m.type === 'sample') this.#onTick(m);
    else {
      this.#showVerdict(m.verdict);
      this.redrawFields();
    }
  }

  #onTables({ views, files, jvm, ledger, self }: Tables): void {
    this.#tables.views.drawIfVisible(views);
    this.#tables.files.drawIfVisible(files);
    this.#tables.jvm.drawIfVisible(jvm);
    this.#tables.ledger.drawIfVisible(ledger);
    drawSelfCost(self);
  }

  #onTick(m: Extract<LiveMessage, { type: 'sample' }>): void {
    const change = this.#state.takeTick(m, { zoomed: this.#time.zoomed, oldest: (t) => this.#time.oldest(t) });
    if (change !== null) {
      this.#stack.follow(change, this.#state.limitBytes);
      if (!change.replaced) this.#heap.extend(this.#state.rows!);
    }
    this.#fields.update(m.values);
    this.#connection.draw();
  }
}

/** Waits for a frame, but not forever: a page that is opened in the background has no frames. */
const frame = (): Promise<unknown> =>
  document.hidden ? Promise.resolve() : new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
