import { autoscaled, qualityOfService, unknownUser, warnings } from './checks.ts';
import { type Plan, planFor, type Selection } from './plan.ts';
import { objectsOf, strangersIn, type Unusable, type Workload, workloadsOf } from './pod-templates.ts';
import { ANNOTATION, type Before, hashOf, type InjectionRecord, writeRecord } from './record.ts';
import { removeFrom } from './remove.ts';
import { DATA_VOLUME, HISTORY_DISK, type Identity, identityOf, movedPortsText, type Resources, sidecar } from './sidecar.ts';
import { type Change, verify } from './verify.ts';
import {
  appendItem,
  appendKey,
  applyEdits,
  type Edit,
  endsInBlockText,
  fillEmpty,
  isMap,
  isSeq,
  ManifestError,
  nullSpelling,
  otherForm,
  pairOf,
  parseManifest,
  replaceNull,
  takesLines,
  type YAMLMap,
} from './yaml-text.ts';

export interface InjectOptions extends Selection {
  /** null: that of an earlier inject, or of this version. */
  readonly image: string | null;
  readonly version: string;
  readonly remove: boolean;
  /** UID:GID for the sidecar alone, null: as the manifest says. */
  readonly runAs: string | null;
  /** The user that an image's config names, by the image's name; null: it is not known. */
  readonly userOf: (image: string) => string | null;
  /** Further arguments of `memhound watch`. */
  readonly args: readonly string[];
  /** Resources of the sidecar by name, in place of its own. */
  readonly requests: Resources;
  readonly limits: Resources;
  /** Whether the manifest is one of several. */
  readonly several: boolean;
}

/** Nothing in the manifest can have memhound, though it is wanted there. */
export class NothingToDo extends ManifestError {}

/** An inject without options. */
export const NO_OPTIONS = {
  containers: [],
  workloads: [],
  selector: {},
  all: false,
  native: false,
  kubeMinor: 31,
  image: null,
  remove: false,
  runAs: null,
  userOf: () => null,
  args: [],
  requests: {},
  limits: {},
  several: false,
} as const satisfies Omit<InjectOptions, 'version'>;

export interface Injected {
  readonly text: string;
  /** Notes for the user, one sentence each. */
  readonly notes: readonly string[];
  /** The number of workloads that have memhound now. */
  readonly watched: number;
}

const defaultImage = (version: string): string => `ghcr.io/memhound/memhound:${version}`;

type Injection = Extract<Plan, { state: 'inject' }>;

/**
 * Adds the sidecar to a manifest, or removes it. Values are inserted into the text, so all other text stays byte for byte the same, with
 * comments and order. @throws ManifestError if nothing can be done
 */
export function inject(source: string, options: InjectOptions): Injected {
  if (options.remove) {
    const { text, removed } = removeFrom(source, () => true);
    return { text, notes: removed.map((name) => `${name}: memhound was removed`), watched: 0 };
  }
  const workloads = workloadsIn(source);
  const strangers = parseManifest(source)
    .flatMap(strangersIn)
    .map(
      ({ kind, name }) =>
        `${`${kind} ${name}`.trim()}: inject does not know this kind, which has a pod template; it was not changed`,
    );
  if (workloads.length === 0) {
    const nothing =
      'nothing to add memhound to: expected a Pod, a List, or a workload such as a Deployment, StatefulSet, DaemonSet, Job or CronJob';
    if (options.containers.length + options.workloads.length > 0) throw new NothingToDo(nothing);
    return { text: source, notes: strangers.length > 0 || options.several ? strangers : [nothing], watched: 0 };
  }
  const plans = workloads.map((w) => planFor(source, w, options, workloads.length === 1 && !options.several));
  throwIfNothing(workloads, plans, options);

  // An earlier injection is removed only where a new one replaces it.
  const replaced = new Set(
    plans.flatMap((p) => (p.state === 'inject' && p.before !== null ? [p.workload.specPath.join('/')] : [])),
  );
  const { text: clean } = removeFrom(source, (w) => replaced.has(w.specPath.join('/')));
  const fresh = workloadsIn(clean);
  const scaled = parseManifest(clean)
    .flatMap(objectsOf)
    .flatMap((object) => autoscaled(object) ?? []);
  const notes: string[] = [...strangers];
  const edits: Edit[] = [];
  const changes: Change[] = [];
  const failed: string[] = [];
  plans.forEach((plan, i) => {
    const workload = fresh[i]!;
    const subject = `${workload.kind} ${workload.name}`;
    if (plan.state !== 'inject' || workload.state === 'unusable') {
      if (plan.state !== 'inject') notes.push(`${subject}: ${plan.why}; it was not changed`);
      return;
    }
    try {
      const said = addTo(clean, workload, plan, options);
      edits.push(...said.edits);
      changes.push(...said.changes);
      notes.push(...said.notes.map((note) => `${subject}: ${note}`));
    } catch (error) {
      if (!(error instanceof ManifestError)) throw error;
      failed.push(`${subject}: ${error.message}`);
      return;
    }
    if (scaled.some((s) => s.kind === workload.kind && s.name === workload.name))
      notes.push(
        `${subject}: its HorizontalPodAutoscaler uses averages over all containers, which memhound's requests change; use metrics of type ContainerResource`,
      );
  });
  // A workload that had memhound before must not lose it because a new one does not fit.
  const lost = failed.length > 0 && (edits.length === 0 || replaced.size > 0);
  if (lost) throw new ManifestError(failed.join('. '));
  notes.push(...failed.map((f) => `${f}; it was not changed`));
  const text = applyEdits(clean, edits);
  const below = !clean.endsWith('\n') && edits.some((e) => e.from === clean.length);
  if (below && endsInBlockText(clean, parseManifest(clean).at(-1)!))
    throw new ManifestError(
      'expected a newline at the end, found the end within a block text (| or >): parsers differ on its value; add the newline',
    );
  verify(clean, text, changes);
  const watched = plans.filter((p) => p.state === 'inject' || p.state === 'kept').length - failed.length;
  return { text, notes, watched };
}

