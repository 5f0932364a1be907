import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { loadKernelCalls } from '../sources/kernel-calls.ts';

/**
 * A sidecar runs for months and computes for milliseconds: memory matters, speed hardly. Small functions stay interpreted or compiled
 * without inlining, and the young generation is 1 MiB a half instead of 16. Measured in docs/footprint.md; set before the program is
 * loaded, since V8 keeps to what it has already laid out.
 */
export function beFrugal(): void {
  for (const flag of ['--optimize-for-size', '--max-semi-space-size=1', '--no-opt', '--no-sparkplug']) setFlagsFromString(flag);
}

/**
 * Starting and reading the stored history leave garbage behind that nothing would press V8 to collect, free memory that malloc would
 * keep, and pages of node's binary that only a start needs: all are given back once. The binary's pages stay in the page cache, where
 * other pods have them too, and those that a tick uses are back after the first.
 */
export async function settle(): Promise<void> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  const calls = await loadKernelCalls();
  if (typeof calls === 'string') return;
  calls.trim();
  for (const { start, end } of ownCode()) calls.unmap(start, end - start);
}

/** Mappings of the running binary that nothing was written to. Those with a page of our own in them must stay: it would be lost. */
function ownCode(): { readonly start: number; readonly end: number }[] {
  const found: { start: number; end: number }[] = [];
  for (const mapping of readFileSync('/proc/self/smaps', 'latin1').split(/\n(?=[0-9a-f]+-[0-9a-f]+ )/)) {
    const head = /^([0-9a-f]+)-([0-9a-f]+) r-[x-]p \S+ \S+ [1-9]\d* +(\S.*)$/m.exec(mapping);
    if (head?.[3] === process.execPath && /^Anonymous: +0 kB$/m.test(mapping))
      found.push({ start: Number.parseInt(head[1]!, 16), end: Number.parseInt(head[2]!, 16) });
  }
  return found;
}
