// The Node lines that `npm run test:nodes` runs the tests with, and the one that the image ships. docs/support.md lists them for users.

export const TESTED_LINES = [20, 22, 24, 26];

/** The default base of the Dockerfile. */
export const IMAGE_LINE = 24;

/** The Node version that the bundle is built for. */
export const OLDEST_LINE = Math.min(...TESTED_LINES);

/** The line of a version: 'v24.21.0' is of line 24. */
export const lineOf = (version) => Number(/^v?(\d+)\./.exec(version)?.[1]);
