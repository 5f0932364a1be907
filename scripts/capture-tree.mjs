// Captures the files that memhound reads of one process: node scripts/capture-tree.mjs PID OUT [AS]. The real program runs on the copy with
// --proc-root OUT/proc --cgroup-root OUT/sys/fs/cgroup. Texts that may name this machine are blanked in hsperfdata and cmdline, and the
// group is given the path AS.
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';

const [pid, out, as] = process.argv.slice(2);
if (!/^\d+$/.test(pid ?? '') || !out) {
  console.error('usage: capture-tree.mjs PID OUT [AS]');
  process.exit(2);
}
const code = join(tmpdir(), `memhound-capture-${process.pid}.mjs`);
await build({
  stdin: {
    contents: `export { redactHsperfdata } from './src/cli/redaction.ts';
      export { V1_FILES } from './src/sources/cgroup/cgroup-v1.ts';
      export { V2_FILES } from './src/sources/cgroup/cgroup-v2.ts';`,
    resolveDir: process.cwd(),
  },
  bundle: true,
  platform: 'node',
  format: 'esm',
  outfile: code,
  logLevel: 'error',
});
const { redactHsperfdata, V1_FILES, V2_FILES } = await import(code);
rmSync(code);

/** What memhound reads of a cgroup: a new field needs no change here. */
const READ = new Set(['cgroup.procs', ...V1_FILES, ...V2_FILES]);
/** Files of /proc/PID that are copied as they are; those that may name a machine are cut below. */
const OF_PROCESS = ['status', 'stat'];
rmSync(out, { recursive: true, force: true });
const put = (path, contents) => {
  mkdirSync(dirname(join(out, path)), { recursive: true });
  writeFileSync(join(out, path), contents);
};
const proc = (name) => readFileSync(`/proc/${pid}/${name}`);
const cgroup = proc('cgroup').toString();
const v1 = /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(.*)$/m.exec(cgroup)?.[1];
const path = v1 ?? /^0::(.*)$/m.exec(cgroup)[1];
const renamed = (text) => (as === undefined || path === '/' ? text : text.replaceAll(path, as));
for (const name of OF_PROCESS) put(`proc/${pid}/${name}`, proc(name));
put(
  `proc/${pid}/cmdline`,
  proc('cmdline')
    .toString()
    .replace(/[^\0]*\/[^\0]*/g, '…'),
);
put(
  `proc/${pid}/cgroup`,
  renamed(
    cgroup
      .split('\n')
      .filter((l) => l.startsWith('0::') || l.includes('memory'))
      .join('\n'),
  ),
);
const mountinfo = proc('mountinfo')
  .toString()
  .split('\n')
  .filter((l) => / - cgroup2? /.test(l));
put(`proc/${pid}/mountinfo`, renamed(`${mountinfo.join('\n')}\n`));
put(
  'proc/stat',
  `${readFileSync('/proc/stat', 'latin1')
    .split('\n')
    .filter((l) => l.startsWith('cpu'))
    .join('\n')}\n`,
);
put('proc/self', '');
mkdirSync(join(out, `proc/${pid}/fd`), { recursive: true });
mkdirSync(join(out, `proc/${pid}/ns`), { recursive: true });
symlinkSync(readlinkSync(`/proc/${pid}/ns/mnt`), join(out, `proc/${pid}/ns/mnt`));

for (const line of mountinfo) {
  const [left, right] = line.split(' - ');
  const [, , , root, mountPoint] = left.split(' ');
  if (v1 === undefined ? !right.startsWith('cgroup2') : !right.split(' ')[2].split(',').includes('memory')) continue;
  if (path !== root && root !== '/' && !path.startsWith(`${root}/`)) continue;
  const below = path === root ? '' : root === '/' ? path : path.slice(root.length);
  const dir = join(`/proc/${pid}/root`, mountPoint, below);
  for (const name of readdirSync(dir).filter((n) => READ.has(n))) {
    try {
      put(renamed(join(`proc/${pid}/root`, mountPoint, below, name)), readFileSync(join(dir, name)));
    } catch (error) {
      if (!['EINVAL', 'EACCES', 'EOPNOTSUPP', 'EIO'].includes(error.code)) throw error; // write-only files, and PSI switched off
    }
  }
}
for (const folder of readdirSync(`/proc/${pid}/root/tmp`).filter((n) => n.startsWith('hsperfdata_'))) {
  const nspid = /^NSpid:.*?(\d+)$/m.exec(proc('status').toString())[1];
  const file = join(`/proc/${pid}/root/tmp`, folder, nspid);
  if (!existsSync(file)) continue;
  const bytes = readFileSync(file);
  const redacted = Buffer.concat([redactHsperfdata(bytes.subarray(0, bytes.readInt32LE(8))), Buffer.alloc(64)]);
  put(`proc/${pid}/root/tmp/hsperfdata_app/${nspid}`, redacted);
}
mkdirSync(join(out, 'sys/fs/cgroup'), { recursive: true });
put('sys/fs/cgroup/.keep', '');
