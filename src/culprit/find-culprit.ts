import type { Reading } from '../sources/types.ts';
import { SECOND_MS } from '../units.ts';
import { findDescriptors } from './find-descriptors.ts';
import { findNative } from './find-native.ts';
import { findRecorded } from './find-recorded.ts';
import { startHeapRecording } from './heap-recording.ts';
import { heldTogether } from './held-together.ts';
import { loaderKeepers } from './loader-keepers.ts';
import { type Ask, askJvm, type Looked, takeLooks } from './looks.ts';
import { nameGroupOrWider, nameTogether } from './name-group.ts';
import type { OldObject } from './old-objects.ts';
import { type Group, isRecorded } from './questions.ts';
import type { Recording } from './recording.ts';
import type { MoreOf } from './replaced-objects.ts';
import { loaderRetention, type Retention, retentionOf } from './retention.ts';
import type { Culprit, CulpritQuestion, LoaderKeepers, LookCause } from './types.ts';

/** Asks a JVM several times and names what grew meanwhile, with evidence; or records what it does meanwhile. */
export async function findCulprit(question: CulpritQuestion, ask: Ask = askJvm, now = () => performance.now()): Promise<Culprit> {
  const { cause } = question;
  if (isRecorded(cause)) return findRecorded(question, cause);
  if (cause === 'native') return findNative(question, ask, now);
  return cause === 'descriptors' ? findDescriptors(question, now) : findByLooks(question, cause, ask, now);
}

async function findByLooks(
  question: CulpritQuestion,
  cause: Exclude<LookCause, 'native' | 'descriptors'>,
  ask: Ask,
  now: () => number,
): Promise<Culprit> {
  const { forMs, mayRecord } = question;
  // Set while the looks are taken.
  const begun: { recording: Reading<Recording<readonly OldObject[]>> | null } = { recording: null };
  // The recorder takes some MiB of the heap when it begins, so it begins before the first look.
  const beforeFirst = async (): Promise<void> => {
    if (cause !== 'threads' && mayRecord && !question.signal.aborted)
      begun.recording = await startHeapRecording(question, forMs / SECOND_MS);
  };
  let objects: Reading<readonly OldObject[]> | null = null;
  let taken: Awaited<ReturnType<typeof takeLooks>>;
  try {
    taken = await takeLooks(question, cause, { ask, now, beforeFirst, aroundCollection: async () => {} });
  } finally {
    // It is ended whatever happens, so that nothing runs on in the JVM. After the collection of the last look, only live objects are left.
    const { recording } = begun;
    objects = recording?.state === 'read' ? await recording.value.end() : recording;
  }
  if (taken.state !== 'taken') return taken;
  const [first, last] = [taken.looks[0], taken.looks.at(-1)!];
  const culprit = nameGroupOrWider(cause, taken.looks);
  const moreOf = moreInstances(first.groups, last.groups);
  if (culprit.state !== 'named') {
    const together =
      culprit.because === 'no-group-has-half' && objects?.state === 'read'
        ? heldTogether(culprit.grown, objects.value, moreOf)
        : null;
    return (together === null ? null : nameTogether(together, culprit.grown)) ?? culprit;
  }
  const keepers = keepersIn(culprit, first, last);
  const { name, more } = culprit.culprit;
  const grown = new Set(culprit.grown.map((one) => one.name));
  const retentionIn = (of: readonly OldObject[]): Retention =>
    cause === 'heap'
      ? retentionOf(name, of, moreOf, grown)
      : loaderRetention(of, new Set([name, ...(keepers?.classes ?? [])]), more.loaders ?? 0);
  const isAsked = cause === 'heap' || (more.loaders ?? 0) > 0;
  return { ...culprit, keepers, retention: objects === null || !isAsked ? null : readRetention(objects, retentionIn) };
}

function keepersIn({ cause, culprit }: Extract<Culprit, { state: 'named' }>, first: Looked, last: Looked): LoaderKeepers | null {
  const more = culprit.more.loaders ?? 0;
  if (cause !== 'metaspace' || more <= 0 || first.beside === null || last.beside === null) return null;
  return loaderKeepers(first.beside, last.beside, more);
}

function moreInstances(first: readonly Group[], last: readonly Group[]): MoreOf {
  const before = new Map(first.map(({ name, counts }) => [name, counts.instances ?? 0]));
  const after = new Map(last.map(({ name, counts }) => [name, counts.instances ?? 0]));
  return (name) => {
    const now = after.get(name);
    return now === undefined ? null : now - (before.get(name) ?? 0);
  };
}

const readRetention = (objects: Reading<readonly OldObject[]>, of: (objects: readonly OldObject[]) => Retention): Retention =>
  objects.state === 'read'
    ? of(objects.value)
    : { state: 'unknown', reason: objects.state === 'absent' ? objects.reason : objects.error };
