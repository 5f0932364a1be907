/** Frees a buffer at once. Its arrays are then empty. Node 20 cannot, and frees it with the next collection. */
export function freeBuffer(buffer: ArrayBufferLike): void {
  (buffer as { transfer?: (bytes: number) => unknown }).transfer?.(0);
}
