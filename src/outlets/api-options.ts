import type { GuardOptions } from './guard.ts';
import type { Log } from './log.ts';

/** Options of the server for the page and the API. */
export interface ApiOptions extends GuardOptions {
  readonly host: string;
  readonly port: number;
  /** The built page; null: none. */
  readonly webDir: string | null;
  readonly version: string;
  readonly log: Log;
  /** Resolves when the stored history has been read. Earlier requests wait for it. */
  readonly settled?: Promise<void>;
}
