/**
 * The container id in a cgroup path, as docker, containerd, CRI-O and podman write it, with the cgroupfs or the systemd driver:
 * `/docker/<64 hex>`, `/kubepods/burstable/pod<uid>/<64 hex>`, `…/cri-containerd-<64 hex>.scope`, `crio-…`, `docker-…`, `libpod-…`,
 * `…:cri-containerd:<64 hex>` (nested systemd names). null: no container runtime created this group. Pure.
 */
export function containerId(cgroupPath: string): string | null {
  for (const name of cgroupPath.split('/').reverse()) {
    const match = /(?:^|[-:])([0-9a-f]{64}|[0-9a-f]{32}-\d+)(?:\.scope)?$/.exec(name);
    if (match !== null && !name.startsWith('crio-conmon-') && !name.startsWith('libpod-conmon-')) return match[1]!;
  }
  return null;
}

/** The usual short form of a container id: its first twelve digits. */
export const shortId = (id: string): string => id.slice(0, 12);

/** URL-safe id of a target whose group was not created by a container runtime: the end of its path. Pure. */
export function slug(cgroupPath: string): string {
  const parts = cgroupPath.split('/').filter((p) => p !== '' && p !== '..');
  const text = parts.slice(-2).join('-').toLowerCase();
  return (
    text
      .replace(/[^a-z0-9._-]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .slice(-48) || 'root'
  );
}
