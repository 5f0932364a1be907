import type { HistoryEvent, KilledProcess } from '../sample/types.ts';

/** An event as a file has it, with a time that was checked; null: of a type that this version does not know. Pure. */
export function parseEvent(event: { readonly t: number; readonly type: string; readonly killed?: unknown }): HistoryEvent | null {
  const { t, type } = event;
  switch (type) {
    case 'restart':
    case 'memhound_start':
    case 'oom_kill':
      return { t, type };
    case 'process_oom_kill':
      return { t, type, killed: Array.isArray(event.killed) ? event.killed.slice(0, MAX_KILLED).flatMap(parseKilled) : [] };
    default:
      return null;
  }
}

/** Of one event: more names than these do not help. */
export const MAX_KILLED = 3;

function parseKilled(value: unknown): KilledProcess[] {
  const { pid, name, anonBytes, parent } = (value ?? {}) as Partial<Record<keyof KilledProcess, unknown>>;
  if (typeof pid !== 'number' || typeof name !== 'string' || typeof anonBytes !== 'number') return [];
  return [{ pid, name, anonBytes, parent: parseParent(parent) }];
}

function parseParent(value: unknown): KilledProcess['parent'] {
  const { pid, name } = (value ?? {}) as { readonly pid?: unknown; readonly name?: unknown };
  return typeof pid === 'number' && typeof name === 'string' ? { pid, name } : null;
}
