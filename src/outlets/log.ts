import pino from 'pino';
import { safeName } from '../format.ts';

export interface Log {
  debug(details: object, message: string): void;
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

/** Logs structured lines to standard error. Texts from the container are escaped, so that a name cannot forge a line or control a terminal. */
export function createLog(options: {
  readonly format: 'json' | 'text';
  readonly level: string;
  readonly write?: (line: string) => void;
}): Log {
  const write = options.write ?? ((line: string) => void process.stderr.write(line));
  const stream = { write: options.format === 'json' ? write : (line: string) => write(asText(line)) };
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }), log: (details) => escaped(details) as Record<string, unknown> },
    },
    stream,
  );
}

function escaped(value: unknown): unknown {
  if (typeof value === 'string') return safeName(value, 2000);
  if (Array.isArray(value)) return value.map(escaped);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, escaped(v)]));
  return value;
}

/** "2026-11-23T19:00:00.000Z info  verdict changed headline=… eta=…" */
function asText(line: string): string {
  const { time, level, msg, ...rest } = JSON.parse(line) as Record<string, unknown>;
  const details = Object.entries(rest).map(([k, v]) => `${k}=${typeof v === 'string' ? v : JSON.stringify(v)}`);
  return `${time} ${String(level).padEnd(5)} ${[msg, ...details].join(' ')}\n`;
}
