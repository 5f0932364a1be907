import { level } from '../data/wording.ts';
import { byId, setText } from '../dom.ts';

/** memhound's own cost in one line. */
export function drawSelfCost(self: Readonly<Record<string, unknown>>): void {
  const number = (key: string): number | null => (typeof self[key] === 'number' ? (self[key] as number) : null);
  const size = (key: string): string => (number(key) === null ? 'not known' : level(number(key)!));
  const history = self.history as { ok?: boolean; bytes?: number; maxBytes?: number; reason?: string } | undefined;
  const { trend } = (self.trend ?? {}) as { readonly trend?: string };
  const uptime = number('uptimeSeconds');
  const written = number('writtenBytes');
  setText(
    byId('self'),
    [
      `${size('anonBytes')} anonymous (${size('rssBytes')} resident)${trend === undefined || trend === 'not-enough-data' ? '' : `, ${trend}`}`,
      `${((number('cpuShare') ?? 0) * 100).toFixed(2)} % of a CPU`,
      ...(written === null || uptime === null || uptime < 60 ? [] : [`${level((written / uptime) * 60)} written a minute`]),
      history?.ok === false
        ? `history only in memory: ${history.reason ?? ''}`
        : `history ${level(history?.bytes ?? 0)} of ${level(history?.maxBytes ?? 0)}`,
      `${number('missedTicks') ?? 0} ticks missed`,
    ].join(' · '),
  );
}
