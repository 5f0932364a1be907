import { completes, refusal } from './checks.ts';
import { type Choice, chooseContainer } from './jvm-container.ts';
import type { Container, Unusable, Workload } from './pod-templates.ts';
import { ANNOTATION, hashOf, type InjectionRecord, readRecord } from './record.ts';
import { checkShape } from './shape.ts';
import { DATA_VOLUME, SIDECAR } from './sidecar.ts';
import { ManifestError } from './yaml-text.ts';

/** An annotation of the workload or of its pod template: "true" opts in, "false" opts out. */
const OPT = 'memhound.dev/inject';

export interface Selection {
  /** Names of containers, from --container. */
  readonly containers: readonly string[];
  /** KIND/NAME, from --workload. */
  readonly workloads: readonly string[];
  /** Labels that a workload or its pods must have. */
  readonly selector: Readonly<Record<string, string>>;
  /** Also workloads without a sign of a JVM. */
  readonly all: boolean;
  readonly native: boolean;
  readonly kubeMinor: number;
}

/** What inject does with one workload. */
export type Plan =
  | {
      readonly state: 'inject';
      readonly workload: Workload;
      readonly container: Container;
      readonly why: string;
      readonly native: boolean;
      readonly before: InjectionRecord | null;
    }
  /** memhound is in it already, and stays as it is. */
  | { readonly state: 'kept'; readonly why: string }
  /** Its author, or an option, leaves it out. */
  | { readonly state: 'left-out'; readonly why: string }
  /** It would have been injected if it could. */
  | { readonly state: 'impossible'; readonly why: string };

export function planFor(source: string, workload: Workload | Unusable, selection: Selection, alone: boolean): Plan {
  const left = leftOut(workload, selection);
  if (left !== null) return { state: 'left-out', why: left };
  if (workload.state === 'unusable') return { state: 'impossible', why: workload.why };
  try {
    checkShape(source, workload.spec, workload.pod);
  } catch (error) {
    if (error instanceof ManifestError) return { state: 'impossible', why: error.message };
    throw error;
  }
  const { pod } = workload;
  if (!Array.isArray(pod.containers)) return { state: 'impossible', why: 'expected a list of containers, found none' };
  const before = readRecord(workload.annotations[ANNOTATION]);
  const present = [...pod.containers, ...(pod.initContainers ?? [])].find((c) => c.name === SIDECAR);
  if (present !== undefined) {
    if (before === null) return { state: 'kept', why: `it has a container ${SIDECAR} that inject did not add` };
    if (before.hash !== null && before.hash !== hashOf(present))
      return {
        state: 'kept',
        why: `its container ${SIDECAR} was changed by hand and stays as it is (for a new one: inject --remove, then inject; --arg passes options to it)`,
      };
  } else if (before === null && pod.volumes?.some((v) => v.name === DATA_VOLUME))
    return { state: 'impossible', why: `it has a volume ${DATA_VOLUME} of its own, the name of memhound's; rename the volume` };
  const choice = choose(workload, selection, before);
  const kept: Plan | null =
    before === null || present === undefined
      ? null
      : {
          state: 'kept',
          why: `it keeps memhound${before.container === null ? '' : `, which watches container ${before.container}`}`,
        };
  if (choice.state === 'absent')
    return kept ?? { state: 'left-out', why: `it has no container ${selection.containers.join(' or ')}` };
  if (choice.state === 'unclear') return kept ?? { state: 'impossible', why: choice.why };
  const named = selection.all || optOf(workload) === 'true' || selection.workloads.length > 0 || before !== null;
  if (choice.state === 'without-sign' && !alone && !named)
    return { state: 'impossible', why: 'nothing in it says that it runs a JVM; --all or --workload adds memhound all the same' };
  const native = selection.native || completes(workload) || before?.places.has('initContainers') === true;
  const refused = refusal(workload, choice.container, native, selection.kubeMinor);
  if (refused !== null) return { state: 'impossible', why: refused };
  const why = choice.state === 'chosen' ? choice.why : 'the only container; nothing in the manifest says that it runs a JVM';
  return { state: 'inject', workload, container: choice.container, why, native, before };
}

/** Options of an earlier inject hold where this one gives none. */
function choose({ pod }: Workload, { containers }: Selection, before: InjectionRecord | null): Choice {
  if (containers.length > 0 || before?.container == null) return chooseContainer(pod, containers);
  const earlier = chooseContainer(pod, [before.container]);
  return earlier.state === 'chosen' ? earlier : chooseContainer(pod, []);
}

function optOf(workload: Workload): unknown {
  return workload.annotations[OPT] ?? workload.template.annotations?.[OPT];
}

/** null: it is a map or a list, whose own keys may forbid String(). */
const scalarText = (value: unknown): string | null => (typeof value === 'object' ? null : String(value));

function leftOut(workload: Workload | Unusable, { workloads, selector }: Selection): string | null {
  const name = `${workload.kind}/${workload.name}`;
  if (workloads.length > 0 && !workloads.some((w) => w.toLowerCase() === name.toLowerCase())) return 'no --workload names it';
  if (workload.state === 'unusable') return null;
  if (scalarText(optOf(workload)) === 'false') return `its annotation ${OPT} is "false"`;
  const labels: Readonly<Record<string, unknown>> = { ...workload.template.labels, ...workload.labels };
  const missing = Object.entries(selector).find(([key, value]) => scalarText(labels[key]) !== value);
  return missing === undefined ? null : `it has no label ${missing.join('=')} (--selector)`;
}
