import { stateLine } from '../diagnosis/state-line.ts';
import type { Verdict } from '../diagnosis/types.ts';
import { entriesOf } from '../fields.ts';
import { rateText } from '../format.ts';

/** A verdict as text for a terminal: the headline, a state line, and the findings with their advice. */
export function verdictText(verdict: Verdict): string {
  const lines = [verdict.headline, `  ${stateLine(verdict)}`];
  for (const finding of verdict.findings) {
    lines.push(`  [${finding.severity}] ${finding.title}`);
    lines.push(...wrap(finding.advice, 110).map((l) => `         ${l}`));
  }
  return lines.join('\n');
}

/** One line for each field that changes, steepest slope first. */
export function fieldsText(verdict: Verdict): string[] {
  return entriesOf(verdict.fields)
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