const workloadsIn = (source: string): (Workload | Unusable)[] => parseManifest(source).flatMap(workloadsOf);

/** An error where no workload has memhound afterwards, though one was wanted. */
function throwIfNothing(workloads: readonly (Workload | Unusable)[], plans: readonly Plan[], options: InjectOptions): void {
  if (plans.some((p) => p.state === 'inject' || p.state === 'kept')) return;
  const asked = options.containers.length + options.workloads.length + Object.keys(options.selector).length > 0;
  if (!asked && !plans.some((p) => p.state === 'impossible')) return;
  const reasons = plans.map((p, i) => `${workloads[i]!.kind} ${workloads[i]!.name}: ${p.state === 'inject' ? '' : p.why}`);
  throw new NothingToDo(
    reasons.length === 1 ? reasons[0]! : `none of ${reasons.length} workloads can have memhound. ${reasons.join('. ')}`,
  );
}

interface Addition {
  readonly edits: readonly Edit[];
  readonly changes: readonly Change[];
  readonly notes: readonly string[];
}

function addTo(source: string, workload: Workload, plan: Injection, options: InjectOptions): Addition {
  const { spec, pod } = workload;
  const app = pod.containers!.find((c) => c.name === plan.container.name)!;
  const { native, before } = plan;
  const runAs = options.runAs ?? before?.runAs ?? null;
  const image = options.image ?? before?.image ?? null;
  const args = options.args.length > 0 ? options.args : (before?.args ?? []);
  const user = options.userOf(app.image ?? '');
  const requests = given(options.requests, before?.requests);
  const limits = given(options.limits, before?.limits);
  const identity = withIds(identityOf(app, pod), runAs, user);
  const container = sidecar({
    image: image ?? defaultImage(options.version),
    app,
    pod,
    native,
    identity,
    args,
    requests,
    limits,
  });

  const places = new Map<string, Before>();
  const changes: Change[] = [];
  // Two edits may be at the same place, the end of the spec. Items of a list there come before a new key.
  const items: Edit[] = [];
  const keys: Edit[] = [];
  const put = (key: string, value: unknown): void => {
    const { edit, before: was } = putItem(source, spec, pod, key, value);
    (was.state === 'absent' ? keys : items).push(edit);
    places.set(key, was);
    changes.push({ path: [...workload.specPath, key], to: (list) => [...((list as unknown[] | null) ?? []), value] });
  };
  put(native ? 'initContainers' : 'containers', container);
  put('volumes', { name: DATA_VOLUME, emptyDir: { sizeLimit: HISTORY_DISK } });
  if (pod.shareProcessNamespace !== true) {
    const pair = pairOf(spec, 'shareProcessNamespace');
    const spelling = pair === undefined ? null : nullSpelling(source, pair);
    if (pair !== undefined && spelling !== null) {
      items.push(replaceNull(source, pair, true));
      places.set('shareProcessNamespace', { state: 'null', spelling });
    } else if (pair !== undefined) {
      throw new ManifestError(`expected shareProcessNamespace to be true or false, found ${otherForm(pair)}`);
    } else {
      keys.push(appendKey(source, spec, 'shareProcessNamespace', true));
      places.set('shareProcessNamespace', { state: 'absent' });
    }
    changes.push({ path: [...workload.specPath, 'shareProcessNamespace'], to: () => true });
  }
  const record: InjectionRecord = {
    version: options.version,
    places,
    container: options.containers.length > 0 ? (app.name ?? null) : (before?.container ?? null),
    image,
    runAs,
    args,
    requests,
    limits,
    hash: hashOf(container),
  };
  const annotated = annotate(source, workload, record);
  changes.push({
    path: [...workload.metadataPath, 'annotations'],
    to: (map) => ({ ...((map as object | null) ?? {}), [ANNOTATION]: annotated.value }),
  });
  return {
    edits: [...items, ...keys, annotated.edit],
    changes,
    notes: [
      `memhound watches container ${app.name} (${plan.why})${native ? ', as a native sidecar' : ''}`,
      ...[movedPortsText(container)].filter((text) => text !== null),
      ...warnings(workload, app, identity, native),
      ...qualityOfService(pod, container),
      ...unknownUser(app, identity, user),
    ],
  };
}

