import type { Container, PodSpec, SecurityContext } from './pod-templates.ts';

export const SIDECAR = 'memhound';
export const DATA_VOLUME = 'memhound-data';

/** Measured: some 25 MB of anonymous memory, and 50 MB of the node binary's own pages, which are charged to whoever reads them first. */
const REQUESTS = { cpu: '10m', memory: '64Mi' };
const LIMITS = { memory: '128Mi' };
/** A Guaranteed pod stays so only if requests equal limits in every container, CPU too. */
const GUARANTEED = { cpu: '50m', memory: '128Mi' };

/** As whom a container runs: what the manifest says of it; null: the image decides. */
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

/** Guaranteed: every container has limits for both, and requests, where given, equal them. Source: Kubernetes, "Pod Quality of Service Classes". */
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

/** The container that is added. Probes ask the second port; there is no readiness probe, which would take the app out of its Service. */
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

/** The kernel shows one process to another only with the same uid and gid, and capabilities that include the other's. */
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

/** All containers of a pod share one network: a port that another one names is not ours. */
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
