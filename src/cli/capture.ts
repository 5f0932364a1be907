import { setTimeout as pause } from 'node:timers/promises';
import { CAPTURE } from '../config/commands/capture.ts';
import type { OptionsOf } from '../config/option-table.ts';
import { safeName } from '../format.ts';
import type { RecordedFile } from '../inputs/recording.ts';
import { openCgroup } from '../sources/cgroup/cgroup.ts';
import { PageCacheScanner } from '../sources/files/page-cache-scanner.ts';
import { residencyText } from '../sources/files/residency-text.ts';
import { openHsperfdata } from '../sources/jvm/hsperfdata.ts';
import { openProcess } from '../sources/process/process.ts';
import { pidsOf } from '../sources/target/container-pids.ts';
import { findTargets } from '../sources/target/target-search.ts';
import type { FileReading, Roots, Target } from '../sources/types.ts';
import { SECOND_MS } from '../units.ts';
import { printError, printJson, rootsOf, searchOptionsOf, withOptions } from './command.ts';
import { redactHsperfdata, redactPath } from './redaction.ts';

/** Files in each line. */
const MAX_FILES = 200;

/** `memhound capture`: records the raw files as JSON lines, for fixtures and bug reports. `memhound analyze` reads them. */
export const capture = (argv: string[]): Promise<number> => withOptions(CAPTURE, argv, run);

async function run(options: OptionsOf<typeof CAPTURE>): Promise<number> {
  const roots = rootsOf(options);
  const found = await findTargets(searchOptionsOf(options));
  if (found.state !== 'found') {
    printError(`memhound capture: ${found.reason}${found.remediation === null ? '' : `\n${found.remediation}`}`);
    return found.state === 'no-target' ? 1 : found.exit;
  }
  const { chosen } = found;
  printError(
    `memhound capture: recording ${chosen.cgroup.path} every ${options.every} s for ${options.for} s${options.withPaths ? '' : '; paths and command lines are redacted (--with-paths keeps them)'}`,
  );
  await record(chosen, roots, options);
  return 0;
}

async function record(target: Target, roots: Roots, options: OptionsOf<typeof CAPTURE>): Promise<void> {
  const group = openCgroup(target.cgroup);
  const { process: subject } = target;
  const jvm = subject === null || target.jvm === null ? null : openHsperfdata({ roots, process: subject });
  const procfs = subject === null ? null : openProcess({ roots, process: subject });
  const watcher = subject === null ? null : new PageCacheScanner({ roots, process: subject, pids: () => pidsOf(roots, target) });
  const startedMs = Date.now();
  try {
    for (let n = 0; ; n++) {
      const nowMs = Date.now();
      const line: Record<string, unknown> = { t: Math.round(nowMs - startedMs) / SECOND_MS, files: group.rawFiles() };
      if (n === 0)
        line.meta = {
          started: new Date(startedMs).toISOString(),
          cgroup: `v${target.cgroup.version}`,
          everySeconds: options.every,
          redacted: !options.withPaths,
        };
      if (jvm !== null && procfs !== null && subject !== null) {
        const bytes = jvm.rawBytes();
        line.jvm = {
          pid: subject.pid,
          hsperfdata: bytes === null ? null : (options.withPaths ? bytes : redactHsperfdata(bytes)).toString('base64'),
          status: procfs.rawStatus(),
        };
      }
      if (watcher !== null)
        line.openFiles = (await watcher.scan(nowMs)).slice(0, MAX_FILES).map((f) => recorded(f, options.withPaths));
      printJson(line);
      const dueMs = startedMs + (n + 1) * options.every * SECOND_MS;
      if (dueMs > startedMs + options.for * SECOND_MS) return;
      await pause(Math.max(0, dueMs - Date.now()));
    }
  } finally {
    group.close();
    procfs?.close();
    jvm?.close();
    watcher?.close();
  }
}

const recorded = (f: FileReading, withPaths: boolean): RecordedFile => ({
  kind: f.kind,
  files: f.files,
  path: f.kind === 'unqueried' ? '' : withPaths ? safeName(f.path, 4096) : redactPath(f.path),
  sizeBytes: f.sizeBytes,
  residentBytes: f.residentBytes,
  allocatedBytes: f.allocatedBytes,
  openBy: f.openBy,
  deleted: f.deleted,
  method: residencyText(f.residency),
  fileSystem: f.fileSystem,
});
