import { autoscaled, ENDS_BY_ITSELF, refuse, warnings } from './checks.ts';
import { chooseContainer } from './jvm-container.ts';
import { type Workload, workloadsOf } from './pod-templates.ts';
import { DATA_VOLUME, SIDECAR, sidecar } from './sidecar.ts';
import {
  appendItem,
  appendKey,
  applyEdits,
  type Edit,
  fillEmpty,
  get,
  isMap,
  isSeq,
  ManifestError,
  pairOf,
  parseManifest,
  plain,
  removeItem,
  removeKey,
  type YAMLMap,
} from './yaml-text.ts';

/** Records what was added, so that --remove removes only that: a version, then the places. A + means that inject added the key as well. */
const ANNOTATION = 'memhound.dev/injected';

export interface InjectOptions {
  readonly image: string;
  readonly version: string;
  readonly native: boolean;
  readonly container: string | null;
  readonly remove: boolean;
  /** Minor version of the cluster, 31 for 1.31. */
  readonly kubeMinor: number;
}

export interface Injected {
  readonly text: string;
  /** Notes for the user, one sentence each. */
  readonly notes: readonly string[];
}

/**
 * Adds the sidecar to a manifest, or removes it. Values are inserted into the text, so all other text stays byte for byte the same, with
 * comments and order. @throws ManifestError
 */
export function inject(source: string, options: InjectOptions): Injected {
  const { text: clean, removed } = removeAll(source);
  if (options.remove) return { text: clean, notes: removed.map((name) => `${name}: memhound was removed`) };
  const notes: string[] = [];
  const documents = parseManifest(clean);
  const scaled = documents.flatMap((d) => autoscaled(plain(d, d)) ?? []);
  const workloads = documents.flatMap((d) => workloadsOf(d));
  const edits: Edit[] = [];
  for (const workload of workloads) {
    const said = `${workload.kind} ${workload.name}`;
    try {
      edits.push(...addTo(clean, workload, options, said, notes));
    } catch (error) {
      throw error instanceof ManifestError ? new ManifestError(`${said}: ${error.message}`) : error;
    }
    if (scaled.some((s) => s.kind === workload.kind && s.name === workload.name))
      notes.push(
        `${said}: its HorizontalPodAutoscaler uses averages over all containers, which memhound's requests change; use metrics of type ContainerResource`,
      );
  }
  if (workloads.length === 0)
    notes.push('nothing to add memhound to: expected a Pod, Deployment, StatefulSet, DaemonSet, Job, CronJob or a List of them');
  return { text: applyEdits(clean, edits), notes };
}

function addTo(source: string, workload: Workload, options: InjectOptions, said: string, notes: string[]): Edit[] {
  const { spec, pod } = workload;
  const containers = get(spec, 'containers');
  if (!isSeq(containers)) throw new ManifestError('expected a list of containers, found none');
  if ([...(pod.containers ?? []), ...(pod.initContainers ?? [])].some((c) => c.name === SIDECAR)) {
    notes.push(`${said}: it has a container ${SIDECAR} that inject did not add; it was not changed`);
    return [];
  }
  const choice = chooseContainer(pod, options.container);
  if (choice.state === 'absent') {
    notes.push(`${said}: it has no container ${options.container}; it was not changed`);
    return [];
  }
  const app = choice.container;
  const native = options.native || ENDS_BY_ITSELF.has(workload.kind);
  refuse(workload, native, options.kubeMinor);
  notes.push(`${said}: memhound watches container ${app.name} (${choice.why})${native ? ', as a native sidecar' : ''}`);
  notes.push(...warnings(workload, app).map((w) => `${said}: ${w}`));

  const added: string[] = [];
  // Two edits may be at the same place, the end of the spec. Items of a list there come before a new key.
  const items: Edit[] = [];
  const keys: Edit[] = [];
  const put = (map: YAMLMap, key: string, value: unknown, item: string): void => {
    const pair = pairOf(map, key);
    const now = pair?.value;
    if (pair === undefined) {
      keys.push(appendKey(source, map, key, [value]));
      added.push(`${item}+`);
    } else if (now == null || (now as { value?: unknown }).value === null) {
      items.push(fillEmpty(source, pair, [value]));
      added.push(item);
    } else if (isSeq(now)) {
      items.push(appendItem(source, now, value));
      added.push(item);
    } else throw new ManifestError(`expected ${key} to be a list, found something else`);
  };
  const container = sidecar({ image: options.image, app, pod, native });
  if (native) put(spec, 'initContainers', container, 'initContainers');
  else put(spec, 'containers', container, 'containers');
  put(spec, 'volumes', { name: DATA_VOLUME, emptyDir: { sizeLimit: '128Mi' } }, 'volumes');
  if (pod.shareProcessNamespace !== true) {
    keys.push(appendKey(source, spec, 'shareProcessNamespace', true));
    added.push('shareProcessNamespace+');
  }
  return [...items, ...keys, annotate(source, workload.metadata, options.version, added)];
}

