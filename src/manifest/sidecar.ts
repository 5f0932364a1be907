import type { Container, PodSpec, SecurityContext } from './pod-templates.ts';
import { quantity } from './quantity.ts';

export const SIDECAR = 'memhound';
export const DATA_VOLUME = 'memhound-data';

/** Measured: about 25 MB of anonymous memory, and 50 MB of pages of the node binary, which are charged to the cgroup that reads them first. */
const REQUESTS = { cpu: '10m', memory: '64Mi' };
const LIMITS = { memory: '128Mi' };
/** A pod stays Guaranteed only if requests equal limits in every container, for memory and CPU. */
const GUARANTEED = { cpu: '50m', memory: '128Mi' };

const LIMIT_CPU = '200m';
/** The size limit of the history's volume. */
export const HISTORY_DISK = '128Mi';

/** The user, group and capabilities of a container in the manifest; null: the image decides. */
export interface Identity {
  readonly uid: number | null;
  readonly gid: number | null;
  readonly capabilities: SecurityContext['capabilities'] | null;
}

export function identityOf(app: Container, pod: PodSpec): Identity {
  return {
    uid: app.securityContext?.runAsUser ?? pod.securityContext?.runAsUser ?? null,
    gid: app.securityContext?.runAsGroup ?? pod.securityContext?.runAsGroup ?? null,
    capabilities: app.securityContext?.capabilities ?? null,
  };
}

/** Whether a pod is Guaranteed: every container has limits for memory and CPU, and requests that are given equal them. Source: Kubernetes, "Pod Quality of Service Classes". */
export function isGuaranteed(pod: PodSpec): boolean {
  const all = [...(pod.containers ?? []), ...(pod.initContainers ?? [])];
  return (
    all.length > 0 &&
    all.every(({ resources }) =>
      ['cpu', 'memory'].every((r) => {
        const limit = resources?.limits?.[r];
        const request = resources?.requests?.[r] ?? limit;
        return limit != null && (quantity(request) ?? String(request)) === (quantity(limit) ?? String(limit));
      }),
    )
  );
}

/** Quantities by resource: `memory`, `cpu`, `ephemeral-storage`. */
export type Resources = Readonly<Record<string, string>>;

export interface SidecarOptions {
  readonly image: string;
  readonly app: Container;
  readonly pod: PodSpec;
  readonly native: boolean;
  readonly identity: Identity;
  /** Further arguments. */
  readonly args: readonly string[];
  /** Resources in place of memhound's own. */
  readonly requests: Resources;
  readonly limits: Resources;
}

/** A container as data, with what else is read of it. */
export type AddedContainer = Container & Readonly<Record<string, unknown>>;

