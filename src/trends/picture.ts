import type { FieldTrend } from './types.ts';

/** A field to be drawn: samples (NaN is a gap), and what was made of them. */
export interface Drawn {
  readonly title: string;
  readonly unit: 'bytes' | 'count' | 'seconds';
  readonly t: Float64Array;
  readonly values: Float64Array;
  readonly trend: FieldTrend;
}

const WIDTH = 720;
const HEIGHT = 240;
const LEFT = 64;
const BOTTOM = 28;
const TOP = 28;
/** Columns that a screen can tell apart: each is drawn from its least to its greatest value. */
const COLUMNS = 320;

const escaped = (text: string): string => text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);

/**
 * The series (least to greatest in each column), where its segments begin, the fitted line and the band that the 90 % interval
 * of its slope leaves: a picture as an SVG string, with its text in `title` for those who do not see it.
 */
export function picture({ title, unit, t, values, trend }: Drawn): string {
  const said = `${title}: ${trend.trend}. ${trend.basis.because}`;
  const head = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" font-family="sans-serif" font-size="11"><title>${escaped(said)}</title>`;
  const columns = ranges(t, values);
  if (columns.length === 0) return `${head}<text x="${LEFT}" y="${TOP}">${escaped(title)}: no values</text></svg>`;
  const from = columns[0]!.t;
  const to = Math.max(columns[columns.length - 1]!.t, from + 1);
  const { line } = trend.basis;
  const ends = line === null ? [] : [line.level, line.level + line.slopePerSecond * (line.toT - line.fromT)];
  const low = Math.min(...columns.map((c) => c.low), ...ends);
  const high = Math.max(...columns.map((c) => c.high), ...ends);
  const room = high > low ? high - low : Math.max(1, Math.abs(high) / 10);
  const x = (at: number) => round(LEFT + ((at - from) / (to - from)) * (WIDTH - LEFT - 8));
  const y = (value: number) => round(HEIGHT - BOTTOM - ((value - low) / room) * (HEIGHT - BOTTOM - TOP));
  const clamp = (value: number) => Math.min(low + room, Math.max(low, value));
  const parts = [head, `<text x="${LEFT}" y="14" font-weight="bold">${escaped(title)}</text>`];
  const outline = [
    ...columns.map((c) => `${x(c.t)},${y(c.high)}`),
    ...[...columns].reverse().map((c) => `${x(c.t)},${y(c.low)}`),
  ];
  parts.push(`<polygon points="${outline.join(' ')}" fill="#7a9cc6" stroke="#4a6c96" stroke-width="1"/>`);
  for (const at of trend.basis.segments.slice(1))
    parts.push(`<line x1="${x(at)}" x2="${x(at)}" y1="${TOP}" y2="${HEIGHT - BOTTOM}" stroke="#888" stroke-dasharray="3 3"/>`);
  if (line !== null) {
    const seconds = line.toT - line.fromT;
    if (trend.low !== null && trend.high !== null && trend.slopeBytesPerHour !== null) {
      const middle = line.level + (line.slopePerSecond * seconds) / 2;
      const at = (perHour: number, share: number) => clamp(middle + (perHour / 3600) * seconds * (share - 0.5));
      const band = [
        [line.fromT, at(trend.low, 0)],
        [line.toT, at(trend.high, 1)],
        [line.toT, at(trend.low, 1)],
        [line.fromT, at(trend.high, 0)],
      ] as const;
      parts.push(`<polygon points="${band.map(([a, b]) => `${x(a)},${y(b)}`).join(' ')}" fill="#c0392b" opacity="0.2"/>`);
    }
    parts.push(
      `<line x1="${x(line.fromT)}" y1="${y(line.level)}" x2="${x(line.toT)}" y2="${y(line.level + line.slopePerSecond * seconds)}" stroke="#c0392b" stroke-width="2"/>`,
    );
  }
  parts.push(
    `<text x="4" y="${y(high) + 4}">${amount(high, unit)}</text><text x="4" y="${y(low) + 4}">${amount(low, unit)}</text>`,
  );
  parts.push(`<text x="${LEFT}" y="${HEIGHT - 8}">${escaped(said.slice(title.length + 2))}</text></svg>`);
  return parts.join('');
}

function ranges(t: Float64Array, values: Float64Array): { t: number; low: number; high: number }[] {
  const first = t[0] ?? 0;
  const span = Math.max((t[t.length - 1] ?? 0) - first, 1);
  const out: { t: number; low: number; high: number; column: number }[] = [];
  for (let i = 0; i < t.length; i++) {
    const value = values[i]!;
    if (!Number.isFinite(value)) continue;
    const column = Math.floor(((t[i]! - first) / span) * COLUMNS);
    const last = out[out.length - 1];
    if (last === undefined || last.column !== column) out.push({ t: t[i]!, low: value, high: value, column });
    else {
      last.low = Math.min(last.low, value);
      last.high = Math.max(last.high, value);
    }
  }
  return out;
}

const round = (value: number): number => Math.round(value * 10) / 10;

function amount(value: number, unit: Drawn['unit']): string {
  if (unit !== 'bytes') return value.toFixed(unit === 'count' ? 0 : 1);
  return Math.abs(value) >= 1e9 ? `${(value / 1e9).toFixed(2)} GB` : `${(value / 1e6).toFixed(1)} MB`;
}
