import type { Mapping } from '../../sources/mappings/smaps-format.ts';

/** The allocator that serves malloc in a process. */
export type Allocator = 'glibc' | 'jemalloc' | 'tcmalloc' | 'mimalloc' | 'musl';

/** Libraries that replace malloc come before the C library, which is mapped too. */
const LIBRARIES: readonly (readonly [Allocator, RegExp])[] = [
  ['jemalloc', /\/libjemalloc[^/]*\.so/],
  ['tcmalloc', /\/libtcmalloc[^/]*\.so/],
  ['mimalloc', /\/libmimalloc[^/]*\.so/],
  // Alpine's name, and Debian's, where the loader is a link to the library.
  ['musl', /\/(?:ld-musl-|libc\.musl-)[^/]*\.so|-linux-musl\/libc\.so$/],
  ['glibc', /\/libc(?:-[\d.]+)?\.so/],
];

/** The allocator by the libraries that a process maps; null: it is linked statically or is not known. */
export function allocatorOf(mappings: readonly Pick<Mapping, 'path'>[]): Allocator | null {
  const paths = new Set(mappings.map(({ path }) => path));
  return LIBRARIES.find(([, pattern]) => [...paths].some((path) => pattern.test(path)))?.[0] ?? null;
}
