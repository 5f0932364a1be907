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
  ReplicationController: { group: '', path: ['spec', 'template', 'spec'] },
  /** Of Argo Rollouts and of OpenShift: the template is that of a Deployment. */
  Rollout: { group: 'argoproj.io', path: ['spec', 'template', 'spec'] },
  DeploymentConfig: { group: 'apps.openshift.io', path: ['spec', 'template', 'spec'] },
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
  readonly volumeMounts?: readonly { readonly name?: string; readonly mountPath?: string; readonly readOnly?: boolean }[];
  readonly ports?: readonly { readonly name?: string; readonly containerPort?: number; readonly hostPort?: number }[];
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
  readonly runAsNonRoot?: boolean;
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
  readonly ephemeralContainers?: readonly Container[];
  readonly volumes?: readonly { readonly name?: string }[];
  readonly securityContext?: SecurityContext;
  readonly shareProcessNamespace?: boolean;
  readonly hostPID?: boolean;
  readonly hostUsers?: boolean;
  readonly resources?: unknown;
  readonly os?: { readonly name?: string };
  readonly nodeSelector?: Readonly<Record<string, string>>;
}

/** The workloads of one document, the `index`th: none (for example of a Service), one, or those of a List. */
export function workloadsOf(document: Document, index: number): (Workload | Unusable)[] {
  const top = document.contents as Node | null;
  return isMap(top) ? within(top, document, [index]) : [];
}

function within(top: YAMLMap, document: Document, path: Path): (Workload | Unusable)[] {
  return objectsIn(top, document, path, null).flatMap(({ map, kind, apiVersion, path: at }): (Workload | Unusable)[] => {
    const known = knownKind(kind, apiVersion);
    if (known === null) return [];
    const name = nameOf(map, document);
    try {
      return [usable(kind, name, known, map, document, at)];
    } catch (error) {
      if (!(error instanceof ManifestError)) throw error;
      return [{ state: 'unusable', kind, name: name ?? '(without a name)', why: error.message }];
    }
  });
}

interface Found {
  readonly map: YAMLMap;
  readonly kind: string;
  readonly apiVersion: string | null;
  readonly path: Path;
}

/** The object, or those of a List. The items of a DeploymentList need no kind of their own. `list`: the list that the object is in. */
function objectsIn(top: YAMLMap, document: Document, path: Path, list: Found | null): Found[] {
  const ofList = list === null || list.kind === 'List' ? null : list;
  const kind = text(get(top, 'kind'), document) ?? ofList?.kind.slice(0, -'List'.length) ?? null;
  if (kind === null) return [];
  const found = { map: top, kind, apiVersion: text(get(top, 'apiVersion'), document) ?? ofList?.apiVersion ?? null, path };
  const items = get(top, 'items');
  if (!kind.endsWith('List')) return [found];
  return isSeq(items)
    ? items.items.flatMap((item, i) => (isMap(item) ? objectsIn(item, document, [...path, 'items', i], found) : []))
    : [];
}

/** The path of the pod spec, where inject knows the kind. */
function knownKind(kind: string, apiVersion: string | null): readonly string[] | null {
  const known = KINDS[kind];
  return known !== undefined && ofGroup(apiVersion, known.group) ? known.path : null;
}

function nameOf(map: YAMLMap, document: Document): string | null {
  const metadata = get(map, 'metadata');
  return isMap(metadata) ? (text(get(metadata, 'name'), document) ?? text(get(metadata, 'generateName'), document)) : null;
}

/** Objects that have a pod template in the usual place, of a kind that inject does not know. */
export function strangersIn(document: Document, index: number): { readonly kind: string; readonly name: string }[] {
  const top = document.contents as Node | null;
  return (isMap(top) ? objectsIn(top, document, [index], null) : []).flatMap(({ map, kind, apiVersion }) => {
    if (knownKind(kind, apiVersion) !== null || !isSeq(map.getIn(['spec', 'template', 'spec', 'containers']))) return [];
    return [{ kind: apiVersion === null ? kind : `${kind} (${apiVersion})`, name: nameOf(map, document) ?? '' }];
  });
}

/** The data of every object, those of a List too. */
export const objectsOf = (document: Document): unknown[] => {
  const top = document.contents as Node | null;
  return isMap(top) ? objectsIn(top, document, [], null).map(({ map }) => plain(map, document)) : [];
};

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
