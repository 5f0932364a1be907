import type { Verdict } from '../diagnosis/types.ts';
import type { Log } from './log.ts';
import type { LiveMessage, Status } from './status.ts';

/** News for a reader of the log or of a chat room. */
export interface Notification {
  readonly event: 'verdict' | 'restart' | 'oom-kill';
  readonly at: string;
  readonly target: string;
  readonly trend?: string;
  readonly leak?: boolean | null;
  readonly cause?: string;
  readonly confidence?: number;
  readonly headline: string;
  readonly eta?: Verdict['eta'];
}

/** Calls `notify` at each change of a verdict, restart and OOM kill. A change is a new trend, leak or cause, not a new number. */
export function onNotification(status: Status, notify: (news: Notification) => void): () => void {
  const last = new Map<string, string>();
  return status.on((message: LiveMessage) => {
    if (message.type === 'restart') {
      notify({
        event: message.kind,
        at: message.at,
        target: message.target,
        headline: message.reason,
      });
    } else if (message.type === 'verdict') {
      const { verdict } = message;
      const state = `${verdict.trend}|${verdict.leak}|${verdict.cause}|${verdict.causes[0]?.what ?? ''}`;
      if (last.get(message.target) === state) return;
      last.set(message.target, state);
      const { at, trend, leak, cause, confidence, headline, eta } = verdict;
      notify({ event: 'verdict', at, target: message.target, trend, leak, cause, confidence, headline, eta });
    }
  });
}

/** Writes the news to the log. */
export const logNotifications = (status: Status, log: Log): (() => void) =>
  onNotification(status, (news) => {
    const level = news.event === 'oom-kill' || news.leak === true ? 'warn' : 'info';
    log[level](news, news.event === 'verdict' ? 'verdict changed' : news.event === 'restart' ? 'restarted' : 'OOM kill');
  });
