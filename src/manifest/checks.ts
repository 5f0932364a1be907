import type { Container, PodSpec, Workload } from './pod-templates.ts';
import { type Identity, identityOf, isGuaranteed } from './sidecar.ts';

/** Whether the workload's pods end by themselves. A classic sidecar would prevent that. */
export const completes = ({ kind, pod }: Workload): boolean =>
  kind === 'Job' ||
  kind === 'CronJob' ||
  (kind === 'Pod' && (pod.restartPolicy === 'Never' || pod.restartPolicy === 'OnFailure'));
/** Native sidecars are enabled by default since this minor version. Source: Kubernetes 1.29, "Sidecar containers". */
const NATIVE_SINCE = 29;

/** Why the sidecar cannot work in this pod; null: it can. */
export function refusal(workload: Workload, app: Container, native: boolean, kubeMinor: number): string | null {
  const { kind, pod } = workload;
  if (pod.hostPID === true) return 'hostPID: true excludes shareProcessNamespace; use the hostPath variant of docs/kubernetes.md';
  if (pod.shareProcessNamespace === false)
    return 'shareProcessNamespace is false here, so no other container can see the JVM; remove the line, or use the hostPath variant of docs/kubernetes.md';
  if (pod.os?.name === 'windows' || pod.nodeSelector?.['kubernetes.io/os'] === 'windows')
    return 'it runs on Windows nodes; memhound reads Linux cgroups';
  if (pod.hostUsers === false)
    return 'hostUsers: false gives every container separate user ids, and the kernel does not show a process across them; remove the line';
  const system = goingOn(pod).flatMap((c) => {
    const what = startedAsProcess1(c);
    return what === null ? [] : [{ name: c.name, what }];
  })[0];
  if (system !== undefined && pod.shareProcessNamespace !== true)
    return `container ${system.name} starts with ${system.what}, which ends where it is not process 1, and with shareProcessNamespace it is not; use the hostPath variant of docs/kubernetes.md`;
  if (native && kubeMinor < NATIVE_SINCE)
    return completes(workload)
      ? `a ${kind}${kind === 'Pod' ? ` with restartPolicy: ${pod.restartPolicy}` : ''} needs a native sidecar (with a classic one it would never complete), which Kubernetes has since 1.29; --kube says 1.${kubeMinor}`
      : `--native needs Kubernetes 1.29 or newer; --kube says 1.${kubeMinor}`;
  const { privileged, capabilities } = app.securityContext ?? {};
  const { uid } = identityOf(app, pod);
  if (privileged === true && (uid === null || uid === 0) && capabilities?.add === undefined)
    return `container ${app.name} is privileged and may be root: it then holds all capabilities, the kernel shows such a process only to one that holds them too, and memhound is never privileged; remove privileged, or use the hostPath variant of docs/kubernetes.md`;
  return null;
}

