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
 * Starting and reading the stored history leave garbage behind that nothing would press V8 to collect, and free memory that malloc would
 * keep: both are given back once.
 */
export async function settle(): Promise<void> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  const calls = await loadKernelCalls();
  if (typeof calls !== 'string') calls.trim();
}
