import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { KUBECTL } from '../config/commands/kubectl.ts';
import type { OptionsOf } from '../config/option-table.ts';
import { inject, NO_OPTIONS } from '../manifest/inject.ts';
import { chooseContainer } from '../manifest/jvm-container.ts';
import { patchOf } from '../manifest/patch.ts';
import type { Container, PodSpec } from '../manifest/pod-templates.ts';
import { type Identity, identityOf, portOf, SIDECAR, sidecar } from '../manifest/sidecar.ts';
import { ManifestError } from '../manifest/yaml-text.ts';
import { SECOND_MS } from '../units.ts';
import { VERSION } from '../version.ts';
import { print, printError, withOptions } from './command.ts';
import { Kubectl, KubectlError } from './kubectl-program.ts';

/** `kubectl memhound`: inject, verdict and debug in a cluster, through kubectl itself. */
export const kubectlCommand = (argv: string[]): Promise<number> =>
  withOptions(
    KUBECTL,
    argv.map((word) => (word === '-n' ? '--namespace' : word)),
    run,
  );

type Settings = OptionsOf<typeof KUBECTL>;

const ACTIONS: Readonly<Record<string, (kubectl: Kubectl, target: string, settings: Settings) => Promise<void>>> = {
  inject: change,
  verdict: async (kubectl, target, settings) => print(await verdictOf(kubectl, target, settings)),
  debug,
};

async function run(settings: Settings, words: readonly string[]): Promise<number> {
  const [name = '', target, ...more] = words;
  const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
  // A word that begins with - would be an option of kubectl.
  if (action === undefined || target === undefined || more.length > 0 || !/^[a-z][\w.-]*(?:\/[\w.-]+)?$/i.test(target)) {
    printError('kubectl memhound: expected inject KIND/NAME, verdict KIND/NAME or debug POD; --help lists the options');
    return 2;
  }
  const common = (['namespace', 'context', 'kubeconfig'] as const).flatMap((key) =>
    settings[key] === null ? [] : [`--${key}=${settings[key]}`],
  );
  try {
    await action(new Kubectl(common), target, settings);
    return 0;
  } catch (error) {
    if (error instanceof ManifestError) printError(`kubectl memhound: ${target}: ${error.message}`);
    else if (error instanceof KubectlError) printError(`kubectl memhound: ${error.message}`);
    else throw error;
    return error instanceof ManifestError ? 2 : 1;
  }
}

/** What is read of an object of the API. */
interface Stored {
  readonly kind?: string;
  readonly metadata?: { readonly resourceVersion?: string };
  readonly spec?: PodSpec & { readonly template?: { readonly spec?: PodSpec } };
}
const parsed = (json: string): Stored & Readonly<Record<string, unknown>> => JSON.parse(json) as never;

const WITH_ROLLOUT = new Set(['Deployment', 'StatefulSet', 'DaemonSet']);

async function change(kubectl: Kubectl, target: string, settings: Settings): Promise<void> {
  const json = kubectl.run('get', target, '-o', 'json');
  const before = parsed(json);
  if (before.kind === 'Pod' || before.kind === 'Job')
    throw new ManifestError(
      `the API lets nobody add a container to a ${before.kind} that exists; inject into what creates it, or use kubectl memhound debug POD`,
    );
  const { text, notes } = inject(json, { ...NO_OPTIONS, ...settings, version: VERSION, kubeMinor: settings.kube });
  for (const note of notes) printError(note);
  const patch = patchOf(before, parsed(text));
  if (patch.length === 0) return print(`${target}: nothing to change`);
  kubectl.run('patch', target, '--type=json', '-p', JSON.stringify(patch));
  if (WITH_ROLLOUT.has(before.kind ?? '')) kubectl.run('rollout', 'status', target, `--timeout=${settings.timeout}s`);
  if (settings.remove) return print(`${target}: memhound was removed`);
  print(before.kind === 'CronJob' ? `${target}: memhound is in the next run` : await verdictOf(kubectl, target, settings));
}

