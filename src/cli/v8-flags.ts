import { setFlagsFromString } from 'node:v8';

/**
 * A sidecar runs for months and computes for milliseconds: memory matters, speed hardly. Nothing is optimised; what runs often is
 * translated as it stands (sparkplug). The young generation stays as small as it begins, 1 MiB a half, instead of growing to 16. Its
 * greatest size is fixed before a program can say anything (--max-semi-space-size has no effect here); that it never grows can be said at
 * any time. Measured in docs/footprint.md.
 */
export function applyLowMemoryFlags(): void {
  for (const flag of ['--optimize-for-size', '--semi-space-growth-factor=1', '--no-opt', '--no-wasm-tier-up'])
    setFlagsFromString(flag);
}

/**
 * A file is evaluated in less time than the optimising compiler takes for the functions that do it, a third of all CPU. With this many times
 * its usual patience (67,584 bytes of bytecode run) it begins where there are many files, and else only for the longest loops. And what a file
 * is made of stays: a young generation that grows only touches more memory.
 */
export function applyShortRunFlags(): void {
  for (const flag of ['--interrupt-budget=1000000', '--semi-space-growth-factor=1']) setFlagsFromString(flag);
}
