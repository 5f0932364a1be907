import type { GuardOptions } from './guard.ts';
import type { Log } from './log.ts';

/** What the page and the API are served with. */
export interface ApiOptions extends GuardOptions {
  readonly host: string;
  readonly port: number;
  /** The built page; null: none. */
  readonly webDir: string | null;
  readonly version: string;
  readonly log: Log;
  /** Requests that come before this are answered after it: the stored history is being read. */
  readonly settled?: Promise<void>;
}