function annotate(source: string, metadata: YAMLMap, version: string, added: readonly string[]): Edit {
  const pair = pairOf(metadata, 'annotations');
  const value = (own: boolean): string => [version, ...added, ...(own ? ['annotations+'] : [])].join(' ');
  if (pair === undefined) return appendKey(source, metadata, 'annotations', { [ANNOTATION]: value(true) });
  if (isMap(pair.value)) return appendKey(source, pair.value, ANNOTATION, value(false));
  if (pair.value == null || (pair.value as { value?: unknown }).value === null)
    return fillEmpty(source, pair, { [ANNOTATION]: value(false) });
  throw new ManifestError('expected metadata.annotations to be a map, found something else');
}

/** Removes what the annotations record, and nothing else. */
function removeAll(source: string): { readonly text: string; readonly removed: readonly string[] } {
  const removed: string[] = [];
  const edits: Edit[] = [];
  for (const workload of parseManifest(source).flatMap((d) => workloadsOf(d))) {
    const record = workload.annotations[ANNOTATION];
    if (typeof record !== 'string') continue;
    edits.push(...removeFrom(source, workload, record.split(' ').slice(1)));
    removed.push(`${workload.kind} ${workload.name}`);
  }
  const text = applyEdits(source, edits);
  // If the original text had no newline at its end and inject had added its last lines, the newline is removed again.
  return { text: source.endsWith('\n') ? text : text.replace(/\r?\n$/, ''), removed };
}

function removeFrom(source: string, { spec, metadata }: Workload, record: readonly string[]): Edit[] {
  const edits: Edit[] = [];
  const places: readonly (readonly [string, string])[] = [
    ['containers', SIDECAR],
    ['initContainers', SIDECAR],
    ['volumes', DATA_VOLUME],
  ];
  for (const [key, name] of places) {
    if (!record.some((r) => r === key || r === `${key}+`)) continue;
    const seq = get(spec, key);
    if (!isSeq(seq)) continue;
    const index = seq.items.findIndex((item) => isMap(item) && (get(item, 'name') as { value?: unknown } | null)?.value === name);
    if (index < 0) continue;
    const ours = record.includes(`${key}+`) && seq.items.length === 1;
    edits.push(ours ? removeKey(source, spec, key) : removeItem(source, seq, index));
  }
  if (record.includes('shareProcessNamespace+') && pairOf(spec, 'shareProcessNamespace') !== undefined)
    edits.push(removeKey(source, spec, 'shareProcessNamespace'));
  const annotations = get(metadata, 'annotations');
  if (isMap(annotations)) {
    const ours = record.includes('annotations+') && annotations.items.length === 1;
    edits.push(ours ? removeKey(source, metadata, 'annotations') : removeKey(source, annotations, ANNOTATION));
  }
  return edits;
}
