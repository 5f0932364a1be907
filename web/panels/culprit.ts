import type { CulpritCause, GroupGrowth, KindGrowth, NativeEvidence, Recorded } from '../../src/culprit/types.ts';
import type { CulpritAnswer } from '../../src/outlets/status.ts';
import { ApiErrorAnswer, api, CONTAINER_ENDED, Unreachable } from '../data/api.ts';
import { instantText } from '../data/time-format.ts';
import { exactBytesText, groupDigits, level, safeName } from '../data/wording.ts';
import { byId, el, setText } from '../dom.ts';
import { copyText } from './data-links.ts';

const POLL_MS = 1000;

const NAMES: Readonly<Record<CulpritCause, string>> = {
  heap: 'the objects of the heap',
  threads: 'the threads',
  metaspace: 'the class loaders',
  native: 'native memory',
  descriptors: 'what it has open',
  'page-cache': 'the files that Java code writes',
  sock: 'the sockets that Java code uses',
  process: 'the programs that Java code starts',
};

type Done = Extract<CulpritAnswer, { state: 'done' }>;

/** Asks the JVM what grows, shows how far that is, and then the answer with its evidence. It exists only if memhound may attach. */
export class CulpritPanel {
  readonly #target: () => string | null;
  readonly #cause = byId<HTMLSelectElement>('culprit-cause');
  readonly #for = byId<HTMLSelectElement>('culprit-for');
  readonly #release = byId<HTMLInputElement>('culprit-release');
  readonly #find = byId<HTMLButtonElement>('find-culprit');
  readonly #cancel = byId<HTMLButtonElement>('cancel-culprit');
  #causes: CulpritAnswer['causes'] = [];
  /** The container whose answer is shown; undefined: none yet. */
  #shown: string | null | undefined;
  /** A search ran when it was last asked about. */
  #isAwaited = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(target: () => string | null) {
    this.#target = target;
    this.#find.onclick = () => void this.#start();
    this.#cancel.onclick = () => void this.#ask((id) => api.cancelCulprit(id));
    this.#cause.onchange = () => this.#drawCost();
    this.#release.onchange = () => this.#drawCost();
  }

  /** `leading`: the cause that the verdict names, which is asked about first. */
  show(mayAsk: boolean, leading: string | null): void {
    byId('culprit').hidden = !mayAsk;
    const id = this.#target();
    if (!mayAsk || id === this.#shown) return;
    this.#shown = id;
    this.#isAwaited = false;
    void this.#ask(async (of) => {
      const answer = await api.culprit(of);
      this.#drawCauses(answer, leading);
      return answer;
    });
  }

  #start(): Promise<void> {
    const release = this.#release.checked && this.#asked()?.release != null;
    return this.#ask((id) => api.startCulprit(id, this.#cause.value as CulpritCause, Number(this.#for.value), release));
  }

  /** Shows an answer, and asks again while a search runs. */
  async #ask(request: (target: string | null) => Promise<CulpritAnswer>): Promise<void> {
    clearTimeout(this.#timer);
    const id = this.#target();
    try {
      const answer = await request(id);
      if (id !== this.#target()) return; // the user has chosen another container since
      this.#draw(answer);
      if (answer.state === 'running') this.#again();
    } catch (error) {
      if (error instanceof ApiErrorAnswer) {
        this.#setRunning(false);
        this.#isAwaited = false;
        setText(byId('culprit-said'), error.sentence);
      } else if (error instanceof Unreachable) this.#again();
      else throw error;
    }
  }

  #again(): void {
    this.#timer = setTimeout(() => void this.#ask((id) => api.culprit(id)), POLL_MS);
  }

  #drawCauses({ causes, ...run }: CulpritAnswer, leading: string | null): void {
    this.#causes = causes;
    this.#cause.replaceChildren(...causes.map(({ cause }) => el('option', { value: cause }, NAMES[cause])));
    const first = run.state === 'none' ? leading : run.cause;
    this.#cause.value = causes.find(({ cause }) => cause === first)?.cause ?? 'heap';
    const seconds = run.state === 'none' ? '' : String(run.forSeconds);
    if ([...this.#for.options].some(({ value }) => value === seconds)) this.#for.value = seconds;
    this.#drawCost();
  }

  #asked(): CulpritAnswer['causes'][number] | undefined {
    return this.#causes.find(({ cause }) => cause === this.#cause.value);
  }

  #drawCost(): void {
    const { cost, release = null } = this.#asked() ?? {};
    byId('culprit-release-label').hidden = release === null;
    const more = release !== null && this.#release.checked ? `; and ${release}` : '';
    setText(byId('culprit-cost'), cost === undefined ? '' : `Costs the app ${cost}${more}.`);
  }

  #setRunning(running: boolean): void {
    this.#find.disabled = running;
    this.#cause.disabled = running;
    this.#for.disabled = running;
    this.#release.disabled = running;
    this.#cancel.hidden = !running;
  }

  #draw(answer: CulpritAnswer): void {
    this.#setRunning(answer.state === 'running');
    byId('culprit-cost').hidden = answer.state === 'running';
    byId('culprit-found').hidden = answer.state !== 'done' || answer.culprit.state === 'failed';
    const said = byId('culprit-said');
    said.className = answer.state === 'done' && isNamed(answer.culprit) ? 'sentence' : 'quiet';
    // A container that was started again has no search.
    if (answer.state === 'none') setText(said, this.#isAwaited ? CONTAINER_ENDED : '');
    else if (answer.state === 'running') {
      this.#cancel.disabled = answer.cancelled;
      setText(said, answer.cancelled ? 'Cancelled. The JVM still answers the last question…' : runningText(answer));
    } else this.#drawDone(answer);
    this.#isAwaited = answer.state === 'running';
  }

  #drawDone({ cause, culprit, text, until, forSeconds }: Done): void {
    const [first = '', second] = text;
    const sentence = first.slice(`${cause}: `.length);
    // A name is written as it is; "threads in", "files of" and "direct buffers" are words.
    const beginsWithName = isNamed(culprit) && cause !== 'metaspace' && !/^[a-z]+ [a-z]/.test(sentence);
    const said = beginsWithName ? sentence : upperFirst(sentence);
    setText(byId('culprit-said'), culprit.state === 'failed' && second !== undefined ? `${said}. ${upperFirst(second)}.` : said);
    if (culprit.state === 'failed') return;
    byId('culprit-table').replaceChildren(...tableOf(cause, culprit));
    const native = culprit.state === 'recorded' ? null : culprit.native;
    byId('culprit-beside').hidden = native === null;
    byId('culprit-beside').replaceChildren(...(native === null ? [] : besideOf(native)));
    const where = culprit.state === 'named' ? stackOf(culprit) : null;
    byId('culprit-where').hidden = where === null;
    if (where !== null) {
      setText(byId('culprit-where-title'), where.title);
      setText(byId('culprit-frame'), where.stack.map((frame) => safeName(frame, 400)).join('\n'));
    }
    const stack = where === null ? [] : [`${where.title}:`, ...where.stack.map((frame) => `  ${safeName(frame, 400)}`)];
    const asked = culprit.state === 'recorded' ? 'Recorded' : 'Asked';
    setText(byId('culprit-when'), `${asked} for ${durationWords(forSeconds)}, until ${instantText(Date.parse(until) / 1000)}`);
    const copy = byId('copy-culprit');
    copy.onclick = () => void copyText(copy, [`memhound, ${until}`, ...text, ...stack].join('\n'), 'Copied');
  }
}

