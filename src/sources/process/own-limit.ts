import self from 'node:process';

/** The memory limit of memhound itself, in bytes; infinite: there is none. */
export function ownLimit(): number {
  const bytes = self.constrainedMemory() ?? 0;
  return bytes > 0 ? bytes : Number.POSITIVE_INFINITY;
}
