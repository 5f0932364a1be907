import type { View } from '../../src/diagnosis/types.ts';
import { type BarPiece, bar } from '../charts/bars.ts';
import { highlightOnHover } from '../charts/highlight.ts';
import type { StackPart, Values } from '../data/memory-parts.ts';
import { exactBytesText, steadyLevel } from '../data/wording.ts';
import { byId, el, patch, withCode } from '../dom.ts';

/**
 * What each tool shows now, largest first. Tools with the same number share a row. All bars have one scale, which ends at the limit. Usage that a
 * tool does not count is drawn as an outline, so the difference between two tools is visible. A row under the mouse highlights what it counts.
 */
export function drawToolViews(views: readonly View[], parts: readonly StackPart[], v: Values, limit: number | null): void {
  const most = Math.max(...views.map((x) => x.bytes ?? 0), 1);
  // With a very high limit all bars would look alike, so the scale ends at the largest number.
  const scale = limit !== null && limit < most * 3 ? Math.max(limit, most) : most;
  const usage = views.find((x) => x.id === 'cadvisor-usage')?.bytes ?? null;
  const groups = new Map<string, View[]>();
  for (const view of views) {
    const key = view.bytes === null ? view.tool : `${view.bytes} ${view.countedParts.join()}`;
    groups.set(key, [...(groups.get(key) ?? []), view]);
  }
  patch(
    byId('tools'),
    [...groups].map(([key, group]) => ({
      key: `${key} ${scale} ${usage}`,
      made: () => row(group, { scale, usage, parts, v }),
      group,
    })),
    (node, { group }) => highlightOnHover(node, { parts: group[0]!.countedParts }),
  );
}

/** Values that all rows are drawn with. */
interface Measure {
  /** Bytes at the right end of the bars. */
  readonly scale: number;
  readonly usage: number | null;
  readonly parts: readonly StackPart[];
  readonly v: Values;
}

function row(group: readonly View[], measure: Measure): HTMLElement {
  const { usage } = measure;
  const { bytes, countedParts: counts, note } = group[0]!;
  const less = bytes === null || usage === null ? 0 : usage - bytes;
  const names = group.map((view) =>
    el('span', { class: 'tool', title: `${view.formula}. ${view.note}` }, view.tool, ' ', el('small', {}, view.metric)),
  );
  // A tool that counts none of the container's parts shows the values of the node.
  const unknown = counts.length === 0 ? 'the node’s' : 'not known';
  const number = el('span', { class: 'number' }, bytes === null ? unknown : steadyLevel(bytes));
  number.title = bytes === null ? note : exactBytesText(bytes);
  const difference = el(
    'span',
    { class: 'number quiet' },
    less === 0 ? '' : `${less > 0 ? '−' : '+'}${steadyLevel(Math.abs(less))}`,
  );
  difference.title = less === 0 ? '' : `${exactBytesText(Math.abs(less))} ${less > 0 ? 'less' : 'more'} than usage`;
  const shown = el('span', {}, ...names, el('small', {}, ...withCode(`${note}.`)));
  if (bytes === null) return el('li', { class: 'row plain' }, shown, number);
  return el('li', { class: 'row wide' }, bar(pieces(bytes, less, counts, measure)), number, shown, difference);
}

/** The parts that a tool counts, in the order of the stack, until its number is reached; then the parts that it does not count. */
function pieces(bytes: number, less: number, counts: View['countedParts'], { scale, parts, v }: Measure): BarPiece[] {
  let left = bytes;
  const counted = parts
    .filter((part) => counts.includes(part.ledgerPart))
    .map((part): BarPiece => {
      const width = Math.min(left, part.bytes(v) ?? 0);
      left -= width;
      return { share: width / scale, hue: part.hue, kind: part.reclaimable ? 'hatched' : 'solid' };
    });
  return [...counted, { share: less / scale, hue: 'edge', kind: 'ghost' }];
}
