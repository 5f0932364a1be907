import type { Container, PodSpec, SecurityContext } from './pod-templates.ts';

export const SIDECAR = 'memhound';
export const DATA_VOLUME = 'memhound-data';

/** Measured: about 25 MB of anonymous memory, and 50 MB of pages of the node binary, which are charged to the cgroup that reads them first. */
const REQUESTS = { cpu: '10m', memory: '64Mi' };
const LIMITS = { memory: '128Mi' };
/** A pod stays Guaranteed only if requests equal limits in every container, for memory and CPU. */
const GUARANTEED = { cpu: '50m', memory: '128Mi' };

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
        return limit !== undefined && String(request) === String(limit);
      }),
    )
  );
}

export interface SidecarOptions {
  readonly image: string;
  readonly app: Container;
  readonly pod: PodSpec;
  readonly native: boolean;
}

/** The container that is added. Probes use the second port. There is no readiness probe, because it could remove the app from its Service. */
export function sidecar({ image, app, pod, native }: SidecarOptions): Record<string, unknown> {
  const { api, ops } = freePorts(pod);
  const identity = identityOf(app, pod);
  const args = ['watch', '--data', '/data'];
  if (api !== API_PORT) args.push('--port', String(api));
  if (ops !== OPS_PORT) args.push('--ops-port', String(ops));
  return {
    name: SIDECAR,
    image,
    ...(native ? { restartPolicy: 'Always' } : {}),
    args,
    env: [
      resourceEnv('MEMHOUND_REQUEST_MEMORY', app, 'requests.memory'),
      resourceEnv('MEMHOUND_LIMIT_EPHEMERAL_STORAGE', app, 'limits.ephemeral-storage'),
    ],
    ports: [{ name: 'memhound-ops', containerPort: ops }],
    livenessProbe: {
      httpGet: { path: '/healthz', port: 'memhound-ops' },
      periodSeconds: 30,
      timeoutSeconds: 5,
      failureThreshold: 4,
    },
    resources: isGuaranteed(pod) ? { requests: GUARANTEED, limits: GUARANTEED } : { requests: REQUESTS, limits: LIMITS },
    securityContext: securityContext(identity),
    volumeMounts: [{ name: DATA_VOLUME, mountPath: '/data' }],
  };
}

/** A process can read another only if it has the same uid and gid, and at least the same capabilities. */
function securityContext({ uid, gid, capabilities }: Identity): Record<string, unknown> {
  const root = uid === 0;
  return {
    ...(uid === null ? {} : { runAsUser: uid }),
    ...(gid === null ? {} : { runAsGroup: gid }),
    ...(root ? {} : { runAsNonRoot: true }),
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    ...(root ? (capabilities === null ? {} : { capabilities }) : { capabilities: { drop: ['ALL'] } }),
    seccompProfile: { type: 'RuntimeDefault' },
  };
}

const resourceEnv = (name: string, app: Container, resource: string): Record<string, unknown> => ({
  name,
  valueFrom: { resourceFieldRef: { containerName: app.name, resource } },
});

const API_PORT = 8800;
const OPS_PORT = 8801;

/** Two free ports. All containers of a pod share one network, so ports that another container names are skipped. */
function freePorts(pod: PodSpec): { readonly api: number; readonly ops: number } {
  const taken = new Set(
    [...(pod.containers ?? []), ...(pod.initContainers ?? [])]
      .filter((c) => c.name !== SIDECAR)
      .flatMap((c) => (c.ports ?? []).map((p) => p.containerPort)),
  );
  let api = API_PORT;
  while (taken.has(api) || taken.has(api + 1)) api += 10;
  return { api, ops: api + 1 };
}
