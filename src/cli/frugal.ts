import { setFlagsFromString } from 'node:v8';

/**
 * A sidecar runs for months and computes for milliseconds: memory matters, speed hardly. Small functions stay interpreted or compiled
 * without inlining, and the young generation is 1 MiB a half instead of 16. Measured in docs/footprint.md; set before the program is
 * loaded, since V8 keeps to what it has already laid out.
 */
export function beFrugal(): void {
  for (const flag of ['--optimize-for-size', '--max-semi-space-size=1', '--no-opt', '--no-sparkplug']) setFlagsFromString(flag);
}
