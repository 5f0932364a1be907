import { type Document, get, isAlias, isMap, isSeq, ManifestError, type Node, plain, type YAMLMap } from './yaml-text.ts';

/** Path of the pod spec in each kind. */
const SPEC_PATHS: Readonly<Record<string, readonly string[]>> = {
  Pod: ['spec'],
  Deployment: ['spec', 'template', 'spec'],
  StatefulSet: ['spec', 'template', 'spec'],
  DaemonSet: ['spec', 'template', 'spec'],
  ReplicaSet: ['spec', 'template', 'spec'],
  Job: ['spec', 'template', 'spec'],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template', 'spec'],
};

/** A workload of a manifest: the YAML nodes that are edited, and their values as plain data. */
export interface Workload {
  readonly kind: string;
  readonly name: string;
  readonly metadata: YAMLMap;
  readonly spec: YAMLMap;
  readonly pod: PodSpec;
  readonly annotations: Readonly<Record<string, unknown>>;
}

/** The parts of a container that are read. Any of them may be missing. */
export interface Container {
  readonly name?: string;
  readonly image?: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly { readonly name?: string }[];
  readonly ports?: readonly { readonly containerPort?: number }[];
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
  readonly capabilities?: { readonly add?: readonly string[]; readonly drop?: readonly string[] };
}

export interface PodSpec {
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

/** The workloads of one document: none (for example of a Service), one, or those of a List. @throws ManifestError */
export function workloadsOf(document: Document): Workload[] {
  const top = document.contents as Node | null;
  return isMap(top) ? within(top, document) : [];
}

function within(top: YAMLMap, document: Document): Workload[] {
  const kind = text(get(top, 'kind'), document);
  if (kind?.endsWith('List')) {
    const items = get(top, 'items');
    return isSeq(items) ? items.items.flatMap((item) => (isMap(item) ? within(item, document) : [])) : [];
  }
  const path = kind === null ? undefined : SPEC_PATHS[kind];
  if (kind === null || path === undefined) return [];
  const metadata = get(top, 'metadata');
  const name = isMap(metadata) ? (text(get(metadata, 'name'), document) ?? text(get(metadata, 'generateName'), document)) : null;
  const said = `${kind} ${name ?? '(without a name)'}`;
  if (!isMap(metadata)) throw new ManifestError(`${said}: expected metadata with a name, found none`);
  let spec: YAMLMap = top;
  for (const key of path) {
    const next = get(spec, key);
    if (isAlias(next))
      throw new ManifestError(
        `${said}: ${path.join('.')} is an alias (*${next.source}); write it out, because the sidecar would be added to every place that shares it`,
      );
    if (!isMap(next))
      throw new ManifestError(
        `${said}: expected ${path.join('.')} to be a map, found ${next == null ? 'nothing' : 'something else'}`,
      );
    spec = next;
  }
  const annotations = get(metadata, 'annotations');
  return [
    {
      kind,
      name: name ?? '',
      metadata,
      spec,
      pod: plain(spec, document) as PodSpec,
      annotations: isMap(annotations) ? (plain(annotations, document) as Record<string, unknown>) : {},
    },
  ];
}

function text(node: Node | null | undefined, document: Document): string | null {
  const value = node == null ? null : plain(node, document);
  return typeof value === 'string' ? value : null;
}