/** The container that is added. Probes use the second port. There is no readiness probe, because it could remove the app from its Service. */
export function sidecar({ image, app, pod, native, identity, args: further, requests, limits }: SidecarOptions): AddedContainer {
  const { api, ops } = freePorts(pod, further);
  const args = ['watch', '--data', '/data'];
  if (api !== API_PORT && !setsOption(further, 'port')) args.push('--port', String(api));
  if (ops !== OPS_PORT && !setsOption(further, 'ops-port')) args.push('--ops-port', String(ops));
  // A port of a container is a port of the node here. 127.0.0.1 is then the node's own loopback.
  const onNode = pod.hostNetwork === true;
  if (onNode) args.push('--ops-host', '127.0.0.1');
  return {
    name: SIDECAR,
    image,
    ...(native ? { restartPolicy: 'Always' } : {}),
    args: [...args, ...further],
    env: [
      resourceEnv('MEMHOUND_REQUEST_MEMORY', app, 'requests.memory'),
      resourceEnv('MEMHOUND_LIMIT_EPHEMERAL_STORAGE', app, 'limits.ephemeral-storage'),
      // The hostname is the node's here.
      ...(onNode ? [{ name: 'MEMHOUND_POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }] : []),
    ],
    ...(onNode ? {} : { ports: [{ name: 'memhound-ops', containerPort: ops }] }),
    livenessProbe: {
      httpGet: onNode ? { path: '/healthz', host: '127.0.0.1', port: ops } : { path: '/healthz', port: 'memhound-ops' },
      periodSeconds: 30,
      timeoutSeconds: 5,
      failureThreshold: 4,
    },
    resources: chosen(resources(app, pod), requests, limits, isGuaranteed(pod)),
    securityContext: securityContext(identity, app.securityContext ?? {}),
    volumeMounts: [{ name: DATA_VOLUME, mountPath: '/data' }],
  };
}

/**
 * A quota of the namespace asks every container for what it counts, so memhound names what the app's containers name. Its history counts
 * against the pod's limit of ephemeral storage.
 */
function resources(app: Container, pod: PodSpec): { readonly requests: Resources; readonly limits: Resources } {
  const disk = (kind: 'requests' | 'limits'): Record<string, string> =>
    app.resources?.[kind]?.['ephemeral-storage'] == null ? {} : { 'ephemeral-storage': HISTORY_DISK };
  if (isGuaranteed(pod))
    return { requests: { ...GUARANTEED, ...disk('requests') }, limits: { ...GUARANTEED, ...disk('limits') } };
  const cpu = (pod.containers ?? []).every((c) => c.resources?.limits?.cpu != null) ? { cpu: LIMIT_CPU } : {};
  return { requests: { ...REQUESTS, ...disk('requests') }, limits: { ...cpu, ...LIMITS, ...disk('limits') } };
}

/** Where one of request and limit is given, the other follows it if the API would refuse the pair, or a Guaranteed pod would become another. */
function chosen(
  own: { readonly requests: Resources; readonly limits: Resources },
  requests: Resources,
  limits: Resources,
  guaranteed: boolean,
): { readonly requests: Resources; readonly limits: Resources } {
  const follow = (mine: Resources, given: Resources, isLimit: boolean): Resources =>
    Object.fromEntries(
      Object.entries(given).filter(([key, value]) => {
        const [a, b] = [quantity(mine[key]), quantity(value)];
        return a !== null && b !== null && (guaranteed || (isLimit ? a < b : a > b));
      }),
    );
  return {
    requests: { ...own.requests, ...follow(own.requests, limits, false), ...requests },
    limits: { ...own.limits, ...follow(own.limits, requests, true), ...limits },
  };
}

/** A process can read another only if it has the same uid and gid, and at least the same capabilities. */
function securityContext({ uid, gid, capabilities }: Identity, app: SecurityContext): Record<string, unknown> {
  const root = uid === 0;
  // The API refuses a container with this capability that forbids privilege escalation.
  const admin = root && (capabilities?.add ?? []).some((c) => /^(?:CAP_)?(?:SYS_ADMIN|ALL)$/.test(c));
  return {
    ...(uid === null ? {} : { runAsUser: uid }),
    ...(gid === null ? {} : { runAsGroup: gid }),
    // Where the pod forbids root, the app's own exception holds for memhound too.
    ...(root ? (app.runAsNonRoot === false ? { runAsNonRoot: false } : {}) : { runAsNonRoot: true }),
    ...(admin ? {} : { allowPrivilegeEscalation: false }),
    readOnlyRootFilesystem: true,
    ...(root ? (capabilities === null ? {} : { capabilities }) : { capabilities: { drop: ['ALL'] } }),
    seccompProfile: { type: 'RuntimeDefault' },
    ...(app.seLinuxOptions == null ? {} : { seLinuxOptions: app.seLinuxOptions }),
    ...(app.appArmorProfile == null ? {} : { appArmorProfile: app.appArmorProfile }),
  };
}

const resourceEnv = (name: string, app: Container, resource: string): Record<string, unknown> => ({
  name,
  valueFrom: { resourceFieldRef: { containerName: app.name, resource } },
});

const API_PORT = 8800;
const OPS_PORT = 8801;

/** The port of the API of a memhound container. */
export function portOf({ args }: Container): number {
  const words = args ?? [];
  return optionValue(words, 'port') ?? Number(wordAfter(words, '--port') ?? API_PORT);
}

/** What is said if the usual ports are another container's; null: memhound has them, or was given others. */
export function movedPortsText({ args }: Container): string | null {
  const port = wordAfter(args ?? [], '--port');
  if (port === null) return null;
  return `another container uses port ${API_PORT} or ${OPS_PORT}, so the page and the API of memhound are on ${port} (kubectl port-forward POD ${port}; memhound explain --verdict --port ${port})`;
}

/** The value of an option that is a word of its own; null: the option is not there. */
function wordAfter(words: readonly string[], option: string): string | null {
  const at = words.indexOf(option);
  return at < 0 ? null : words[at + 1]!;
}

const setsOption = (args: readonly string[], name: string): boolean => args.some((a) => a.startsWith(`--${name}=`));
const optionValue = (args: readonly string[], name: string): number | null => {
  const found = args.find((a) => a.startsWith(`--${name}=`));
  return found === undefined ? null : Number(found.slice(name.length + 3)) || null;
};

/** Two ports that no container names. All containers of a pod share one network. */
function freePorts(pod: PodSpec, further: readonly string[]): { readonly api: number; readonly ops: number } {
  const taken = new Set(
    [...(pod.containers ?? []), ...(pod.initContainers ?? [])].filter((c) => c.name !== SIDECAR).flatMap(portsOf),
  );
  let api = API_PORT;
  while (taken.has(api) || taken.has(api + 1)) api += 10;
  return { api: optionValue(further, 'port') ?? api, ops: optionValue(further, 'ops-port') ?? api + 1 };
}

/** Ports in a container's list, probes, hooks, environment (SERVER_PORT) and command line (--server.port=8800, :8800). */
function portsOf(c: Container): number[] {
  const listed = (c.ports ?? []).flatMap((p) => [p.containerPort, p.hostPort]);
  const { postStart, preStop } = (c.lifecycle ?? {}) as Record<string, unknown>;
  const asked = [c.livenessProbe, c.readinessProbe, c.startupProbe, postStart, preStop];
  const probes = asked as (Record<string, { port?: unknown } | null> | null | undefined)[];
  const probed = probes.flatMap((p) => ['httpGet', 'tcpSocket', 'grpc'].map((kind) => p?.[kind]?.port));
  const env = (c.env ?? []).flatMap((e) => [/PORT$/.test(e.name ?? '') ? e.value : null, ...inText(String(e.value ?? ''))]);
  const words = inText([...(c.command ?? []), ...(c.args ?? [])].join(' '));
  return [...listed, ...probed, ...env, ...words].map(Number).filter((n) => n > 0);
}

const inText = (text: string): string[] => [...text.matchAll(/(?:port[= :]|:)(\d{1,5})\b/gi)].map((m) => m[1]!);
