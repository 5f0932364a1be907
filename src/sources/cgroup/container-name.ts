/**
 * The container's name in the pod's manifest, from /proc/PID/mountinfo of one of its processes; null: not started by a kubelet.
 *
 * The kubelet bind-mounts a file of the container into it as its termination log, `.../pods/UID/containers/NAME/HASH` (Kubernetes,
 * pkg/kubelet/kuberuntime/kuberuntime_container.go, makeMounts: PodContainerDir and eight random hexadecimal digits). Field 4 of
 * mountinfo is that path within its file system. It begins with /var/lib/kubelet; with /kubelet if /var/lib is a separate volume; or with a
 * longer path if the node itself is a container. The mount point varies: `terminationMessagePath` sets it. Names are DNS labels
 * (RFC 1123), and the UID of a static pod has no hyphens. Pure.
 */
export function kubernetesContainerName(mountinfo: string): string | null {
  return TERMINATION_LOG.exec(mountinfo)?.[1] ?? null;
}

const TERMINATION_LOG =
  /^\d+ \d+ \d+:\d+ \/\S*\/?pods\/[0-9a-f-]{32,36}\/containers\/([a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)\/[0-9a-f]{8} /m;