/** Adds an item to a list of the pod spec, in whatever form the list is there. */
function putItem(
  source: string,
  spec: YAMLMap,
  pod: object,
  key: string,
  value: unknown,
): { readonly edit: Edit; readonly before: Before } {
  const pair = pairOf(spec, key);
  if (pair === undefined) {
    if (key in pod) throw new ManifestError(`${key} comes from a merge key (<<), and a new ${key} would hide it; write it out`);
    return { edit: appendKey(source, spec, key, [value]), before: { state: 'absent' } };
  }
  if (isSeq(pair.value)) return { edit: appendItem(source, pair.value, value), before: { state: 'value' } };
  const spelling = nullSpelling(source, pair);
  if (spelling === null) throw new ManifestError(`expected ${key} to be a list, found ${otherForm(pair)}`);
  if (takesLines(spec, spelling)) return { edit: fillEmpty(source, pair, [value]), before: { state: 'value' } };
  return { edit: replaceNull(source, pair, [value]), before: { state: 'null', spelling } };
}

function annotate(
  source: string,
  { metadata, annotations }: Workload,
  record: InjectionRecord,
): { readonly edit: Edit; readonly value: string } {
  const pair = pairOf(metadata, 'annotations');
  const text = (before: Before): string =>
    writeRecord(before.state === 'value' ? record : { ...record, places: new Map([...record.places, ['annotations', before]]) });
  if (pair === undefined) {
    if (Object.keys(annotations).length > 0)
      throw new ManifestError('annotations come from a merge key (<<), and new annotations would hide them; write them out');
    const value = text({ state: 'absent' });
    return { edit: appendKey(source, metadata, 'annotations', { [ANNOTATION]: value }), value };
  }
  if (isMap(pair.value)) {
    const value = text({ state: 'value' });
    return { edit: appendKey(source, pair.value, ANNOTATION, value), value };
  }
  const spelling = nullSpelling(source, pair);
  if (spelling === null) throw new ManifestError(`expected metadata.annotations to be a map, found ${otherForm(pair)}`);
  if (takesLines(metadata, spelling)) {
    const value = text({ state: 'value' });
    return { edit: fillEmpty(source, pair, { [ANNOTATION]: value }), value };
  }
  const value = text({ state: 'null', spelling });
  return { edit: replaceNull(source, pair, { [ANNOTATION]: value }), value };
}

/** What this call gives; where it gives nothing, what an earlier one gave. */
const given = (now: Resources, earlier: Resources | undefined): Resources =>
  Object.keys(now).length > 0 ? now : (earlier ?? {});

/** --run-as comes before the manifest's ids; the user of the image counts where the manifest gives none. */
function withIds(identity: Identity, runAs: string | null, user: string | null): Identity {
  const [, uid, gid] = /^(\d+)(?::(\d+))?$/.exec(runAs ?? user ?? '') ?? [];
  if (uid === undefined) return identity;
  const ids = { uid: Number(uid), gid: gid === undefined ? null : Number(gid) };
  if (runAs !== null) return { ...identity, ...ids };
  if (identity.uid === null) return { ...identity, uid: ids.uid, gid: identity.gid ?? ids.gid };
  return identity.uid === ids.uid ? { ...identity, gid: identity.gid ?? ids.gid } : identity;
}
