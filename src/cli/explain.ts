import { EXPLAIN } from '../config/commands/explain.ts';
import type { OptionsOf } from '../config/option-table.ts';
import { releaseText } from '../culprit/release-text.ts';
import { HeapHistograms, histogramText, takeTwoHistograms } from '../daemon/histograms.ts';
import { MappingsReader } from '../daemon/mappings-reader.ts';
import { targetInfo } from '../daemon/target-info.ts';
import { takeSnapshot } from '../daemon/target-snapshot.ts';
import { ledgerOf, readLedgerContext, viewsOf } from '../daemon/tick-answers.ts';
import { bytesText } from '../format.ts';
import { withDeletedMappings } from '../sources/files/deleted-mappings.ts';
import { releaseMemory } from '../sources/jvm/release-memory.ts';
import { pidsOf } from '../sources/target/container-pids.ts';
import { findTargets } from '../sources/target/target-search.ts';
import type { JvmReading, Reading } from '../sources/types.ts';
import { print, printError, printJson, rootsOf, searchOptionsOf, withOptions } from './command.ts';
import { explainVerdict } from './explain-verdict.ts';
import { filesText, ledgerText, viewsText } from './ledger-text.ts';

const NO_JVM = { state: 'absent', reason: 'there is no JVM in this container that could be asked' } as const;

/** `memhound explain`: a single answer to the question where the memory is now. */
export const explain = (argv: string[]): Promise<number> => withOptions(EXPLAIN, argv, run);

async function run(options: OptionsOf<typeof EXPLAIN>): Promise<number> {
  if (options.verdict || options.ended) return explainVerdict(options);
  const roots = rootsOf(options);
  const found = await findTargets(searchOptionsOf(options));
  if (found.state !== 'found') {
    if (options.json) printJson({ error: { code: found.state, message: found.reason, remediation: found.remediation } });
    printError(`memhound explain: ${found.reason}${found.remediation === null ? '' : `\n${found.remediation}`}`);
    return found.state === 'no-target' ? 1 : found.exit;
  }
  const { chosen, notes } = found;
  const nowMs = Date.now();
  const snapshot = await takeSnapshot(
    chosen,
    { roots, mayAttach: options.attach || options.histogram, pids: () => pidsOf(roots, chosen) },
    nowMs,
  );
  if (snapshot.state === 'unread') {
    printError(`memhound explain: ${snapshot.reason}`);
    return 1;
  }
  const { tick } = snapshot;
  const jvm = tick.jvm.state === 'read' ? tick.jvm.value : null;
  const subject = chosen.jvm === null ? null : chosen.process;
  const mappings =
    subject === null ? null : new MappingsReader(roots, subject, options.attach || options.histogram || options.release);
  const split = (await mappings?.get(nowMs, 'demand', jvm)) ?? null;
  const ledger = ledgerOf(tick, {
    namedFiles: [],
    files: withDeletedMappings(snapshot.files, mappings?.deletedFiles ?? []),
    mappings: split,
    ...readLedgerContext(roots, chosen, pidsOf(roots, chosen)),
  });
  const taken = options.histogram ? await takeTwoHistograms(subject === null ? null : new HeapHistograms(roots, subject)) : null;
  const released = options.release ? await (subject === null ? NO_JVM : releaseMemory({ roots, process: subject })) : null;
  const views = viewsOf(tick);
  const target = targetInfo(chosen, tick);
  const exitCode = taken?.state === 'failed' || (released !== null && released.state !== 'read') ? 1 : 0;
  if (options.json) {
    printJson({
      target,
      ledger,
      views,
      files: snapshot.rows,
      jvm,
      ...(taken === null ? {} : { histogram: taken }),
      ...(released === null ? {} : { released }),
    });
    return exitCode;
  }
  const who = target.jvm !== null ? `JVM pid ${target.pid}` : `No JVM found; cgroup ${target.cgroup.path}`;
  print(
    [
      ...notes,
      `${who}, cgroup v${target.cgroup.version}, reached by ${target.reach}`,
      '',
      ...ledgerText(ledger),
      '',
      ...filesText(snapshot.rows),
      '',
      ...jvmText(tick.jvm),
      '',
      ...viewsText(views),
      ...(mappings?.attachError == null ? [] : ['', `The JVM did not answer: ${mappings.attachError}`]),
      ...(taken === null ? [] : ['', ...histogramText(taken)]),
      ...(released === null ? [] : ['', ...releaseText(released)]),
    ].join('\n'),
  );
  return exitCode;
}

function jvmText(reading: Reading<JvmReading>): string[] {
  if (reading.state !== 'read') return [`JVM: ${reading.state === 'absent' ? reading.reason : reading.error}`];
  const jvm = reading.value;
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
