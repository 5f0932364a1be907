import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { parseAllDocuments, stringify } from 'yaml';
import type { Verdict } from '../../src/diagnosis/types.ts';
import { BASE, buildImage, podman, tryPodman } from './podman.ts';

/** The part of a pod template that the tests change. */
export interface PodSpec {
  shareProcessNamespace?: boolean;
  volumes: unknown[];
  containers: {
    name: string;
    image: string;
    imagePullPolicy?: string;
    command?: string[];
    args?: string[];
    env?: { name: string; value?: string; valueFrom?: unknown }[];
    livenessProbe?: unknown;
    ports?: unknown;
    volumeMounts: unknown[];
    securityContext?: Record<string, unknown>;
  }[];
}

const VOLUMES = ['memhound-data', 'orders-source'];

/** What podman cannot do is removed: it has no kubelet that probes, publishes ports only on a bridge, and knows no ephemeral storage. */
const NO_KUBELET = ['livenessProbe', 'ports'] as const;

/** Images under the names that the example asks for, so that its manifest runs as it is. */
export function images(): void {
  buildImage('ghcr.io/memhound/memhound:test');
  podman(['tag', BASE, 'docker.io/library/eclipse-temurin:21-jdk-noble']);
}

export interface PodChange {
  readonly change?: (spec: PodSpec) => void;
  /** Another program in place of the example's. */
  readonly source?: string | null;
}

/** A pod from the example manifest of k8s/, in a separate network namespace without a route to the outside. */
export class Pod {
  readonly #documents: unknown[];
  readonly #pod: string;
  readonly #volumes: readonly string[];

  constructor(name: string, { change = () => {}, source = null }: PodChange = {}) {
    this.#pod = `${name}-pod-0`;
    // podman's volumes have the names that the manifest gives them: pods side by side must not share theirs.
    const text = VOLUMES.reduce(
      (yaml, volume) => yaml.replaceAll(volume, `${name}-${volume}`),
      readFileSync('k8s/example.yaml', 'utf8'),
    );
    this.#volumes = VOLUMES.map((volume) => `${name}-${volume}`);
    this.#documents = parseAllDocuments(text).map((d) => d.toJS());
    const [program] = this.#documents as [{ data: Record<string, string> }];
    if (source !== null) program.data['Orders.java'] = source;
    for (const document of this.#documents as {
      kind: string;
      metadata: { name: string };
      spec: { template: { spec: PodSpec } };
    }[]) {
      if (document.kind !== 'Deployment') continue;
      document.metadata.name = name;
      const { spec } = document.spec.template;
      for (const container of spec.containers) {
        container.imagePullPolicy = 'Never';
        for (const key of NO_KUBELET) delete container[key];
        container.env = (container.env ?? []).filter((e) => !JSON.stringify(e).includes('ephemeral-storage'));
      }
      const hound = this.#of(spec, 'memhound');
      hound.image = hound.image.replace(/:[^:]*$/, ':test');
      this.#env(spec, 'memhound', { MEMHOUND_EVERY: '1s', MEMHOUND_MIN_HISTORY: '15s' });
      this.#env(spec, 'app', { LOG_MB_PER_SECOND: '5' });
      change(spec);
    }
  }

  #of(spec: PodSpec, name: string): PodSpec['containers'][number] {
    const found = spec.containers.find((c) => c.name === name);
    assert.ok(found, `the manifest has no container ${name}`);
    return found;
  }

  #env(spec: PodSpec, container: string, values: Readonly<Record<string, string>>): void {
    const c = this.#of(spec, container);
    c.env = [...(c.env ?? []), ...Object.entries(values).map(([name, value]) => ({ name, value }))];
  }

  up(): void {
    podman(['play', 'kube', '--network=none', '-'], this.#documents.map((d) => stringify(d)).join('---\n'));
  }

  down(): void {
    tryPodman(['pod', 'rm', '-f', '-t', '0', this.#pod]);
    tryPodman(['volume', 'rm', '-f', ...this.#volumes]);
  }

  container(name: string): string {
    return `${this.#pod}-${name}`;
  }

  logs(name: string): string {
    const { stdout, stderr } = tryPodman(['logs', this.container(name)]);
    return `${stdout}${stderr}`;
  }

  /** As port-forward does: from within the pod's network namespace, to its loopback. */
  async get<T>(path: string, port = 8800): Promise<{ readonly status: number; readonly body: T }> {
    const pid = podman(['inspect', '-f', '{{.State.Pid}}', this.container('memhound')]);
    assert.ok(existsSync(`/proc/${pid}/ns/net`), `memhound's container does not run:\n${this.logs('memhound')}`);
    const script = `const a = await fetch('http://127.0.0.1:${port}${path}'); console.log(JSON.stringify({ status: a.status, text: await a.text() }))`;
    const child = spawn('nsenter', [`--net=/proc/${pid}/ns/net`, process.execPath, '--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
    assert.notEqual(out, '', `${path} on ${port}: ${err}\n${this.logs('memhound')}`);
    const { status, text: answer } = JSON.parse(out) as { status: number; text: string };
    return { status, body: (/^[[{]/.test(answer) ? JSON.parse(answer) : answer) as T };
  }

  /** Asks until the answer fits; there is no event across the namespace's border. Fails after `seconds` with the last answer. */
  async until<T>(path: string, fits: (body: T, status: number) => boolean, seconds = 90, port = 8800): Promise<T> {
    let last = 'nothing';
    for (const end = Date.now() + seconds * 1000; Date.now() < end; await delay(500)) {
      try {
        const { status, body } = await this.get<T>(path, port);
        if (fits(body, status)) return body;
        last = `${status} ${JSON.stringify(body).slice(0, 1500)}`;
      } catch (error) {
        last = (error as Error).message;
      }
    }
    throw new Error(`${path}: not within ${seconds} s; last: ${last}`);
  }

  verdict(fits: (verdict: Verdict) => boolean): Promise<Verdict> {
    return this.until<Verdict>('/api/v1/verdict', (body, status) => status === 200 && fits(body));
  }
}
