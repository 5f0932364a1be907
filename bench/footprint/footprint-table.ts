import { MIB } from '../../src/units.ts';
import type { Row } from './measure.ts';

type Measured = Extract<Row, { state: 'measured' }>;

const mib = (bytes: number | null): string => (bytes === null ? 'not here' : (bytes / MIB).toFixed(1));

interface Column {
  readonly title: string;
  readonly text: (row: Measured, everySeconds: number) => string;
  /** What is compared in the table of ratios; null: not compared. */
  readonly number: ((row: Measured) => number | null) | null;
}

const COLUMNS: readonly Column[] = [
  { title: 'RssAnon MiB', text: (r) => mib(r.anonBytes), number: (r) => r.anonBytes },
  { title: 'max', text: (r) => mib(r.maxAnonBytes), number: null },
  { title: 'RSS MiB', text: (r) => mib(r.rssBytes), number: (r) => r.rssBytes },
  { title: 'of it files', text: (r) => mib(r.fileBytes), number: null },
  { title: 'cgroup MiB', text: (r) => mib(r.groupBytes), number: (r) => r.groupBytes },
  { title: 'page cache', text: (r) => mib(r.cacheBytes), number: null },
  { title: 'CPU s', text: (r) => r.cpuSeconds.toFixed(3), number: (r) => r.cpuSeconds },
  {
    title: 'ms a tick',
    text: (r, every) => ((1000 * r.cpuSeconds * every) / r.seconds).toFixed(1),
    number: null,
  },
  {
    title: 'a container',
    text: (r, every) => (r.containers === null ? '-' : ((1000 * r.cpuSeconds * every) / r.seconds / r.containers).toFixed(1)),
    number: null,
  },
  {
    title: 'KiB written a tick',
    text: (r, every) => (r.writtenBytes === null ? 'not here' : ((r.writtenBytes * every) / r.seconds / 1024).toFixed(1)),
    number: (r) => r.writtenBytes,
  },
  { title: 'first sample ms', text: (r) => r.firstSampleMs.toFixed(0), number: (r) => r.firstSampleMs },
];

/** The figures, one row a program. */
export function table(rows: readonly Row[], everySeconds: number): string {
  return grid([
    ['', ...COLUMNS.map((c) => c.title)],
    ...rows.map((r) =>
      r.state === 'measured' ? [r.name, ...COLUMNS.map((c) => c.text(r, everySeconds))] : [r.name, `${r.state}: ${r.why}`],
    ),
  ]);
}

/** The figures of each other row divided by those of the first; an empty string if the first was not measured. */
export function ratios(rows: readonly Row[]): string {
  const [first, ...others] = rows;
  if (first?.state !== 'measured') return '';
  const compared = COLUMNS.flatMap((c) => (c.number === null ? [] : [{ title: c.title, number: c.number }]));
  const cell = (number: (row: Measured) => number | null, row: Measured): string => {
    const [one, other] = [number(first), number(row)];
    return one === null || other === null || one === 0 ? '-' : `${(other / one).toFixed(2)}x`;
  };
  return grid([
    [`times ${first.name}`, ...compared.map((c) => c.title.replace(/ MiB| a tick/, ''))],
    ...others.flatMap((r) => (r.state === 'measured' ? [[r.name, ...compared.map((c) => cell(c.number, r))]] : [])),
  ]);
}

/** Aligns the columns. A row of two texts is a remark and does not widen a column. */
function grid(lines: readonly (readonly string[])[]): string {
  const full = lines.filter((line) => line.length > 2);
  const width = (column: number): number => Math.max(...(column === 0 ? lines : full).map((line) => line[column]?.length ?? 0));
  return lines
    .map((line) =>
      line.map((text, i) => (i === 0 ? text.padEnd(width(0)) : line.length > 2 ? text.padStart(width(i)) : text)).join('  '),
    )
    .join('\n');
}
