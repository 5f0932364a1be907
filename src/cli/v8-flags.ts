import { setFlagsFromString } from 'node:v8';
import { COLLECTION_FLAGS } from '../daemon/collection-flags.ts';
import { KIB } from '../units.ts';

/** What `watch` loads of Node's own modules, with what they load when it runs: `cluster` when a server begins to listen, `tty` with express. */
const NODE_MODULES = ['crypto', 'fs/promises', 'http', 'cluster', 'os', 'process', 'timers/promises', 'tty', 'vm'];

/**
 * Call before V8's flags are set. Node's binary holds the compiled code of its modules, which V8 takes only with the flags it was made with. Node
 * compiles a module that is loaded later itself, and keeps the code serialised for threads: 0.3 MiB. Small buffers share pools, and one that
 * stays keeps its whole pool: Node 24 made them eight times as large.
 */
export function loadNodeModules(): void {
  for (const name of NODE_MODULES) process.getBuiltinModule?.(name); // Node before 20.16 does not have it
  Buffer.poolSize = Math.min(Buffer.poolSize, 8 * KIB);
}

/**
 * V8 flags for `watch`. A sidecar runs for months and computes for milliseconds, so memory matters more than speed: functions are interpreted.
 * (Since Node 24 two compilers optimise, and --no-opt stops only one.) Bytecode that was not run between two full collections is dropped, which
 * is made again in a fraction of a millisecond: most of it is needed at the start only. The young generation stays at its initial size, 1 MiB
 * a half, instead of growing to 16. Its maximum is fixed before a program runs (--max-semi-space-size has no effect here), but its growth can
 * be disabled at any time. A full collection moves the live objects together. Measured in docs/notes/footprint.md.
 */
export function applyLowMemoryFlags(): void {
  for (const flag of [
    '--optimize-for-size',
    '--semi-space-growth-factor=1',
    '--no-opt',
    '--no-maglev',
    '--no-sparkplug',
    '--no-wasm-tier-up',
    ...COLLECTION_FLAGS,
  ])
    setFlagsFromString(flag);
}

/**
 * V8 flags for `analyze`. Evaluating one file takes less time than optimising its functions, which would be a third of all CPU. The optimising
 * compiler starts fifteen times later than it would: only if there are many files, or for the longest loops. V8 before 12 (Node 20) counts the bytes
 * of bytecode that were run, newer ones the calls, and a flag that a V8 does not know prints an error. The young generation does not grow: the
 * objects of a file stay alive, so growth would only touch more memory.
 */
export function applyShortRunFlags(): void {
  const later =
    Number.parseInt(process.versions.v8, 10) < 12 ? '--interrupt-budget=1000000' : '--invocation-count-for-turbofan=44400';
  for (const flag of [later, '--semi-space-growth-factor=1']) setFlagsFromString(flag);
}

/**
 * V8 flags for `fleet`, whose functions run long enough to be optimised. The young generation does not grow, since each thread has one. V8 of
 * Node 20 and 22 sets the factor of all threads to 2 whenever a thread begins (`Heap::ConfigureHeap`), so each thread sets it again.
 */
export function applyLongRunFlags(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}
