// The cost of memhound and of comparable programs, in one run on this machine: npm run bench
//   --seconds N    window that is measured (240), after --warm-up N (75)    --every N   seconds a tick or scrape (10)
//                  memhound trims its memory a minute after its start and each four minutes from then on: the default window is one whole period,
//                  so that a trim counts for the ticks that it serves. A shorter one holds a trim for fewer ticks, or none.
//   --history N    days of history that memhound starts with (14; 0: none)  --jvms N    containers that are watched (3)
//   --only A,B     rows whose name contains one of these                    --no-page   no browser reads
//   --lines 24,20  Node lines with a row of memhound each; the first (the image's) runs the plain stack as well
//   --dist A,B     folders of builds with a row of memhound each (dist)
//   --install      missing Debian packages are installed first              --json FILE file for the figures (out/footprint.json)
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { arch, cpus, release, tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { fetchNode } from '../../scripts/fetch-node.mjs';
import { IMAGE_LINE, OLDEST_LINE } from '../../scripts/node-lines.mjs';
import { V1_FILES } from '../../src/sources/cgroup/cgroup-v1.ts';
import { V2_FILES } from '../../src/sources/cgroup/cgroup-v2.ts';
import { makeCgroup } from '../../test/support/cgroup.ts';
import { startJava } from '../../test/support/java.ts';
import { ratios, table } from './footprint-table.ts';
import { measurePrograms } from './measure.ts';
import { memhound, plainStack, readsAlone } from './node-programs.ts';
import { netdata, prometheus } from './other-programs.ts';
import type { Program } from './program.ts';
import { makeProgramCgroup, type ProgramCgroup } from './program-cgroup.ts';
import { trimsInWindow } from './trims-in-window.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '240' },
    'warm-up': { type: 'string', default: '75' },
    every: { type: 'string', default: '10' },
    history: { type: 'string', default: '14' },
    jvms: { type: 'string', default: '3' },
    only: { type: 'string', default: '' },
    lines: { type: 'string', default: `${IMAGE_LINE},${OLDEST_LINE}` },
    dist: { type: 'string', default: 'dist' },
    'no-page': { type: 'boolean', default: false },
    install: { type: 'boolean', default: false },
    json: { type: 'string', default: 'out/footprint.json' },
  },
});
const number = (name: 'seconds' | 'warm-up' | 'every' | 'history' | 'jvms'): number => {
  const n = Number(values[name]);
  if (!Number.isFinite(n) || n < 0) throw new RangeError(`--${name}: expected a number from 0 on, found ${values[name]}`);
  return n;
};
const everySeconds = number('every');

// memhound watches all JVMs in sight, as in a pod. So the bench has a pid namespace to itself, like a pod.
const IN_NAMESPACE = 'MEMHOUND_BENCH_IN_NAMESPACE';
if (process.env[IN_NAMESPACE] === undefined) {
  const isolate = [
    '--pid',
    '--fork',
    '--kill-child',
    '--mount-proc',
    process.execPath,
    ...process.execArgv,
    ...process.argv.slice(1),
  ];
  const { status, error } = spawnSync('unshare', isolate, { stdio: 'inherit', env: { ...process.env, [IN_NAMESPACE]: '1' } });
  if (error !== undefined) throw new Error(`unshare: ${error.message}; the bench needs a pid namespace to itself`);
  process.exit(status ?? 1);
}
if (values.install) execFileSync(process.execPath, ['scripts/setup.mjs', '--bench'], { stdio: 'inherit' });
const wanted = values.only.split(',').filter((name) => name !== '');
const nodes = await Promise.all(
  values.lines.split(',').map(async (line) => {
    const node = await fetchNode(Number(line));
    if (node.state === 'missing') throw new Error(`Node ${line}: ${node.reason}`);
    return { bin: String(node.bin), version: String(node.version) };
  }),
);
const [first] = nodes;
if (first === undefined) throw new RangeError('--lines: expected Node lines such as 24,20');
const dists = values.dist.split(',');
const programs: Program[] = [
  ...nodes.flatMap(({ bin, version }) =>
    dists.map((dist) =>
      memhound(`memhound${dists.length > 1 ? ` of ${dist}` : ''}, Node ${version.slice(1)}`, join(bin, 'node'), dist),
    ),
  ),
  plainStack(`plain stack, Node ${first.version.slice(1)}`, join(first.bin, 'node')),
  readsAlone(`reads alone, Node ${first.version.slice(1)}`, join(first.bin, 'node')),
  prometheus,
  netdata,
].filter((p) => wanted.length === 0 || wanted.some((w) => p.name.toLowerCase().includes(w.toLowerCase())));

const MAIN_CLASS = 'SpringLog';
const dir = mkdtempSync(join(tmpdir(), 'memhound-footprint-'));
const group = (): ProgramCgroup | null => {
  try {
    return makeProgramCgroup();
  } catch (error) {
    console.error((error as Error).message); // continue without history: the row says so
    return null;
  }
};
// As in a pod, no program keeps its data in a folder of the JVMs: memhound would follow its own files there, which change at each tick.
const logs = join(dir, 'logs');
mkdirSync(logs);
const pods = Array.from({ length: number('jvms') }, () => makeCgroup(256 << 20));
const jvms = await Promise.all(
  pods.map(async (pod, i) => {
    const java = await startJava(`demo/${MAIN_CLASS}.java`, [join(logs, `app-${i}.log`), '0.02', '100'], { cgroup: pod });
    await java.line((line) => line.startsWith('logging'));
    return java;
  }),
);
const filesOfTick = jvms.flatMap((java, i) => {
  const { pid } = java;
  const ofGroup = [...new Set([...V1_FILES, ...V2_FILES, 'cgroup.procs'])].map((file) => join(pods[i]!.dir, file));
  const ofProcess = [
    `/proc/${pid}/status`,
    `/proc/${pid}/stat`,
    join(tmpdir(), `hsperfdata_${userInfo().username}`, String(pid)),
  ];
  return [...ofGroup, ...ofProcess].filter((file) => existsSync(file));
});
try {
  console.log(
    `${programs.length} programs side by side, ${jvms.length} JVMs, one tick or scrape each ${everySeconds} s (Netdata: 1 s), ${values['warm-up']} s to settle, ${values.seconds} s watched`,
  );
  console.log(trimsInWindow(number('warm-up'), number('seconds'), everySeconds));
  const rows = await measurePrograms(
    programs,
    (program) => {
      const own = join(dir, program.name.replace(/\W+/g, '-'));
      mkdirSync(own);
      return {
        everySeconds,
        dir: own,
        group: group(),
        roots: [],
        memoryStat: join(pods[0]!.dir, 'memory.stat'),
        filesOfTick,
        historyDays: number('history'),
        jvms: { count: jvms.length, mainClass: MAIN_CLASS },
        page: !values['no-page'],
      };
    },
    { warmUpSeconds: number('warm-up'), seconds: number('seconds') },
  );
  console.log(`\n${table(rows, everySeconds)}\n\n${ratios(rows)}`);
  const machine = { node: process.version, kernel: release(), arch: arch(), cpu: cpus()[0]?.model ?? null, cpus: cpus().length };
  mkdirSync(dirname(values.json), { recursive: true });
  writeFileSync(values.json, `${JSON.stringify({ at: new Date().toISOString(), machine, settings: values, rows }, null, 2)}\n`);
  console.log(`\nfigures: ${values.json}`);
} finally {
  for (const java of jvms) await java.stop();
  for (const pod of pods) await pod.remove();
  rmSync(dir, { recursive: true, force: true });
}
