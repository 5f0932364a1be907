import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { MachineFault } from '../support/machine-fault.ts';
import { program } from '../support/needs.ts';
import { rootfsPath, writeRootfs } from './rootfs.ts';

/** Images and state of the tests' own podman; kept between runs, so that only the first one pays for the base image. */
const DIR = join(tmpdir(), `memhound-podman-${process.getuid?.()}`);
const CERTIFICATES = '/etc/ssl/certs';
const CONF = join(DIR, 'containers.conf');

/**
 * cgroupfs: there may be no systemd. runc: crun 1.8 refuses hybrid cgroups whose v2 side has a controller. infra_image "": the pause image
 * is built from catatonit, nothing is pulled. Soft limit = hard limit: podman 4.3 swaps the two for the infra container. cgroupns host: what
 * container runtimes do on cgroup v1.
 */
const SETTINGS = `[engine]
cgroup_manager = "cgroupfs"
runtime = "runc"
infra_image = ""
helper_binaries_dir = ["/usr/bin", "/usr/lib/podman", "/usr/libexec/podman"]
events_logger = "file"
[containers]
cgroupns = "host"
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
`;

export const BASE = 'localhost/memhound-test/base:1';
export const IMAGE = 'localhost/memhound:test';

/** What a cluster grants at least. */
export const RESTRICTED = [
  '--network=none',
  '--read-only',
  '--read-only-tmpfs=false',
  '--cap-drop=all',
  '--security-opt=no-new-privileges',
];

export interface Done {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function tryPodman(args: readonly string[], input?: string): Done {
  const { status, stdout, stderr, error } = spawnSync(
    program('pod'),
    ['--root', join(DIR, 'storage'), '--runroot', join(DIR, 'run'), ...args],
    {
      encoding: 'utf8',
      input,
      maxBuffer: 64 * 2 ** 20,
      cwd: DIR, // conmon leaves a file there when the kernel kills a container for its memory
      env: { ...process.env, CONTAINERS_CONF: CONF },
    },
  );
  if (error) throw error;
  return { status, stdout, stderr };
}

/** Runs podman; fails with what it printed. */
export function podman(args: readonly string[], input?: string): string {
  const done = tryPodman(args, input);
  assert.equal(done.status, 0, `podman ${args.join(' ')}: ${done.stderr || done.stdout}`);
  return done.stdout.trim();
}

/** Fails with a fault of the machine: this use of podman does not involve memhound. */
function basic(args: readonly string[]): Done {
  const done = tryPodman(args);
  if (done.status !== 0 && !(args[1] === 'exists' && done.status === 1))
    throw new MachineFault(`podman cannot start a container here: podman ${args[0]}: ${done.stderr || done.stdout}`);
  return done;
}

/** The base image with node, npm and a JDK, also under the names that the Dockerfile and the example manifest ask a registry for. */
function importBase(): void {
  const tar = join(DIR, 'base.tar');
  writeRootfs(tar);
  // npm's traffic may pass a proxy whose certificate this machine trusts: see buildImage.
  const env = [
    `PATH=${rootfsPath()}`,
    `NODE_EXTRA_CA_CERTS=${join(CERTIFICATES, 'ca-certificates.crt')}`,
    'npm_config_fetch_retries=1',
  ];
  basic(['import', '-q', ...env.flatMap((value) => ['-c', `ENV ${value}`]), tar, BASE]);
  rmSync(tar);
}

/** The images of some five builds: podman reads all of them at each build, and a prune of many takes minutes. */
const MOST_IMAGES = 100;

/** Images that no tag needs: steps of builds whose sources have changed since. */
function removeOldImages(): void {
  if (basic(['images', '-aq']).stdout.split('\n').length > MOST_IMAGES) basic(['image', 'prune', '-f']);
}

let hasStarted = false;
/** Has the base image, and starts a container of it that does nothing: once a process. */
function baseImage(): void {
  if (hasStarted) return;
  mkdirSync(DIR, { recursive: true });
  writeFileSync(CONF, SETTINGS);
  if (basic(['image', 'exists', BASE]).status !== 0) importBase();
  removeOldImages();
  basic(['run', '--rm', '--pull=never', '--network=none', BASE, '/bin/true']);
  hasStarted = true;
}

const version = (): string => (JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }).version;

/** The product's image, from the project's Dockerfile on the local base. Network: the registry of npm's packages alone. */
export function buildImage(tag: string = IMAGE, more: readonly string[] = []): string {
  baseImage();
  const trust = existsSync(CERTIFICATES) ? ['-v', `${CERTIFICATES}:${CERTIFICATES}:ro`] : [];
  return podman([
    ...['build', '--pull=never', '--network=host', '--timestamp=0', ...trust],
    ...['--build-arg', `NODE_IMAGE=${BASE}`, '--build-arg', `VERSION=${version()}`, ...more, '-t', tag, resolve('.')],
  ]);
}

/** The groups that podman leaves behind when their last pod has gone. Not while a pod starts: its group is empty at first. */
export function removeEmptyGroups(): void {
  const remove = (dir: string): void => {
    for (const entry of readdirSync(dir, { withFileTypes: true })) if (entry.isDirectory()) remove(join(dir, entry.name));
    try {
      rmdirSync(dir);
    } catch (error) {
      assert.match((error as NodeJS.ErrnoException).code ?? '', /EBUSY|ENOTEMPTY|EPERM/);
    }
  };
  for (const controller of readdirSync('/sys/fs/cgroup')) {
    const dir = join('/sys/fs/cgroup', controller, 'libpod_parent');
    if (existsSync(dir)) remove(dir);
  }
}
