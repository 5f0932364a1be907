import type { Stats } from 'node:fs';
import type { FileReading } from '../types.ts';
import type { FileSystem, FileSystems } from './file-systems.ts';
import type { Residency } from './residency.ts';
import type { WorkBudget } from './work-budget.ts';

export type Measured = Pick<FileReading, 'residentBytes' | 'dirtyBytes' | 'method' | 'fileSystem'>;
export interface PinnedFile {
  readonly fd: number;
  readonly stat: Stats;
}

/** Both calls pass over some 32,000 cached pages (128 MiB) in a millisecond, or 160 in the time of one operation. */
const BYTES_PER_OPERATION = 160 * 4096;
/** st_blocks counts units of 512 bytes, whatever the block size (stat(2)). */
export const allocatedBytes = (stat: Stats): number => stat.blocks * 512;

/** What asking for a file costs. On overlayfs mincore passes over its whole length, holes too. */
export const askingCost = (stat: Stats, stacked = false): number =>
  1 + Math.floor((stacked ? stat.size : Math.min(stat.size, allocatedBytes(stat))) / BYTES_PER_OPERATION);

/** What of each pinned regular file is in memory, in their order. */
export async function measureFiles(
  files: readonly PinnedFile[],
  { residency, fileSystems, budget }: { residency: Residency; fileSystems: FileSystems; budget: WorkBudget },
): Promise<Measured[]> {
  const on = files.map(({ fd, stat }) => fileSystems.of(fd, stat.dev));
  const asked = files.flatMap((file, i) =>
    on[i]?.shown.kind === 'tmpfs' ? [] : [{ ...file, stacked: on[i]?.stacked ?? false }],
  );
  for (const { stat, stacked } of asked) budget.spend(askingCost(stat, stacked));
  const answers = (await residency.ask(asked)).values();
  return files.map(({ stat }, i) =>
    on[i]?.shown.kind === 'tmpfs' ? inTmpfs(stat, on[i]) : told(answers.next().value, on[i] ?? null),
  );
}

/** Every page of a tmpfs file that has a block is in memory, or in swap. */
const inTmpfs = (stat: Stats, { shown }: FileSystem): Measured => ({
  residentBytes: allocatedBytes(stat),
  dirtyBytes: null,
  method: 'tmpfs',
  fileSystem: shown,
});

function told(answer: Awaited<ReturnType<Residency['ask']>>[number] | undefined, on: FileSystem | null): Measured {
  const fileSystem = on?.shown ?? null;
  if (answer?.state === 'told')
    return { residentBytes: answer.residentBytes, dirtyBytes: answer.dirtyBytes, method: answer.method, fileSystem };
  return { residentBytes: null, dirtyBytes: null, method: `unknown: ${answer?.why ?? 'not asked'}`, fileSystem };
}
