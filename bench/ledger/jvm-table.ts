import type { Comparison } from '../../test/support/jvm-figures.ts';

/** One JVM, seen without and with `--attach`; or why it could not be run. */
export type CellResult = { readonly variant: string } & (
  | { readonly state: 'run'; readonly plain: readonly Comparison[]; readonly attached: readonly Comparison[] }
  | { readonly state: 'failed'; readonly error: string }
);

const SHORT = { agrees: 'ok', off: 'off', 'not-known': 'not known' } as const;

/** A table of one JDK, a row for each figure and a column for each collector, and notes that its cells refer to. */
export function tableOf(cells: readonly CellResult[]): string {
  const ran = cells.flatMap((c) => (c.state === 'run' ? [c] : []));
  const figures = (ran[0]?.plain ?? []).map(({ figure }) => figure);
  const notes: string[] = [];
  const noteOf = (text: string): number => {
    if (!notes.includes(text)) notes.push(text);
    return notes.indexOf(text) + 1;
  };
  const short = (c: Comparison): string =>
    c.state === 'agrees' && c.note !== null ? (c.note.startsWith('as of') ? 'ok, at GC' : 'interval') : SHORT[c.state];
  const cell = (c: (typeof ran)[number], i: number): string => {
    const [plain, attached] = [c.plain[i]!, c.attached[i]!];
    const shown = (x: Comparison, how: string): string =>
      x.state === 'agrees' ? short(x) : `${short(x)} (${noteOf(`${x.figure}, ${c.variant}${how}: ${x.note}`)})`;
    if (short(plain) !== short(attached)) return `${shown(plain, '')} / ${shown(attached, ', --attach')}`;
    return shown(plain, '');
  };
  const head = ['', ...ran.map((c) => c.variant)];
  const body = figures.map((figure, i) => [figure, ...ran.map((c) => cell(c, i))]);
  const widths = head.map((h, k) => Math.max(h.length, ...body.map((row) => row[k]!.length)));
  const line = (row: readonly string[]) => `| ${row.map((text, k) => text.padEnd(widths[k]!)).join(' | ')} |`;
  const failed = cells.flatMap((c) => (c.state === 'failed' ? [`- ${c.variant} could not be run: ${c.error}`] : []));
  return [
    ...(ran.length === 0 ? [] : [line(head), line(widths.map((w) => '-'.repeat(w))), ...body.map(line), '']),
    ...notes.map((text, i) => `${i + 1}. ${text}`),
    ...failed,
  ].join('\n');
}

/** How many figures there are of each kind. */
export function countOf(cells: readonly CellResult[]): string {
  const all = cells.flatMap((c) => (c.state === 'run' ? [...c.plain, ...c.attached] : []));
  const of = (state: Comparison['state']) => all.filter((c) => c.state === state).length;
  return `${of('agrees')} of ${all.length} figures agree, ${of('off')} are off, ${of('not-known')} cannot be known`;
}
