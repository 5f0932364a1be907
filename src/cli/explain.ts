import type { Options } from '../config/options.ts';
import { HeapHistograms, histogramText, takeTwoHistograms } from '../daemon/histograms.ts';
import { MappingsReader } from '../daemon/mappings-reader.ts';
import { takeSnapshot } from '../daemon/target-snapshot.ts';
import { targetInfo } from '../daemon/watched-container.ts';
import { buildLedger } from '../diagnosis/ledger/ledger.ts';
import { toolViews } from '../diagnosis/tool-views.ts';
import { bytesText } from '../format.ts';
import { otherProcesses } from '../sources/process/other-processes.ts';
import { onlineCpus } from '../sources/process/procfs.ts';
import { findTargets, pidsOf } from '../sources/target/target-search.ts';
import type { JvmReading } from '../sources/types.ts';
import { rootsOf, searchOptionsOf, withOptions } from './command.ts';
import { filesText, ledgerText, viewsText } from './ledger-text.ts';

/** `memhound explain`: one shot, where is the memory now. */
export const explain = (argv: string[]): Promise<number> => withOptions('explain', argv, run);

async function run(options: Options<'explain'>): Promise<number> {
  const roots = rootsOf(options);
  const found = await findTargets(searchOptionsOf(options));
  if (found.state !== 'found') {
    if (options.json)
      console.log(JSON.stringify({ error: { code: found.state, message: found.reason, remediation: found.remediation } }));
    console.error(`memhound explain: ${found.reason}${found.remediation === null ? '' : `\n${found.remediation}`}`);
    return found.state === 'no-target' ? 1 : found.exit;
  }
  const { chosen, notes } = found;
  const nowMs = Date.now();
  const snapshot = await takeSnapshot(chosen, roots, () => pidsOf(roots, chosen), nowMs);
  const { tick } = snapshot;
  if (tick.cgroup.state !== 'read') {
    console.error(`memhound explain: ${tick.cgroup.state === 'absent' ? tick.cgroup.reason : tick.cgroup.error}`);
    return 1;
  }
  const jvm = tick.jvm.state === 'read' ? tick.jvm.value : null;
  const subject = chosen.jvm === null ? null : chosen.process;
  const mappings = subject === null ? null : new MappingsReader(roots, subject, options.attach || options.histogram);
  const book = buildLedger({
    atMs: nowMs,
    version: tick.cgroup.value.version,
    values: tick.cgroup.value.values,
    limitBytes: tick.sample.limitBytes,
    cpusOnline: onlineCpus(roots.proc),
    jvm,
    files: snapshot.files,
    mappings: (await mappings?.get(nowMs, 'demand', jvm)) ?? null,
    others: otherProcesses(roots.proc, pidsOf(roots, chosen), subject?.pid ?? null),
  });
  const taken = options.histogram ? await takeTwoHistograms(subject === null ? null : new HeapHistograms(roots, subject)) : null;
  const shown = toolViews(tick.cgroup.value.values, tick.cgroup.value.version, tick.rssBytes);
  const target = targetInfo(chosen, tick);
  if (options.json) {
    console.log(
      JSON.stringify({
        target,
        ledger: book,
        views: shown,
        files: snapshot.rows,
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
      ...ledgerText(book),
      '',
      ...filesText(snapshot.rows),
      '',
      ...jvmText(jvm, tick.jvm),
      '',
      ...viewsText(shown),
      ...(mappings?.attachError == null ? [] : ['', `The JVM was not asked: ${mappings.attachError}`]),
      ...(taken === null ? [] : ['', ...histogramText(taken)]),
    ].join('\n'),
  );
  return taken?.state === 'failed' ? 1 : 0;
}

function jvmText(
  jvm: JvmReading | null,
  reading: { readonly state: string; readonly why?: string; readonly error?: string },
): string[] {
  if (jvm === null) return [`JVM: ${reading.why ?? reading.error ?? 'nothing known'}`];
  const max = typeof jvm.heapMax === 'number' ? ` of ${bytesText(jvm.heapMax)}` : '';
  const generations = jvm.generations.map(
    (g) =>
      `  ${g.name}: ${g.spaces.map((s) => `${s.name} ${bytesText(s.usedBytes)}`).join(', ')} (capacity ${bytesText(g.capacityBytes)})`,
  );
  const meta = jvm.metaspace === null ? '' : `, metaspace ${bytesText(jvm.metaspace.used.value)}`;
  return [
    `JVM ${jvm.version ?? ''} ${jvm.collector ?? ''}: heap ${bytesText(jvm.heapUsed.value)} used${max}, ${bytesText(jvm.heapCommitted.value)} committed${meta}`,
    ...generations,
  ];
}
