/** Runs all, at most so many at once. The results are in the order of the items. */
export async function atOnce<T, R>(items: readonly T[], most: number, runOne: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const entries = items.entries();
  const worker = async (): Promise<void> => {
    for (const [n, item] of entries) results[n] = await runOne(item);
  };
  await Promise.all(Array.from({ length: most }, worker));
  return results;
}

/** Each of them so many times, the whole list again and again. */
export const repeated = <T>(items: readonly T[], times: number): T[] => Array.from({ length: times }, () => items).flat();
