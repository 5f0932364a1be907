const asked = new Set<string>();

/** Records that a test file has requested these. */
export const noteAsked = (needs: readonly string[]): void => {
  for (const need of needs) asked.add(need);
};

/**
 * Fails if a test file uses what it has not requested: on a machine without it, the test would fail instead of being skipped. Benches
 * and demos, which run outside of node:test, may use anything.
 */
export function assertAsked(need: string): void {
  if (process.env.NODE_TEST_CONTEXT !== undefined && !asked.has(need))
    throw new Error(`this test file uses ${need} and never asks for it: give its tests { skip: missingRequirements('${need}') }`);
}
