import { SECOND_MS } from '../../src/units.ts';
import { podNowMs } from '../data/pod-clock.ts';
import { duration } from '../data/wording.ts';
import { byId, setText } from '../dom.ts';

/** The line at the top with the age of the data, and the time of the next attempt to connect. */
export class ConnectionStatus {
  #connected = false;
  #everySeconds = 10;
  #retryAtMs = 0;
  readonly #newestMs: () => number;

  constructor(newestMs: () => number) {
    this.#newestMs = newestMs;
    setInterval(() => this.draw(), 1000);
  }

  connected(everySeconds: number): void {
    this.#connected = true;
    this.#everySeconds = everySeconds;
    this.draw();
  }

  lost(againMs: number): void {
    this.#connected = false;
    this.#retryAtMs = Date.now() + againMs;
    this.draw();
  }

  draw(): void {
    // Before the first connection, nothing has been lost.
    if (!this.#connected && this.#retryAtMs === 0) return;
    const newestMs = this.#newestMs();
    const ageS = newestMs === 0 ? null : Math.max(0, (podNowMs() - newestMs) / SECOND_MS);
    const stale = ageS !== null && ageS > this.#everySeconds * 3 + 2;
    const node = byId('live');
    const state = !this.#connected || stale ? 'live stale' : 'live on';
    if (node.className !== state) node.className = state;
    // Screen readers read each change once, and not each second of the age.
    setText(byId('live-said'), !this.#connected ? 'connection lost' : stale ? 'no new samples' : 'live');
    const old =
      ageS === null ? 'no sample yet' : ageS < 1.5 ? (this.#connected ? 'now' : '1 second ago') : `${duration(ageS)} ago`;
    const again = Math.max(0, Math.ceil((this.#retryAtMs - Date.now()) / SECOND_MS));
    if (this.#connected) setText(node, stale ? `stale: last sample ${old}` : `live, ${old}`);
    else setText(node, `connection lost; last sample ${old}; trying again in ${again} s`);
  }
}
