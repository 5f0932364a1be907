const PRIMITIVES: Readonly<Record<string, string>> = {
  B: 'byte',
  C: 'char',
  D: 'double',
  F: 'float',
  I: 'int',
  J: 'long',
  S: 'short',
  Z: 'boolean',
};

/** A class as in source code: `[B` is `byte[]`, `[[Lcom.acme.Order;` is `com.acme.Order[][]`. Source: JVMS 4.3.2, field descriptors. */
export function plainClassName(name: string): string {
  const array = /^(\[+)(?:L(.+);|([BCDFIJSZ]))$/.exec(name);
  return array === null ? name : `${array[2] ?? PRIMITIVES[array[3]!]}${'[]'.repeat(array[1]!.length)}`;
}
