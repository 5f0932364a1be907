/** V8's flags for the collections of `watch`: cli/v8-flags.ts says why. */
export const COLLECTION_FLAGS = ['--bytecode-old-age=2', '--compact-on-every-full-gc'] as const;
