import type { Options } from '../config/options.ts';
import { Histograms, sayHistogram, twoTakes } from '../daemon/histograms.ts';
import { MappingsReader } from '../daemon/mappings-reader.ts';
import { lookOnce } from '../daemon/target-snapshot.ts';
import { targetInfo } from '../daemon/watched-container.ts';
import { ledger } from '../diagnosis/ledger/ledger.ts';
import { views } from '../diagnosis/tool-views.ts';
import { level } from '../format.ts';
import { otherProcesses } from '../sources/process/other-processes.ts';
import { onlineCpus } from '../sources/process/procfs.ts';
import { findTargets, pidsOf } from '../sources/target/target-search.ts';
import type { JvmReading } from '../sources/types.ts';
import { rootsOf, withOptions } from './command.ts';
import { sayFiles, sayLedger, sayViews } from './ledger-text.ts';

/** `memhound explain`: one shot, where is the memory now. */
export const explain = (argv: string[]): Promise<number> => withOptions('explain', argv, run);

async function run(options: Options<'explain'>): Promise<number> {
  const roots = rootsOf(options);
  const found = await findTargets({
    roots: roots,
    pid: options.pid,
    cgroupDir: options.cgroup,
    podUid: options.podUid,
    target: options.target,
    own: options.own,
    selfPid: process.pid,
  });
  if (found.state !== 'found') {
    if (options.json) console.log(JSON.stringify({ error: { code: found.state, message: found.reason, mend: found.mend } }));
    console.error(`memhound explain: ${found.reason}${found.mend === null ? '' : `\n${found.mend}`}`);
    return found.state === 'blind' ? 1 : found.exit;
  }
  const { chosen, notes } = found;
  const nowMs = Date.now();
  const look = await lookOnce(chosen, roots, () => pidsOf(roots, chosen), nowMs);
  const { tick } = look;
  if (tick.cgroup.state !== 'read') {
    console.error(`memhound explain: ${tick.cgroup.state === 'absent' ? tick.cgroup.why : tick.cgroup.error}`);
    return 1;
  }
  const jvm = tick.jvm.state === 'read' ? tick.jvm.value : null;
  const subject = chosen.jvm === null ? null : chosen.process;
  const mappings = subject === null ? null : new MappingsReader(roots, subject, options.attach || options.histogram);
  const book = ledger({
    atMs: nowMs,
    version: tick.cgroup.value.version,
    values: tick.cgroup.value.values,
    limitBytes: tick.sample.limitBytes,
    cpusOnline: onlineCpus(roots.proc),
    jvm,
    files: look.files,
    mappings: (await mappings?.get(nowMs, 'demand', jvm)) ?? null,
    others: otherProcesses(roots.proc, pidsOf(roots, chosen), subject?.pid ?? null),
  });
  const taken = options.histogram ? await twoTakes(subject === null ? null : new Histograms(roots, subject)) : null;
  const shown = views(tick.cgroup.value.values, tick.cgroup.value.version, tick.rssBytes);
  const target = targetInfo(chosen, tick);
  if (options.json) {
    console.log(
      JSON.stringify({
        target,
        ledger: book,
        views: shown,
        files: look.rows,
        jvm,
        ...(taken === null ? {} : { histogram: taken }),
      }),
    );
    if (taken?.state === 'failed') return 1;
    return 0;
  }
  const who = target.jvm !== null ? `JVM pid ${target.pid}` : `No JVM found; cgroup ${target.cgroup.path}`;
  console.log(
    [
      ...notes,
      `${who}, cgroup v${target.cgroup.version}, reached by ${target.reach}`,
      '',
      ...sayLedger(book),
      '',
      ...sayFiles(look.rows),
      '',
      ...sayJvm(jvm, tick.jvm),
      '',
      ...sayViews(shown),
      ...(mappings?.attachWhy == null ? [] : ['', `The JVM was not asked: ${mappings.attachWhy}`]),
      ...(taken === null ? [] : ['', ...sayHistogram(taken)]),
    ].join('\n'),
  );
  return taken?.state === 'failed' ? 1 : 0;
}

function sayJvm(
  jvm: JvmReading | null,
  reading: { readonly state: string; readonly why?: string; readonly error?: string },
): string[] {
  if (jvm === null) return [`JVM: ${reading.why ?? reading.error ?? 'nothing known'}`];
  const max = typeof jvm.heapMax === 'number' ? ` of ${level(jvm.heapMax)}` : '';
  const generations = jvm.generations.map(
    (g) =>
      `  ${g.name}: ${g.spaces.map((s) => `${s.name} ${level(s.usedBytes)}`).join(', ')} (capacity ${level(g.capacityBytes)})`,
  );
  const meta = jvm.metaspace === null ? '' : `, metaspace ${level(jvm.metaspace.used.value)}`;
  return [
    `JVM ${jvm.version ?? ''} ${jvm.collector ?? ''}: heap ${level(jvm.heapUsed.value)} used${max}, ${level(jvm.heapCommitted.value)} committed${meta}`,
    ...generations,
  ];
}