/** Possible problems, one sentence each. `identity`: that of the sidecar. */
export function warnings(workload: Workload, app: Container, identity: Identity, native: boolean): string[] {
  const { pod, annotations, template } = workload;
  const { uid, gid, capabilities } = identity;
  const said: string[] = [];
  if (uid === null)
    said.push(
      `the image of ${app.name} decides the uid, and memhound must have the same: set runAsUser and runAsGroup in ${app.name}'s securityContext, or give --run-as UID:GID. ${FIND_IDS(app)}`,
    );
  else if (gid === null)
    said.push(
      `the image of ${app.name} decides the gid (0 where it has no user ${uid}), and memhound must have the same: set runAsGroup, or give --run-as ${uid}:GID. ${FIND_IDS(app)}`,
    );
  const own = identityOf(app, pod);
  if (own.uid !== null && uid !== null && (own.uid !== uid || (own.gid !== null && gid !== null && own.gid !== gid)))
    said.push(
      `memhound runs as ${uid}:${gid ?? '?'} (--run-as), ${app.name} as ${own.uid}:${own.gid ?? '?'}: the kernel shows ${app.name} only if both are the same`,
    );
  if (uid === 0) {
    said.push(
      `${app.name} runs as root, so memhound does too, with the capabilities that ${app.name} has: the "restricted" pod security standard forbids both (runAsNonRoot, drop ALL)`,
    );
  } else if ((capabilities?.add ?? []).length > 0)
    said.push(
      `${app.name} adds capabilities (${capabilities!.add!.join(', ')}); if its process holds them, memhound, which has none, cannot see it`,
    );
  said.push(...processOne(pod), ...withoutCounters(app));
  if (pod.hostNetwork === true)
    said.push(
      "hostNetwork: true makes memhound's two ports ports of the node: both are bound to 127.0.0.1, where every process of the node reaches them, and a second such pod on a node needs other ports (--arg=--port=N)",
    );
  if (native && pod.hostNetwork !== true && !completes(workload)) said.push(...unknownPorts(app));
  if (app.securityContext?.appArmorProfile != null)
    said.push(
      `${app.name} has an AppArmor profile; memhound gets the same one, because a profile can forbid reading another's process`,
    );
  const profile = `${APPARMOR}/${app.name}`;
  if (profile in annotations || profile in (template.annotations ?? {}))
    said.push(
      `${app.name} has an AppArmor profile by the annotation ${profile}; give memhound the same one (${APPARMOR}/memhound), because a profile can forbid reading another's process`,
    );
  if (pod.resources != null)
    said.push(
      "the pod's own resources (spec.resources) hold for all its containers: memhound's memory, 64Mi or so, comes out of them",
    );
  return said;
}

/** Whether a Guaranteed pod stays so with this sidecar. */
export function qualityOfService(pod: PodSpec, added: Container): string[] {
  if (!isGuaranteed(pod)) return [];
  return isGuaranteed({ containers: [added] })
    ? ['the pod stays Guaranteed: memhound has requests equal to limits']
    : ['the pod becomes Burstable: it was Guaranteed, and memhound has requests (--requests) other than its limits (--limits)'];
}

/** An image's user that is a name. */
export function unknownUser(app: Container, { uid }: Identity, user: string | null): string[] {
  if (uid !== null || user === null || /^\d/.test(user)) return [];
  return [
    `the image of ${app.name} sets the user ${user}, a name, and its /etc/passwd gives the ids: docker run --rm --entrypoint id ${app.image}`,
  ];
}

/** The form of AppArmor profiles before Kubernetes 1.30. */
const APPARMOR = 'container.apparmor.security.beta.kubernetes.io';

const FIND_IDS = (app: Container): string =>
  `To find them: kubectl exec POD -c ${app.name} -- id, or docker inspect ${app.image ?? 'IMAGE'} > FILE and --image-config FILE (--image-client docker does both)`;

/** A native sidecar starts first and takes its ports before the app does. */
const unknownPorts = (app: Container): string[] =>
  (app.ports ?? []).length > 0
    ? []
    : [
        `memhound starts before ${app.name}, and the manifest does not list ${app.name}'s ports: if they include memhound's, ${app.name} cannot bind them; list them under ports`,
      ];

/** The containers that run beside the app: not those that end before it starts. */
const goingOn = (pod: PodSpec): Container[] => [
  ...(pod.containers ?? []),
  ...(pod.initContainers ?? []).filter((c) => c.restartPolicy === 'Always'),
];

/** An init system that works only as process 1, by the command, or by variables that only s6's has. null: none is seen. */
function startedAsProcess1(c: Container): string | null {
  const words = [...(c.command ?? []), ...(c.args ?? [])].join(' ');
  const variable = (c.env ?? []).find((e) => /^S6_[A-Z]/.test(e.name ?? ''))?.name;
  if (/(?:^|\s)\/init(?:\s|$)/.test(words)) return "s6's /init";
  if (variable !== undefined && (c.command ?? []).length === 0) return `s6's /init (it sets ${variable})`;
  return /^(?:\/usr)?(?:\/sbin\/init|\/lib\/systemd\/systemd)(?:\s|$)/.exec(words)?.[0].trim() ?? null;
}