/** The sentence of the verdict, from a pod of the target. */
async function verdictOf(kubectl: Kubectl, target: string, settings: Settings): Promise<string> {
  const named = target.includes('/') ? target : `pod/${target}`;
  const { spec } = parsed(kubectl.run('get', named, '-o', 'json'));
  const pod = spec?.template?.spec ?? spec ?? {};
  const own = [...(pod.containers ?? []), ...(pod.initContainers ?? []), ...(pod.ephemeralContainers ?? [])].find(
    (c) => c.name === SIDECAR,
  );
  if (own === undefined)
    throw new ManifestError(`it has no container ${SIDECAR}; add it first: kubectl memhound inject ${target}`);
  return await kubectl.forward(named, portOf(own), (port) => headlineAt(port, settings.timeout));
}

/** memhound listens a moment after its container has started. */
async function headlineAt(port: number, timeout: number): Promise<string> {
  const until = Date.now() + timeout * SECOND_MS;
  for (;;) {
    const answer = await ask(port);
    if (answer.state === 'said') return answer.headline;
    if (Date.now() >= until) throw new KubectlError(`memhound gave no verdict within ${timeout} s: ${answer.why}`);
    await pause(SECOND_MS);
  }
}

type Answer = { readonly state: 'said'; readonly headline: string } | { readonly state: 'not-yet'; readonly why: string };

async function ask(port: number): Promise<Answer> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/verdict`, { signal: AbortSignal.timeout(5 * SECOND_MS) });
    const text = await response.text();
    if (!response.ok) return { state: 'not-yet', why: text.slice(0, 500) };
    const { headline } = JSON.parse(text) as { readonly headline?: unknown };
    return typeof headline === 'string'
      ? { state: 'said', headline }
      : { state: 'not-yet', why: 'expected a headline in the answer, found none' };
  } catch (error) {
    // The connection is refused or cut while the container starts.
    return { state: 'not-yet', why: (error as Error).message };
  }
}

/** Adds memhound to a pod that runs, as an ephemeral container. */
async function debug(kubectl: Kubectl, target: string, settings: Settings): Promise<void> {
  const pod = target.replace(/^pods?\//, '');
  const spec = parsed(kubectl.run('get', `pod/${pod}`, '-o', 'json')).spec ?? {};
  const choice = chooseContainer(spec, settings.containers);
  if (choice.state === 'absent') throw new ManifestError(`it has no container ${settings.containers.join(' or ')}`);
  if (choice.state === 'unclear') throw new ManifestError(choice.why);
  const app = choice.container;
  const identity = idsOf(kubectl, pod, app, spec, settings.runAs);
  const { securityContext } = sidecar({ image: '', app, pod: spec, native: false, identity, args: [], requests: {}, limits: {} });
  const folder = mkdtempSync(join(tmpdir(), 'memhound-debug-'));
  try {
    const part = join(folder, 'debug.json');
    writeFileSync(part, JSON.stringify({ args: ['watch', ...settings.args], securityContext }));
    kubectl.run(
      ...['debug', pod, `--image=${settings.image ?? `ghcr.io/memhound/memhound:${VERSION}`}`, `--target=${app.name}`],
      ...[`--container=${SIDECAR}`, '--profile=restricted', `--custom=${part}`],
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
  const started = `{.status.ephemeralContainerStatuses[?(@.name=="${SIDECAR}")].state.running.startedAt}`;
  kubectl.run('wait', `pod/${pod}`, `--for=jsonpath=${started}`, `--timeout=${settings.timeout}s`);
  print(await verdictOf(kubectl, `pod/${pod}`, settings));
}

/** The ids that the app's process has: as given, as in the manifest, or as its container says. */
function idsOf(kubectl: Kubectl, pod: string, app: Container, spec: PodSpec, runAs: string | null): Identity {
  const identity = identityOf(app, spec);
  if (runAs === null && identity.uid !== null && identity.gid !== null) return identity;
  const text =
    runAs ?? kubectl.run('exec', pod, '-c', app.name ?? '', '--', 'id').replace(/^uid=(\d+).*? gid=(\d+)[\s\S]*$/, '$1:$2');
  const [, uid, gid] = /^(\d+):(\d+)$/.exec(text.trim()) ?? [];
  if (uid === undefined)
    throw new ManifestError(
      `expected the ids of ${app.name} from its program id, found ${JSON.stringify(text.slice(0, 80))}; give --run-as UID:GID`,
    );
  return { ...identity, uid: Number(uid), gid: Number(gid) };
}
