import type { Path } from './verify.ts';
import {
  type Document,
  get,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  ManifestError,
  type Node,
  plain,
  type YAMLMap,
} from './yaml-text.ts';

/** The API group of each kind, and the path of its pod spec. */
const KINDS: Readonly<Record<string, { readonly group: string; readonly path: readonly string[] }>> = {
  Pod: { group: '', path: ['spec'] },
  Deployment: { group: 'apps', path: ['spec', 'template', 'spec'] },
  StatefulSet: { group: 'apps', path: ['spec', 'template', 'spec'] },
  DaemonSet: { group: 'apps', path: ['spec', 'template', 'spec'] },
  ReplicaSet: { group: 'apps', path: ['spec', 'template', 'spec'] },
  Job: { group: 'batch', path: ['spec', 'template', 'spec'] },
  CronJob: { group: 'batch', path: ['spec', 'jobTemplate', 'spec', 'template', 'spec'] },
};

/** Whether an apiVersion is of this group. Without an apiVersion the kind decides; the old group `extensions` had the kinds of `apps`. */
function ofGroup(apiVersion: string | null, group: string): boolean {
  if (apiVersion === null) return true;
  const found = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
  return found === group || (found === 'extensions' && group === 'apps');
}

/** A document, or an item of a List, of a kind that has pods, but whose pod spec cannot be read or changed. */
export interface Unusable {
  readonly state: 'unusable';
  readonly kind: string;
  readonly name: string;
  readonly why: string;
}

/** A workload of a manifest: the YAML nodes that are edited, and their values as plain data. */
export interface Workload {
  readonly state: 'usable';
  readonly kind: string;
  readonly name: string;
  readonly metadata: YAMLMap;
  readonly spec: YAMLMap;
  readonly pod: PodSpec;
  readonly annotations: Readonly<Record<string, unknown>>;
  /** Labels and annotations of the pod template; of a Pod its own. */
  readonly template: Metadata;
  readonly labels: Readonly<Record<string, unknown>>;
  /** Paths of the two maps in the data of all documents. */
  readonly specPath: Path;
  readonly metadataPath: Path;
}

interface Metadata {
  readonly labels?: Readonly<Record<string, unknown>> | null;
  readonly annotations?: Readonly<Record<string, unknown>> | null;
}

/** The parts of a container that are read. Any of them may be missing. */
export interface Container {
  readonly name?: string;
  readonly image?: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly { readonly name?: string; readonly value?: unknown }[];
  readonly volumeMounts?: readonly { readonly mountPath?: string; readonly readOnly?: boolean }[];
  readonly ports?: readonly { readonly containerPort?: number; readonly hostPort?: number }[];
  readonly resources?: {
    readonly requests?: Readonly<Record<string, unknown>>;
    readonly limits?: Readonly<Record<string, unknown>>;
  };
  readonly securityContext?: SecurityContext;
  readonly restartPolicy?: string;
  readonly livenessProbe?: unknown;
  readonly readinessProbe?: unknown;
  readonly startupProbe?: unknown;
  readonly lifecycle?: unknown;
}

export interface SecurityContext {
  readonly runAsUser?: number;
  readonly runAsGroup?: number;
  readonly privileged?: boolean;
  readonly readOnlyRootFilesystem?: boolean;
  readonly seLinuxOptions?: unknown;
  readonly appArmorProfile?: unknown;
  readonly capabilities?: { readonly add?: readonly string[]; readonly drop?: readonly string[] };
}

export interface PodSpec {
  readonly restartPolicy?: string;
  readonly hostNetwork?: boolean;
  readonly containers?: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly volumes?: readonly { readonly name?: string }[];
  readonly securityContext?: SecurityContext;
  readonly shareProcessNamespace?: boolean;
  readonly hostPID?: boolean;
  readonly hostUsers?: boolean;
  readonly os?: { readonly name?: string };
  readonly nodeSelector?: Readonly<Record<string, string>>;
}

/** The workloads of one document, the `index`th: none (for example of a Service), one, or those of a List. */
export function workloadsOf(document: Document, index: number): (Workload | Unusable)[] {
  const top = document.contents as Node | null;
  return isMap(top) ? within(top, document, [index]) : [];
}

function within(top: YAMLMap, document: Document, path: Path): (Workload | Unusable)[] {
  const kind = text(get(top, 'kind'), document);
  if (kind?.endsWith('List')) {
    const items = get(top, 'items');
    return isSeq(items)
      ? items.items.flatMap((item, i) => (isMap(item) ? within(item, document, [...path, 'items', i]) : []))
      : [];
  }
  const known = kind === null ? undefined : KINDS[kind];
  if (kind === null || known === undefined || !ofGroup(text(get(top, 'apiVersion'), document), known.group)) return [];
  const metadata = get(top, 'metadata');
  const name = isMap(metadata) ? (text(get(metadata, 'name'), document) ?? text(get(metadata, 'generateName'), document)) : null;
  try {
    return [usable(kind, name, known.path, top, document, path)];
  } catch (error) {
    if (!(error instanceof ManifestError)) throw error;
    return [{ state: 'unusable', kind, name: name ?? '(without a name)', why: error.message }];
  }
}

function usable(
  kind: string,
  name: string | null,
  specPath: readonly string[],
  top: YAMLMap,
  document: Document,
  path: Path,
): Workload {
  const metadata = get(top, 'metadata');
  if (!isMap(metadata)) throw new ManifestError('expected metadata with a name, found none');
  let spec: YAMLMap = top;
  let parent: YAMLMap = top;
  for (const key of specPath) {
    const next = get(spec, key);
    if (isAlias(next))
      throw new ManifestError(
        `${specPath.join('.')} is an alias (*${next.source}); write it out, because the sidecar would be added to every place that shares it`,
      );
    if (!isMap(next))
      throw new ManifestError(
        `expected ${specPath.join('.')} to be a map, found ${next == null || (isScalar(next) && next.value === null) ? 'nothing' : 'something else'}`,
      );
    parent = spec;
    spec = next;
  }
  const own = plain(metadata, document) as Metadata;
  const template = get(parent, 'metadata');
  return {
    state: 'usable',
    kind,
    name: name ?? '',
    metadata,
    spec,
    pod: plain(spec, document) as PodSpec,
    annotations: own.annotations ?? {},
    labels: own.labels ?? {},
    template: isMap(template) ? (plain(template, document) as Metadata) : {},
    specPath: [...path, ...specPath],
    metadataPath: [...path, 'metadata'],
  };
}

function text(node: Node | null | undefined, document: Document): string | null {
  const value = node == null ? null : plain(node, document);
  return typeof value === 'string' ? value : null;
}
