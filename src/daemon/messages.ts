import { EventEmitter } from 'node:events';
import type { LiveMessage } from '../outlets/status.ts';

/** Passes each live message to every listener. */
export class Messages {
  readonly #events = new EventEmitter().setMaxListeners(0);

  emit(message: LiveMessage): void {
    this.#events.emit('message', message);
  }

  /** Returns a function that removes the listener. */
  on(listener: (message: LiveMessage) => void): () => void {
    this.#events.on('message', listener);
    return () => this.#events.off('message', listener);
  }
}
