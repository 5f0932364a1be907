import { type FieldName, KERNEL_FIELDS } from '../../fields.ts';
import type { FieldEvaluation } from '../field/field-trend.ts';
import type { Evaluation } from '../types.ts';

type Combined = Pick<Evaluation, 'trend' | 'leak' | 'confidence' | 'causes' | 'causeBasis' | 'etas'>;

/** Active page cache that grows by this share of the working set explains its growth. */
const EXPLAINED = 0.7;

/**
 * Corrects the evaluation of a series that lacks fields, as what a Prometheus server keeps often does. The working set grows by memory that is
 * reclaimable (active page cache) or not (tmpfs, kernel memory); without these fields nobody can tell. Then `leak` is not known, instead of
 * false, and the growth has no cause.
 */
export function admitUnknownParts(evaluation: Combined, fields: ReadonlyMap<FieldName, FieldEvaluation>): Combined {
  const workingSet = fields.get('working_set' as FieldName);
  if (evaluation.leak !== false || workingSet?.trend !== 'growing') return evaluation;
  const has = (id: string): boolean => fields.has(id as FieldName);
  const isComplete = has('shmem') && has('active_file') && (has('kernel') || KERNEL_FIELDS.some((id) => has(id)));
  const active = fields.get('active_file' as FieldName)?.slopeBytesPerHour ?? 0;
  if (isComplete || active >= EXPLAINED * (workingSet.slopeBytesPerHour ?? 0)) return evaluation;
  return { ...evaluation, trend: 'growing', leak: null, causes: [], causeBasis: [], etas: [] };
}
