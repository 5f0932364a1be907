import { type Workload, workloadsOf } from './pod-templates.ts';
import { ANNOTATION, type Before, type InjectionRecord, readRecord } from './record.ts';
import { DATA_VOLUME, SIDECAR } from './sidecar.ts';
import { type Change, verify } from './verify.ts';
import {
  applyEdits,
  type Edit,
  get,
  isMap,
  isScalar,
  isSeq,
  pairOf,
  parseManifest,
  removeItem,
  removeKey,
  restoreNull,
  type YAMLMap,
} from './yaml-text.ts';

/** Removes what the records of these workloads name, and nothing else. @throws ManifestError */
export function removeFrom(
  source: string,
  wanted: (workload: Workload) => boolean,
): { readonly text: string; readonly removed: readonly string[] } {
  const removed: string[] = [];
  const edits: Edit[] = [];
  const changes: Change[] = [];
  for (const workload of parseManifest(source).flatMap(workloadsOf)) {
    if (workload.state === 'unusable') continue;
    const record = readRecord(workload.annotations[ANNOTATION]);
    if (record === null || !wanted(workload)) continue;
    collect(source, workload, record, edits, changes);
    removed.push(`${workload.kind} ${workload.name}`);
  }
  if (removed.length === 0) return { text: source, removed };
  const edited = applyEdits(source, edits);
  // If the original text had no newline at its end and inject had added its last lines, the newline is removed again.
  const text = source.endsWith('\n') ? edited : edited.replace(/\r?\n$/, '');
  verify(source, text, changes);
  return { text, removed };
}

/** The lists that may hold a part of memhound, and the name of that part. */
const LISTS: readonly (readonly [string, string])[] = [
  ['containers', SIDECAR],
  ['initContainers', SIDECAR],
  ['volumes', DATA_VOLUME],
];

function collect(source: string, workload: Workload, record: InjectionRecord, edits: Edit[], changes: Change[]): void {
  const { spec, metadata } = workload;
  const drop = (map: YAMLMap, key: string, before: Before): Edit => {
    const pair = pairOf(map, key)!;
    return before.state === 'null' ? restoreNull(pair, before.spelling) : removeKey(source, map, key);
  };
  const gone = (before: Before): unknown => (before.state === 'null' ? null : undefined);
  for (const [key, name] of LISTS) {
    const before = record.places.get(key);
    const seq = get(spec, key);
    if (before === undefined || !isSeq(seq)) continue;
    const index = seq.items.findIndex((item) => isMap(item) && (get(item, 'name') as { value?: unknown } | null)?.value === name);
    if (index < 0) continue;
    const whole = before.state !== 'value' && seq.items.length === 1;
    edits.push(whole ? drop(spec, key, before) : removeItem(source, seq, index));
    changes.push({
      path: [...workload.specPath, key],
      to: (list) => {
        if (whole) return gone(before);
        const rest = (list as unknown[]).filter((_, i) => i !== index);
        // The last item of a list in block style leaves an empty key.
        return rest.length === 0 && seq.flow !== true ? null : rest;
      },
    });
  }
  const shared = record.places.get('shareProcessNamespace');
  if (shared !== undefined && isScalar(get(spec, 'shareProcessNamespace'))) {
    edits.push(drop(spec, 'shareProcessNamespace', shared));
    changes.push({ path: [...workload.specPath, 'shareProcessNamespace'], to: () => gone(shared) });
  }
  const annotations = get(metadata, 'annotations');
  if (!isMap(annotations)) return;
  const before = record.places.get('annotations') ?? { state: 'value' };
  const whole = before.state !== 'value' && annotations.items.length === 1;
  edits.push(whole ? drop(metadata, 'annotations', before) : removeKey(source, annotations, ANNOTATION));
  changes.push({
    path: [...workload.metadataPath, 'annotations'],
    to: (map) => {
      if (whole) return gone(before);
      const { [ANNOTATION]: _, ...rest } = map as Record<string, unknown>;
      return Object.keys(rest).length === 0 && annotations.flow !== true ? null : rest;
    },
  });
}
