import { fileRowName, holderText } from '../diagnosis/file-name.ts';
import { boundWord, reclaimabilityText } from '../diagnosis/ledger/part-table.ts';
import type { FileRow, Ledger, LedgerPart, SharedLimit, View } from '../diagnosis/types.ts';
import { bytesText, rateText, safeName } from '../format.ts';

/** The ledger as an indented table of about 100 characters a line. */
export function ledgerText(ledger: Ledger): string[] {
  const limit =
    ledger.limitBytes === 'max'
      ? 'no limit'
      : ledger.limitBytes === null
        ? 'limit not known'
        : `of ${bytesText(ledger.limitBytes)}`;
  const lines = [`Memory used ${bytesText(ledger.totalBytes)} ${limit}`];
  const walk = (parts: readonly LedgerPart[], depth: number): void => {
    for (const part of parts) {
      if (part.bytes === 0 && depth > 0) continue;
      const interval = part.lowBytes === part.highBytes ? '' : ` (${bytesText(part.lowBytes)} to ${bytesText(part.highBytes)})`;
      lines.push(
        `  ${`${'  '.repeat(depth)}${part.name}`.padEnd(58)} ${bytesText(part.bytes).padStart(9)}  ${reclaimabilityText(part.reclaimable)}, ${part.how}${interval}`,
      );
      if (part.pageStates) lines.push(`  ${'  '.repeat(depth)}  ${pageStatesText(part.pageStates)}`);
      if (part.parts) walk(part.parts, depth + 1);
    }
  };
  walk(ledger.parts, 0);
  lines.push(
    `  ${'unexplained'.padEnd(58)} ${bytesText(ledger.unexplainedBytes).padStart(9)}  ${boundWord(ledger)} the bound of ${bytesText(ledger.boundBytes)}: ${ledger.boundNote}`,
  );
  if (ledger.sharedLimit !== undefined) lines.push(sharedLimitText(ledger.sharedLimit));
  return lines;
}

function sharedLimitText({ heldElsewhereBytes, heldByEndedBytes }: SharedLimit): string {
  const ended =
    heldByEndedBytes === null || heldByEndedBytes === 0
      ? ''
      : `, ${bytesText(heldByEndedBytes)} of it charged by containers that have ended (tmpfs, shared memory)`;
  return `  ${'held by others of the same limit'.padEnd(58)} ${bytesText(heldElsewhereBytes).padStart(9)}  not reclaimable${ended}`;
}

const pageStatesText = (states: Readonly<Record<string, number>>): string =>
  Object.entries(states)
    .map(([name, bytes]) => `${name.replace(/Bytes$/, '')} ${bytesText(bytes)}`)
    .join(', ');

/** A tool that counts none of the container's parts shows the values of the node. */
const unknownText = ({ countedParts }: View): string => (countedParts.length === 0 ? 'the node' : 'not known');

export const viewsText = (views: readonly View[]): string[] => [
  'What each tool shows now',
  ...views.map(
    (v) =>
      `  ${`${v.tool}: ${v.metric}`.padEnd(58)} ${(v.bytes === null ? unknownText(v) : bytesText(v.bytes)).padStart(9)}  ${v.formula}`,
  ),
];

export function filesText(files: readonly FileRow[]): string[] {
  if (files.length === 0) return ['Files behind the page cache: none visible'];
  return [
    'Files behind the page cache',
    ...files.slice(0, 10).map((f) => {
      const resident = f.residentBytes === null ? f.method : `${bytesText(f.residentBytes)} in memory`;
      const size = f.sizeBytes === null ? 'size unknown' : bytesText(f.sizeBytes);
      const open = f.openBy.slice(0, 3).map((o) => `${holderText(f, o.pid)} fd ${o.fd} ${o.mode}`);
      const charged =
        f.chargedBytes !== null && f.chargedBytes < (f.residentBytes ?? 0)
          ? [`at most ${bytesText(f.chargedBytes)} charged here`]
          : [];
      const extra = [
        size,
        ...charged,
        ...(f.deleted ? ['deleted'] : []),
        ...open,
        ...(f.growthBytesPerHour === null ? [] : [rateText(f.growthBytesPerHour)]),
      ];
      return `  ${safeName(fileRowName(f), 58).padEnd(58)} ${resident} of ${extra.join(', ')}`;
    }),
  ];
}
