import type { Reading } from '../sources/types.ts';
import { MIB } from '../units.ts';
import { type Ask, type Looked, takeLooks } from './looks.ts';
import { type Named, nameGroup } from './name-group.ts';
import { ALL_MALLOC, groupsOfKinds, kindGrowth, OTHER_MALLOC, type PoolAt, poolsBetween } from './native-looks.ts';
import { hasPoolEvent, startPoolRecording } from './pool-recording.ts';
import type { Recording } from './recording.ts';
import { ReleaseExperiment } from './release-experiment.ts';
import type { Culprit, CulpritQuestion, NativeEvidence } from './types.ts';

/** Mappings have more noise than the JVM's own count: malloc takes and keeps whole pieces. */
const LEAST_GROWTH = 4 * MIB;

/** Names what grows of native memory: by native memory tracking where it is on, else by the mappings and the pool of direct buffers. */
export async function findNative(question: CulpritQuestion, ask: Ask, now: () => number): Promise<Culprit> {
  // The recorder takes some MiB when it begins, so it begins before the first look.
  const recording = await poolRecordingOf(question, ask);
  let taken: Awaited<ReturnType<typeof takeLooks>>;
  let pool: Reading<readonly PoolAt[]> | null = null;
  const experiment = new ReleaseExperiment(question);
  try {
    taken = await takeLooks(question, 'native', {
      ask,
      now,
      beforeFirst: async () => {},
      aroundCollection: (when) => experiment.measure(when),
    });
  } finally {
    pool = recording?.state === 'read' ? await recording.value.end() : null;
  }
  if (taken.state !== 'taken') return taken;
  const culprit = nativeCulprit(taken.looks, pool?.state === 'read' ? pool.value : null);
  return { ...culprit, native: culprit.native && { ...culprit.native, released: await experiment.end() } };
}

/** null: this JDK does not tell of its direct buffers, or may not be recorded. */
async function poolRecordingOf(question: CulpritQuestion, ask: Ask): Promise<Reading<Recording<readonly PoolAt[]>> | null> {
  if (!question.mayRecord || question.signal.aborted) return null;
  const version = await ask(question, 'VM.version');
  return version.state === 'read' && hasPoolEvent(version.value) ? startPoolRecording(question) : null;
}

/** What the looks at native memory say. `recorded`: sizes of the pool of direct buffers; null: they are not known. Pure. */
export function nativeCulprit(looks: readonly [Looked, ...Looked[]], recorded: readonly PoolAt[] | null): Named {
  const pool = recorded === null || recorded.length === 0 ? null : recorded;
  const refused = looks.find(({ refusal }) => refusal !== null)?.refusal ?? null;
  const byTracking =
    refused === null
      ? nameGroup(
          'native',
          looks.map(({ groups }) => groups),
        )
      : null;
  const mapped = looks.flatMap(({ mappings, atMs }) => (mappings === null ? [] : [groupsOfKinds(mappings.kinds, atMs, pool)]));
  const byMappings = mapped.length === looks.length ? nameGroup('native', mapped, LEAST_GROWTH) : null;
  const evidence = evidenceOf(looks, pool, refused?.remediation ?? null);
  if (byMappings !== null && (byTracking === null || isUntracked(byTracking, byMappings)))
    return { ...byMappings, native: { ...evidence, by: 'mappings' } };
  const answer = byTracking ?? nameGroup('native', []);
  return { ...answer, native: { ...evidence, by: 'tracking' } };
}

/** What a native library takes from malloc is in no category, nor what malloc keeps of freed blocks. */
const isUntracked = (byTracking: Named, byMappings: Named): boolean =>
  byTracking.state === 'unknown' &&
  byTracking.because === 'no-growth' &&
  byMappings.state === 'named' &&
  [OTHER_MALLOC, ALL_MALLOC].includes(byMappings.culprit.name);

function evidenceOf(
  looks: readonly [Looked, ...Looked[]],
  pool: readonly PoolAt[] | null,
  remediation: string | null,
): Omit<NativeEvidence, 'by'> {
  const [first, last] = [looks[0], looks.at(-1)!];
  const kinds = first.mappings === null || last.mappings === null ? null : kindGrowth(first.mappings.kinds, last.mappings.kinds);
  const seen = ({ atMs, mappings, buffers }: Looked) => ({
    atMs,
    mappedFileBytes: mappings?.mappedFileBytes ?? null,
    ...(buffers ?? { direct: 0, mapped: 0 }),
  });
  return { kinds, pools: poolsBetween(seen(first), seen(last), pool), remediation, released: null };
}
