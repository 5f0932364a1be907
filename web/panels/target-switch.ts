import type { TargetInfo } from '../../src/diagnosis/types.ts';
import { safeName } from '../data/wording.ts';
import { byId, el, patch, setText } from '../dom.ts';

/** How memhound reaches the container, in words. */
const REACH_TEXTS: Readonly<Record<TargetInfo['reach'], string>> = {
  'shared-pid-namespace': 'reached through the shared process namespace',
  'same-namespace': 'on this host',
  'host-mount': "reached through the host's files",
  'own-cgroup': "memhound's own cgroup",
  explicit: 'the cgroup given on the command line',
};

const name = (t: TargetInfo): string =>
  [safeName(t.container ?? t.id, 40), ...(t.pid === null ? [] : [`pid ${t.pid}`]), ...(t.jvm === null ? [] : ['JVM'])].join(', ');

/** The container that is shown, and the switch if the pod has several. */
export class TargetSwitch {
  #all: readonly TargetInfo[] = [];
  #id: string | null = null;

  /** `changed` is called when the user has chosen another. */
  constructor(changed: () => void) {
    byId('target').addEventListener('change', (event) => {
      this.#id = (event.target as HTMLSelectElement).value;
      this.draw(this.#all, undefined);
      changed();
    });
  }

  get id(): string | null {
    return this.#id;
  }

  get known(): boolean {
    return this.#all.length > 0;
  }

  get shown(): TargetInfo | null {
    return this.#all.find((t) => t.id === this.#id) ?? null;
  }

  /** memhound's first verdict names the container that is shown first. */
  draw(all: readonly TargetInfo[], ofVerdict: string | undefined): void {
    this.#all = all;
    const select = byId<HTMLSelectElement>('target');
    patch(
      select,
      all.map((t) => ({ key: JSON.stringify([t.id, name(t)]), made: () => el('option', { value: t.id }, name(t)) })),
    );
    const shown = all.find((t) => t.id === (this.#id ?? ofVerdict)) ?? (this.#id === null ? undefined : all[0]);
    this.#id = shown?.id ?? null;
    byId('target-label').hidden = all.length === 0;
    setText(byId('reach'), shown === undefined ? '' : `${REACH_TEXTS[shown.reach]}, cgroup v${shown.cgroup.version}`);
    if (shown === undefined) return;
    select.value = shown.id;
    select.disabled = all.length < 2;
  }
}
