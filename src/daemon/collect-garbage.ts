import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * A full collection of this thread's garbage, which V8 gives a program only by its flag. A regular one keeps the pages that it empties for later:
 * where it moves the live objects together (`--compact-on-every-full-gc`), on Node 24 a heap's size for minutes. A last resort takes
 * some 30 ms instead of 12, and returns them to the kernel.
 */
export function garbageCollection(flavor: 'regular' | 'last-resort'): () => void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (how?: object) => void;
  return flavor === 'last-resort' && HAS_FLAVORS ? () => collect({ type: 'major', execution: 'sync', flavor }) : () => collect();
}

/** V8 before 12 (Node 20) takes any argument for the wish to collect the young generation alone. It returns the pages of a regular one soon. */
const HAS_FLAVORS = Number.parseInt(process.versions.v8, 10) >= 12;
