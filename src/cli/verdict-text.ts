import type { Verdict } from '../diagnosis/types.ts';
import { intervalText, rateText } from '../format.ts';

/** A verdict as text for a terminal: the headline, the state in one line, the findings with their advice. */
export function verdictText(verdict: Verdict): string {
  const lines = [verdict.headline, `  ${stateLine(verdict)}`];
  for (const finding of verdict.findings) {
    lines.push(`  [${finding.severity}] ${finding.title}`);
    lines.push(...wrap(finding.advice, 110).map((l) => `         ${l}`));
  }
  return lines.join('\n');
}

/** "growing · page-cache · not a leak · sure (0.97) · reclaim in 5 to 6 days · disk-full in 12 days" */
function stateLine(verdict: Verdict): string {
  const leak = verdict.leak === null ? 'cannot be told yet whether it is a leak' : verdict.leak ? 'leak' : 'no leak';
  const parts = [
    verdict.trend as string,
    ...(verdict.cause === 'none' ? [] : [verdict.cause]),
    leak,
    `confidence ${verdict.confidence.toFixed(2)}`,
  ];
  for (const eta of verdict.etas) parts.push(`${eta.event} in ${intervalText(eta.low, eta.high)}`);
  return parts.join(' · ');
}

/** One line a field that moves, steepest first. */
export function fieldsText(verdict: Verdict): string[] {
  return Object.entries(verdict.fields)
    .filter(([, f]) => f.slopeBytesPerHour !== null && f.trend !== 'stable')
    .sort((a, b) => Math.abs(b[1].slopeBytesPerHour!) - Math.abs(a[1].slopeBytesPerHour!))
    .map(
      ([id, f]) =>
        `${id.padEnd(20)} ${f.trend.padEnd(10)} ${rateText(f.slopeBytesPerHour!)}  (90 %: ${rateText(f.low ?? 0)} to ${rateText(f.high ?? 0)}) ${f.basis.reason}`,
    );
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  if (line !== '') lines.push(line);
  return lines;
}
