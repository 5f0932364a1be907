// Which test files run side by side. Most of what the tests with real kernels, JVMs and pods do is wait: for a boot, a start, the next
// sample. So several run at once, and what would spoil a neighbour's answer, or its own beside one, has the machine to itself.
import { join } from 'node:path';

const under = (...parts) => {
  const paths = parts.map((part) => join('test', part));
  return (file) => paths.some((path) => file.startsWith(path));
};

/** Those that run what scripts/build.mjs builds. */
export const needsBundle = under('e2e', 'uml', 'pod', 'golden', 'attacks', 'faults');

/** At the end, one by one, with nothing beside them. */
const alone = under(
  // They watch the cgroup that all tests run in: its biggest process is the target, and must be none of another test.
  'e2e/page.test.ts',
  'e2e/history/fill',
  // Its programs grow by the clock as soon as they are ready: what a late look misses is missing from the sum.
  'e2e/jvm/anon-parts',
  // An end within a second is a contract with the kubelet, whatever else a busy machine is for.
  'e2e/story-rim',
  'pod/sigterm',
);

/** A file goes to the first lane that takes it. */
const LANES = [
  // Each needs most of a core to keep up with its clock, and pods have one store of images and containers: what one file builds, the next
  // one finds.
  { takes: under('pod', 'uml'), atOnce: 1 },
  // A cgroup, a folder, a browser: each test has its own, and ports are free ones.
  { takes: () => true, atOnce: 2 },
];

/** These take a minute or so each: they come first in their lane, so that none is left over at the end. */
const longest = under('e2e/history/day', 'e2e/history/kill', 'e2e/page-states', 'corpus/kernel');

/** Rounds of lanes; the lanes of a round run side by side, the files of a lane in this order. */
export function rounds(files) {
  const sorted = [...files].sort();
  const ordered = [...sorted.filter(longest), ...sorted.filter((file) => !longest(file))];
  const together = ordered.filter((file) => !alone(file));
  const lanes = LANES.map(({ takes, atOnce }, i) => ({
    files: together.filter((file) => takes(file) && !LANES.slice(0, i).some((before) => before.takes(file))),
    atOnce,
  }));
  return [lanes, [{ files: ordered.filter(alone), atOnce: 1 }]].map((round) => round.filter((lane) => lane.files.length > 0));
}