/** Uses of process 1, as a shell command or as a list of words. */
const USES_PID_1 =
  /(?:^|[\s;&|/("'`])(?:kill|jcmd|jstack|jmap|jinfo|jstat)(?:\s+-\S*(?:\s+(?:SIG)?[A-Z]+\d?)?|\s+\d+)*\s+["']?1(?![\w.])|\/proc\/1(?![\w.])/;
const INIT = /^(?:.*\/)?(tini|dumb-init)(?:-static)?$/;

function processOne(pod: PodSpec): string[] {
  return goingOn(pod).flatMap((c) => {
    const said: string[] = [];
    const parts = [c.command, c.args, c.livenessProbe, c.readinessProbe, c.startupProbe, c.lifecycle];
    if (parts.some((part) => commandsOf(part).some((words) => USES_PID_1.test(words))))
      said.push(
        `${c.name}'s command, probes or hooks count on process 1 (kill 1, /proc/1): with a shared process namespace that is the pod's pause process`,
      );
    const init = INIT.exec(c.command?.[0] ?? '')?.[1];
    if (init === 'tini' && !subreaper(c))
      said.push(
        `${c.name} starts with tini, which is not process 1 in a shared process namespace: give it -s, or it warns and reaps nothing`,
      );
    if (init === 'dumb-init')
      said.push(
        `${c.name} starts with dumb-init, which is not process 1 in a shared process namespace: the pod's pause process reaps orphans`,
      );
    return said;
  });
}

/** Whether tini reaps although it is not process 1. Source: tini's README, "Subreaping". */
function subreaper(c: Container): boolean {
  const words = c.command!.slice(1);
  const end = words.findIndex((w) => !/^-[a-z]/.test(w));
  const options = end < 0 ? words : words.slice(0, end);
  return options.some((w) => w.includes('s')) || (c.env ?? []).some((e) => e.name === 'TINI_SUBREAPER');
}

/** All command lines below a value: a list of words is one. */
function commandsOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.every((v) => typeof v !== 'object') ? [value.join(' ')] : value.flatMap(commandsOf);
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(commandsOf) : [];
}

/** HotSpot publishes its counters as a file below /tmp. */
function withoutCounters(app: Container): string[] {
  const words = [...(app.command ?? []), ...(app.args ?? []), ...(app.env ?? []).map((e) => String(e.value ?? ''))].join(' ');
  const flag = /-XX:(?:-UsePerfData|\+PerfDisableSharedMem)/.exec(words);
  if (flag !== null)
    return [`${app.name} sets ${flag[0]}: the JVM publishes no counters, and memhound has no heap sizes; remove it`];
  const writable = (app.volumeMounts ?? []).some((m) => /^\/tmp\/?$/.test(m.mountPath ?? '') && m.readOnly !== true);
  if (app.securityContext?.readOnlyRootFilesystem !== true || writable) return [];
  return [
    `${app.name} has a read-only root filesystem and no volume at /tmp, where the JVM publishes its counters: add the volume {name: tmp, emptyDir: {}} and the mount {name: tmp, mountPath: /tmp}`,
  ];
}

/** The workload that a HorizontalPodAutoscaler scales, if it uses averages over all containers; null: it does not, or it is another kind. */
export function autoscaled(document: unknown): { readonly kind: string; readonly name: string } | null {
  const hpa = document as {
    kind?: string;
    spec?: {
      scaleTargetRef?: { kind?: string; name?: string };
      metrics?: unknown;
      targetCPUUtilizationPercentage?: number;
    };
  } | null;
  if (hpa?.kind !== 'HorizontalPodAutoscaler') return null;
  const metrics = hpa.spec?.metrics;
  const whole =
    hpa.spec?.targetCPUUtilizationPercentage !== undefined ||
    (Array.isArray(metrics) && metrics.some((m: { type?: unknown } | null) => m?.type === 'Resource'));
  const { kind, name } = hpa.spec?.scaleTargetRef ?? {};
  return whole && kind !== undefined && name !== undefined ? { kind, name } : null;
}
