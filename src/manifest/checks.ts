import type { Container, Workload } from './pod-templates.ts';
import { identityOf, isGuaranteed } from './sidecar.ts';
import { ManifestError } from './yaml-text.ts';

/** Kinds whose pods complete. A classic sidecar would prevent that. */
export const ENDS_BY_ITSELF: ReadonlySet<string> = new Set(['Job', 'CronJob']);
/** Native sidecars are enabled by default since this minor version. Source: Kubernetes 1.29, "Sidecar containers". */
const NATIVE_SINCE = 29;

/** Refuses manifests with which the sidecar cannot work. @throws ManifestError */
export function refuse({ kind, pod }: Workload, native: boolean, kubeMinor: number): void {
  if (pod.hostPID === true)
    throw new ManifestError('hostPID: true excludes shareProcessNamespace; use the hostPath variant of docs/kubernetes.md');
  if (pod.shareProcessNamespace === false)
    throw new ManifestError(
      'shareProcessNamespace is false here, so no other container can see the JVM; remove the line, or use the hostPath variant of docs/kubernetes.md',
    );
  if (pod.os?.name === 'windows' || pod.nodeSelector?.['kubernetes.io/os'] === 'windows')
    throw new ManifestError('it runs on Windows nodes; memhound reads Linux cgroups');
  if (pod.hostUsers === false)
    throw new ManifestError(
      'hostUsers: false gives every container separate user ids, and the kernel does not show a process across them; remove the line',
    );
  if (native && kubeMinor < NATIVE_SINCE)
    throw new ManifestError(
      ENDS_BY_ITSELF.has(kind)
        ? `a ${kind} needs a native sidecar (with a classic one it would never complete), which Kubernetes has since 1.29; --kube says 1.${kubeMinor}`
        : `--native needs Kubernetes 1.29 or newer; --kube says 1.${kubeMinor}`,
    );
}

/** Possible problems, one sentence each. */
export function warnings(workload: Workload, app: Container): string[] {
  const { pod } = workload;
  const { uid, gid, capabilities } = identityOf(app, pod);
  const said: string[] = [];
  if (uid === null)
    said.push(
      `the image of ${app.name} decides the uid, and memhound must have the same: set runAsUser and runAsGroup in ${app.name}'s securityContext`,
    );
  else if (gid === null)
    said.push(
      `the image of ${app.name} decides the gid (0 where it has no user ${uid}), and memhound must have the same: set runAsGroup`,
    );
  if (uid === 0) {
    said.push(
      `${app.name} runs as root, so memhound does too, with the capabilities that ${app.name} has: the "restricted" pod security standard forbids both (runAsNonRoot, drop ALL)`,
    );
  } else if ((capabilities?.add ?? []).length > 0)
    said.push(
      `${app.name} adds capabilities (${capabilities!.add!.join(', ')}); if its process holds them, memhound, which has none, cannot see it`,
    );
  if (usesPid1(app))
    said.push(
      `${app.name}'s command, probes or hooks count on process 1 (kill 1, /proc/1): with a shared process namespace that is the pod's pause process`,
    );
  if (isGuaranteed(pod)) said.push('the pod stays Guaranteed: memhound has requests equal to limits');
  return said;
}

function usesPid1(app: Container): boolean {
  const words = JSON.stringify([app.command, app.args, app.livenessProbe, app.readinessProbe, app.startupProbe, app.lifecycle]);
  return /\bkill\s+(?:-\S+\s+)*1\b|\/proc\/1\b|\bgosu\b.*\b1\b/.test(words);
}

/** The workload that a HorizontalPodAutoscaler scales, if it uses averages over all containers; null: it does not, or it is another kind. */
export function autoscaled(document: unknown): { readonly kind: string; readonly name: string } | null {
  const hpa = document as {
    kind?: string;
    spec?: {
      scaleTargetRef?: { kind?: string; name?: string };
      metrics?: { type?: string }[];
      targetCPUUtilizationPercentage?: number;
    };
  } | null;
  if (hpa?.kind !== 'HorizontalPodAutoscaler') return null;
  const whole =
    hpa.spec?.targetCPUUtilizationPercentage !== undefined || (hpa.spec?.metrics ?? []).some((m) => m.type === 'Resource');
  const { kind, name } = hpa.spec?.scaleTargetRef ?? {};
  return whole && kind !== undefined && name !== undefined ? { kind, name } : null;
}
