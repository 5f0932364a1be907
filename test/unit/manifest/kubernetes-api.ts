import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';

/** An object as the API takes it. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata?: { readonly name?: string };
}

const require = createRequire(import.meta.url);
const folderOf = (name: string): string => dirname(require.resolve(`${name}/package.json`));
/** kubernetes-types names a group by its first label, kubernetes-models by the whole. */
const groupless = (apiVersion: string): string => apiVersion.replace(/^([^./]+)\.[^/]*\//, '$1/');

/** Errors of an object by the schemas of kubernetes-models (4.5: Kubernetes 1.33; 5.x needs Node 22). Empty: valid. */
export function againstNewest(manifest: Manifest): string[] {
  const file = join(folderOf('kubernetes-models'), manifest.apiVersion, `${manifest.kind}.js`);
  const module = require(file) as Record<string, new (data: unknown) => { validate(): void }>;
  try {
    new module[manifest.kind]!(structuredClone(manifest)).validate();
    return [];
  } catch (error) {
    return [`${manifest.kind} ${manifest.metadata?.name}: ${(error as Error).message}`];
  }
}

/**
 * Errors of the compiler for objects that have the API's types of a version, unknown fields included. `types`: a package of types,
 * kubernetes-types (of 1.29) or kubernetes-models.
 */
export function againstTypes(manifests: readonly Manifest[], types: 'kubernetes-types' | 'kubernetes-models'): string[] {
  const cache = resolve('node_modules/.cache');
  mkdirSync(cache, { recursive: true });
  const dir = mkdtempSync(join(cache, 'manifests-'));
  try {
    const lines = manifests.map((manifest, i) => {
      const { apiVersion, kind } = manifest;
      const core = apiVersion.includes('/') ? groupless(apiVersion) : `core/${apiVersion}`;
      const type =
        types === 'kubernetes-types'
          ? `import('kubernetes-types/${core}').${kind}`
          : `import('kubernetes-models/${apiVersion}/${kind}').I${kind}`;
      return `const m${i}: ${type} = ${JSON.stringify(manifest, null, 1)};\nvoid m${i};\n`;
    });
    writeFileSync(join(dir, 'manifests.ts'), `${lines.join('')}export {};\n`);
    const options = [
      '--noEmit',
      '--strict',
      '--skipLibCheck',
      '--ignoreConfig',
      '--module',
      'esnext',
      '--moduleResolution',
      'bundler',
      '--target',
      'es2022',
      '--types',
      '',
    ];
    const done = spawnSync(
      process.execPath,
      [resolve('node_modules/typescript/bin/tsc'), ...options, join(dir, 'manifests.ts')],
      {
        encoding: 'utf8',
      },
    );
    if (done.error) throw done.error;
    return done.status === 0 ? [] : `${done.stdout}${done.stderr}`.trim().split('\n');
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** What the built object breaks of the "restricted" Pod Security Standard (kubernetes.io/docs/concepts/security/pod-security-standards). */
export function againstRestricted(pod: RestrictedPod): string[] {
  const wrong: string[] = [];
  for (const name of ['hostNetwork', 'hostPID', 'hostIPC'] as const) if (pod[name] === true) wrong.push(name);
  const VOLUMES = ['configMap', 'csi', 'downwardAPI', 'emptyDir', 'ephemeral', 'persistentVolumeClaim', 'projected', 'secret'];
  for (const volume of pod.volumes ?? [])
    for (const kind of Object.keys(volume)) if (kind !== 'name' && !VOLUMES.includes(kind)) wrong.push(`volume ${kind}`);
  for (const { name, securityContext: own = {}, ports = [] } of [...pod.containers, ...(pod.initContainers ?? [])]) {
    const either = { ...pod.securityContext, ...own };
    if (own.privileged === true) wrong.push(`${name}: privileged`);
    if (own.allowPrivilegeEscalation !== false) wrong.push(`${name}: allowPrivilegeEscalation`);
    if (either.runAsNonRoot !== true) wrong.push(`${name}: runAsNonRoot`);
    if (either.runAsUser === 0) wrong.push(`${name}: runAsUser 0`);
    if (!['RuntimeDefault', 'Localhost'].includes(either.seccompProfile?.type ?? '')) wrong.push(`${name}: seccompProfile`);
    if (!own.capabilities?.drop?.includes('ALL')) wrong.push(`${name}: capabilities are not dropped`);
    if (own.capabilities?.add?.some((c) => c !== 'NET_BIND_SERVICE')) wrong.push(`${name}: capabilities are added`);
    if (ports.some((p) => p.hostPort)) wrong.push(`${name}: hostPort`);
  }
  return wrong;
}

interface Context {
  readonly privileged?: boolean;
  readonly allowPrivilegeEscalation?: boolean;
  readonly runAsNonRoot?: boolean;
  readonly runAsUser?: number;
  readonly seccompProfile?: { readonly type: string };
  readonly capabilities?: { readonly drop?: readonly string[]; readonly add?: readonly string[] };
}
interface RestrictedContainer {
  readonly name: string;
  readonly securityContext?: Context;
  readonly ports?: readonly { readonly hostPort?: number }[];
}
export interface RestrictedPod {
  readonly hostNetwork?: boolean;
  readonly hostPID?: boolean;
  readonly hostIPC?: boolean;
  readonly securityContext?: Context;
  readonly volumes?: readonly Readonly<Record<string, unknown>>[];
  readonly containers: readonly RestrictedContainer[];
  readonly initContainers?: readonly RestrictedContainer[];
}
