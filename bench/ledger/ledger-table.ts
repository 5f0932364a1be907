import { bytesText } from '../../src/format.ts';
import type { Scenario } from './ledger-scenarios.ts';

interface Said {
  readonly name: string;
  readonly bytes: number;
  readonly note: string;
  readonly allocated: number;
  readonly threads: number;
}

/** What ledger-run.mjs prints. */
export type Outcome =
  | { readonly error: string }
  | {
      readonly before: readonly Said[];
      readonly after: readonly Said[];
      readonly last: readonly Said[];
      readonly rests: readonly { readonly unexplainedBytes: number; readonly boundBytes: number; readonly totalBytes: number }[];
      readonly verdict: {
        readonly trend: string;
        readonly leak: boolean | null;
        readonly cause: string;
        readonly headline: string;
      };
    };

export interface Row {
  readonly program: string;
  readonly version: 1 | 2;
  readonly cells: readonly string[];
  readonly note: string;
  readonly holds: boolean;
}

/** Growth of the right part is found within this share of what the program allocated. */
const TOLERANCE = 0.05;

/** `files`: the values of FILE and SHM. The expected value is what the program reports. */
export function rowOf(s: Scenario, version: 1 | 2, files: Readonly<Record<string, string>>, got: Outcome): Row {
  if ('error' in got)
    return {
      program: s.program,
      version,
      cells: [got.error.split('\n')[0]!.slice(0, 80), '', '', '', '', ''],
      note: got.error,
      holds: false,
    };
  const names = s.part[version].map((n) => files[n] ?? n);
  const worst = got.rests.reduce((a, b) =>
    Math.abs(a.unexplainedBytes) / a.boundBytes > Math.abs(b.unexplainedBytes) / b.boundBytes ? a : b,
  );
  const value = (parts: readonly Said[]) =>
    sum(parts, names, (p) => (s.unit === 'bytes' ? p.bytes : Number(/(\d+) of them/.exec(p.note)?.[1] ?? 0)));
  const isFile = names.some((n) => n.startsWith('/'));
  // Scans of a file are rare, and the bytes before the first scan are the program's as well. So its size counts, not its growth.
  const end = isFile ? got.last : got.after;
  const found = value(end) - (isFile ? 0 : value(got.before));
  const word = s.unit === 'bytes' ? 'allocated' : 'threads';
  const reportedBytes = (parts: readonly Said[]) =>
    parts.find((p) => names.includes(p.name))?.[word] ?? Math.max(0, ...parts.map((p) => p[word]));
  const expected = reportedBytes(end) - (isFile ? 0 : reportedBytes(got.before));
  const scale = expected > 0 ? expected : value(end);
  const bounded = got.rests.every((r) => Math.abs(r.unexplainedBytes) <= r.boundBytes);
  const close = Math.abs(found - expected) <= TOLERANCE * scale;
  const right = got.verdict.cause === s.cause;
  const size = (n: number) => (s.unit === 'bytes' ? bytesText(n) : `${n} threads`);
  const off = expected > 0 ? ` (${((found / expected - 1) * 100).toFixed(1)} %)` : '';
  return {
    program: s.program,
    version,
    cells: [
      `${bytesText(worst.unexplainedBytes)}${bounded ? '' : ' !'}`,
      bytesText(worst.boundBytes),
      s.part[version].map((n) => (n === 'FILE' ? 'the file' : n === 'SHM' ? 'the file on tmpfs' : n)).join(' + '),
      size(expected),
      `${size(found)}${off}${close ? '' : ' !'}`,
      `${got.verdict.cause}${right ? '' : ` (expected ${s.cause}) !`}`,
    ],
    note: `${bounded && close && right ? 'holds' : 'FALLS SHORT'}; expected ${size(expected)}, found ${size(found)}; ${got.verdict.headline}`,
    holds: bounded && close && right,
  };
}

const sum = (parts: readonly Said[], names: readonly string[], of: (p: Said) => number): number =>
  parts.reduce((all, p) => all + (names.includes(p.name) ? of(p) : 0), 0);

export function tableOf(rows: readonly Row[]): string {
  const head = ['scenario', 'cgroup', 'unexplained', 'bound', 'part', 'allocated', 'found', 'cause'];
  const body = rows.map((r) => [r.program, `v${r.version}`, ...r.cells]);
  const widths = head.map((h, i) => Math.max(h.length, ...body.map((b) => b[i]!.length)));
  const line = (cells: readonly string[]) => `| ${cells.map((c, i) => c.padEnd(widths[i]!)).join(' | ')} |`;
  return [line(head), line(widths.map((w) => '-'.repeat(w))), ...body.map(line)].join('\n');
}
