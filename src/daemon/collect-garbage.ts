import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { COLLECTION_FLAGS } from './collection-flags.ts';

/**
 * A full collection of this thread's garbage, which V8 gives a program only by its flag. A regular one keeps the pages that it empties for later:
 * where it moves the live objects together (`--compact-on-every-full-gc`), on Node 24 a heap's size for minutes. A last resort takes
 * some 30 ms instead of 12, and returns them to the kernel. The function holds a context of its own, 0.16 MiB: forget it where it is called rarely.
 */
export function garbageCollection(flavor: 'regular' | 'last-resort'): () => void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (how?: object) => void;
  return flavor === 'last-resort' && HAS_FLAVORS ? () => collect({ type: 'major', execution: 'sync', flavor }) : () => collect();
}

/** V8's own. */
const GENTLE_FLAGS = ['--bytecode-old-age=6', '--no-compact-on-every-full-gc'] as const;

/**
 * A collection of last resort that leaves code which was run lately, and moves live objects only from pages that are mostly free. It is two passes,
 * one right after the other: with the flags of `watch` the second would take all code for old, and each would move everything.
 */
export function gentleCollection(): () => void {
  const collect = garbageCollection('last-resort');
  if (!HAS_FLAVORS) return collect; // it is one pass
  return () => {
    for (const flag of GENTLE_FLAGS) setFlagsFromString(flag);
    collect();
    for (const flag of COLLECTION_FLAGS) setFlagsFromString(flag);
  };
}

/**
 * Runs `work`, which must be short, and lets no full collection begin meanwhile. V8 counts the memory of arrays to its heap. An evaluation decodes
 * megabytes of columns and frees them at its end, so that nearly each one began a collection, which found little.
 */
export function beginningNoCollection<T>(work: () => T): T {
  setFlagsFromString('--no-incremental-marking');
  try {
    return work();
  } finally {
    setFlagsFromString('--incremental-marking');
  }
}

/** V8 before 12 (Node 20) takes any argument for the wish to collect the young generation alone. It returns the pages of a regular one soon. */
const HAS_FLAVORS = Number.parseInt(process.versions.v8, 10) >= 12;
