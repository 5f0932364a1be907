// Makes examples/missing-800mb.json: the week of the story, rebuilt from the published figures.
// Source: "missing 800mb", luavis.github.io, 2020-12-22 (JDK 8, cgroup v1, a node of 64 GB):
//   - New Relic climbs from 600 MB to 1.4 GB in 7 days, dead straight: 4.76 MB an hour; it shows raw cgroup usage
//   - memory.stat at the end: cache 822972416, rss 652750848, shmem 0, mapped_file 86016
//   - k9s shows 635 MiB, flat all week: the working set, usage less inactive_file
//   - /proc/1/fd/27 is /tmp/spring.log, write-only; du says 794M in /tmp, 32K of it hsperfdata
// Not published, and so chosen here: a limit of 2 GiB, a disk that has 12 more days of room, the small noise (from a fixed seed), and how
// the 13 MB between rss and the working set divide into kernel memory and active file pages.
import { writeFileSync } from 'node:fs';

const PAGE = 4096;
const STEP = 600; // seconds
const POINTS = (7 * 86400) / STEP + 1;
const END = Date.UTC(2020, 11, 21, 6) / 1000;
const HOURLY = 4.76e6;
const CACHE = 822_972_416;
const RSS = 652_750_848;
const MAPPED = 86_016;
const WORKING_SET = 635 * 1024 * 1024;
const LOG = 794 * 1024 * 1024 - 32 * 1024;
const ACTIVE_FILE = 512_000;
/** Page cache that is not the log: mapped files, and a little that was read. */
const OTHER_FILE = 1_024_000;

/** Mulberry32: the same numbers on every machine. */
function random(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let x = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}
const next = random(800);
const gauss = () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
const pages = (bytes) => Math.round(bytes / PAGE) * PAGE;

/** AR(1) noise of `sd` bytes that is 0 at the end, the time of the published figures. */
function wander(sd, memory) {
  const noise = [0];
  while (noise.length < POINTS) noise.push(memory * noise.at(-1) + sd * Math.sqrt(1 - memory * memory) * gauss());
  return noise.reverse();
}

const t = Array.from({ length: POINTS }, (_, i) => END - (POINTS - 1 - i) * STEP);
const perStep = (HOURLY * STEP) / 3600;
const uneven = wander(120_000, 0.8); // requests come unevenly, but a log never shrinks
const size = t.map((_, i) => Math.round(LOG - (POINTS - 1 - i) * perStep + uneven[i]));
for (let i = POINTS - 2; i >= 0; i--) size[i] = Math.min(size[i], size[i + 1]);
const resident = size.map((bytes) => pages(bytes - LOG + CACHE - OTHER_FILE));
const file = resident.map((bytes) => bytes + OTHER_FILE);
const anon = wander(600_000, 0.9).map((noise) => pages(RSS + noise));
const kernel = wander(80_000, 0.9).map((noise) => pages(WORKING_SET - RSS - ACTIVE_FILE + noise));
const inactive = file.map((bytes) => bytes - ACTIVE_FILE);
const usage = file.map((bytes, i) => bytes + anon[i] + kernel[i]);

const example = {
  interval_s: STEP,
  limit_bytes: 2 * 1024 ** 3,
  t,
  fields: {
    usage,
    working_set: usage.map((bytes, i) => bytes - inactive[i]),
    anon,
    file,
    inactive_file: inactive,
    shmem: t.map(() => 0),
    file_mapped: t.map(() => MAPPED),
  },
  files: [
    {
      path: '/tmp/spring.log',
      open_by: [{ pid: 1, fd: 27, mode: 'w' }],
      deleted: false,
      method: 'fincore',
      size,
      resident,
      disk_free_bytes: Math.round(12 * 24 * HOURLY),
    },
  ],
};
writeFileSync('examples/missing-800mb.json', `${JSON.stringify(example)}\n`);