/** The stack that says where the culprit is in the program; null: none is known. */
function stackOf({
  stand,
  retention,
}: Extract<Done['culprit'], { state: 'named' }>): { title: string; stack: readonly string[] } | null {
  if (stand !== null) return { title: `Where ${groupDigits(stand.threads)} of them stand: one stack`, stack: stand.stack };
  const at = retention?.state === 'known' ? retention.allocatedAt : null;
  return at === null ? null : { title: 'Where they are allocated: one stack', stack: at.stack };
}

const upperFirst = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const isNamed = (culprit: Done['culprit']): boolean =>
  culprit.state === 'named' || (culprit.state === 'recorded' && culprit.culprit !== null);

/** One look is a recording, which has nothing to tell until it ends. */
const runningText = ({ cause, looks, looksDone, forSeconds }: Extract<CulpritAnswer, { state: 'running' }>): string =>
  looks === 1
    ? `Recording ${NAMES[cause]} for ${durationWords(forSeconds)}…`
    : `Asking about ${NAMES[cause]}: ${looksDone} of ${looks} looks, ${durationWords(forSeconds)} in all…`;

const durationWords = (seconds: number): string => (seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`);

type Shown = Exclude<Done['culprit'], { state: 'failed' }>;

/** Nothing, where there is no row. */
function tableOf(cause: CulpritCause, culprit: Shown): HTMLElement[] {
  if (culprit.state === 'recorded') return culprit.groups.length === 0 ? [] : [recordedTable(culprit)];
  return culprit.grown.length === 0 ? [] : [growthTable(cause, culprit.grown)];
}

const RECORDED_HEADS = { 'page-cache': ['File', 'Written'], sock: ['Peer', 'Read and written'], process: ['Program', 'Starts'] };

function recordedTable({ cause, groups }: Recorded): HTMLElement {
  const rows = groups.map(({ name, amount, share, from }) => {
    const cell = el('td', { class: 'number' }, cause === 'process' ? groupDigits(amount) : level(amount));
    if (cause !== 'process') cell.title = exactBytesText(amount);
    const place = from?.line ?? from?.logger ?? null;
    const by = place === null ? null : el('small', {}, `${Math.floor(100 * from!.share)} % from ${safeName(place, 200)}`);
    const percent = el('td', { class: 'number' }, `${Math.floor(100 * share)} %`);
    return el('tr', {}, el('th', { scope: 'row' }, safeName(name, 200), by), cell, percent);
  });
  const head = el(
    'tr',
    {},
    ...[...RECORDED_HEADS[cause], 'Share'].map((text, n) => el('th', { scope: 'col', class: n === 0 ? '' : 'number' }, text)),
  );
  return el('table', { class: 'grown' }, el('thead', {}, head), el('tbody', {}, ...rows));
}

/** Beside what grew of native memory: the mappings by kind, the pools of buffers, and the option that tells more. */
function besideOf({ kinds, pools, remediation, released }: NativeEvidence): HTMLElement[] {
  const moved = (kinds ?? []).filter(({ before, after }) => level(before) !== level(after)).map((kind) => rowOf(kind, level));
  return [
    ...(moved.length === 0 ? [] : [changeTable(['By kind of mapping', 'First look', 'Last look'], moved)]),
    changeTable(['Buffers of java.nio', 'First look', 'Last look'], poolRows(pools)),
    ...(released === null ? [] : [releasedNode(released)]),
    ...(remediation === null
      ? []
      : [el('p', {}, 'Native memory tracking is off. At the start of the JVM it is turned on by ', el('code', {}, remediation))]),
  ];
}

const RELEASED = {
  collection: 'Most of what came back waited for a collection.',
  malloc: 'Most of what came back is what malloc keeps of freed memory.',
  neither: 'Neither a collection nor malloc had it: the program holds it.',
} as const;

function releasedNode(released: NonNullable<NativeEvidence['released']>): HTMLElement {
  if (released.state !== 'read')
    return el('p', {}, `What is given back was not measured: ${released.state === 'absent' ? released.reason : released.error}`);
  const { beforeBytes, afterCollectionBytes, afterTrimBytes, by } = released.value;
  const rows = [rowOf({ name: 'by a collection', before: beforeBytes, after: afterCollectionBytes }, level)];
  if (afterTrimBytes !== null)
    rows.push(rowOf({ name: 'by malloc, which was trimmed', before: afterCollectionBytes, after: afterTrimBytes }, level));
  const stay = level(afterTrimBytes ?? afterCollectionBytes);
  return el(
    'div',
    {},
    changeTable(['Given back, outside the heap', 'Before', 'After'], rows),
    afterTrimBytes === null ? el('p', {}, 'This JVM cannot trim malloc.') : null,
    el(
      'p',
      {},
      by === null
        ? `${stay} stay: the program holds them, or they are memory that the JVM keeps.`
        : RELEASED[by] + (by === 'neither' ? '' : ` ${stay} stay.`),
    ),
  );
}

function poolRows({ direct, mapped }: NativeEvidence['pools']): HTMLElement[] {
  return [
    rowOf({ name: 'direct, number', ...direct.count }, groupDigits),
    ...(direct.bytes === null ? [] : [rowOf({ name: 'direct, size', ...direct.bytes }, level)]),
    rowOf({ name: 'mapped, number', ...mapped.count }, groupDigits),
  ];
}

function rowOf({ name, before, after }: KindGrowth, text: (n: number) => string): HTMLElement {
  const change = text(before) === text(after) ? '–' : `${after > before ? '+' : '−'}${text(Math.abs(after - before))}`;
  const cells = [text(before), text(after), change].map((cell) => el('td', { class: 'number' }, cell));
  return el('tr', {}, el('th', { scope: 'row' }, safeName(name, 90)), ...cells);
}

function changeTable(titles: readonly string[], rows: readonly HTMLElement[]): HTMLElement {
  const heads = [...titles, 'Change'].map((head, n) => el('th', { scope: 'col', class: n === 0 ? '' : 'number' }, head));
  return el('table', { class: 'grown' }, el('thead', {}, el('tr', {}, ...heads)), el('tbody', {}, ...rows));
}

const HEADS = ['What grew', 'First look', 'Last look', 'Share'];

function growthTable(cause: CulpritCause, grown: readonly GroupGrowth[]): HTMLElement {
  const isCount = cause === 'threads' || cause === 'descriptors';
  const size = (n: number): HTMLElement => {
    const cell = el('td', { class: 'number' }, isCount ? groupDigits(n) : level(n));
    if (!isCount) cell.title = exactBytesText(n);
    return cell;
  };
  const rows = grown.map((g) =>
    el(
      'tr',
      {},
      el('th', { scope: 'row' }, safeName(g.name, 200), moreNode(g)),
      size(g.before),
      size(g.after),
      el('td', { class: 'number' }, `${Math.floor(100 * g.share)} %`),
    ),
  );
  const head = el('tr', {}, ...HEADS.map((text, n) => el('th', { scope: 'col', class: n === 0 ? '' : 'number' }, text)));
  return el('table', { class: 'grown' }, el('thead', {}, head), el('tbody', {}, ...rows));
}

const COUNTED = {
  loaders: ['loader', 'loaders'],
  classes: ['class', 'classes'],
  instances: ['object', 'objects'],
  blocks: ['block of malloc', 'blocks of malloc'],
  buffers: ['buffer', 'buffers'],
  names: ['name', 'names'],
  closed: ['closed by the other side', 'closed by the other side'],
} as const;

function moreNode({ more }: GroupGrowth): HTMLElement | null {
  const parts = Object.entries(COUNTED).flatMap(([what, [one, many]]) => {
    const n = more[what as keyof typeof COUNTED] ?? 0;
    return n === 0 ? [] : [`${n > 0 ? '+' : '−'}${groupDigits(Math.abs(n))} ${Math.abs(n) === 1 ? one : many}`];
  });
  return parts.length === 0 ? null : el('small', {}, parts.join(', '));
}
