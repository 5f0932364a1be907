// Which test files run in parallel. Tests with real kernels, JVMs and pods mostly wait: for a boot, a start, the next
// sample. So several run at once. A test that would disturb others, or that others would disturb, runs alone.
import { join } from 'node:path';

const under = (...parts) => {
  const paths = parts.map((part) => join('test', part));
  return (file) => paths.some((path) => file.startsWith(path));
};

/** Test files that run the bundle of scripts/build.mjs. */
export const needsBundle = under('e2e', 'uml', 'pod', 'golden', 'attacks', 'faults');

/** Test files that run at the end, one by one and alone. */
const alone = under(
  // They watch the cgroup in which all tests run: its biggest process is the target and must not belong to another test.
  'e2e/page.test.ts',
  'e2e/history/fill',
  // Its programs grow by the clock as soon as they are ready. A late first scan would miss some of the growth.
  'e2e/jvm/anon-parts',
  // The exit within a second, which the kubelet relies on, must not be measured on a busy machine.
  'e2e/story-rim',
  'pod/sigterm',
);

/** They wait for a verdict four fifths of their time and more: beside them the cores are free for others. */
const waiting = under(
  'e2e/becomes-jvm.test.ts',
  'e2e/capture.test.ts',
  'e2e/fleet.test.ts',
  'e2e/history/restart.test.ts',
  'e2e/jvm/histogram.test.ts',
  'e2e/jvm/servers.test.ts',
  'e2e/oom-kill.test.ts',
  'e2e/story.test.ts',
  'e2e/story-leak.test.ts',
  'e2e/two-jvms-in-one-cgroup.test.ts',
  'faults/hang.test.ts',
);

/** A file goes to the first lane that accepts it. */
const LANES = [
  // Each needs most of a core to keep up with its clock. Pods share one store of images and containers: the next file
  // finds what the previous one built.
  { takes: under('pod', 'uml'), atOnce: 1 },
  { takes: waiting, atOnce: 1 },
  // A cgroup, a folder, a browser: each test has its own, and ports are free ones.
  { takes: () => true, atOnce: 2 },
];

/** These take about a minute each. They come first in their lane, so that none runs alone at the end. */
const longest = under(
  'attacks/connections',
  'e2e/history/day',
  'e2e/history/kill',
  'e2e/jvm/culprit',
  'e2e/jvm/servers',
  'e2e/page-states',
  'corpus/kernel',
);

/** Rounds of lanes. The lanes of a round run in parallel, the files of a lane in this order. */
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
