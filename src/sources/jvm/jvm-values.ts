import { type FieldIdFrom, type FieldValues, withoutNulls } from '../../fields.ts';
import type { JvmReading } from '../types.ts';

/** The JVM's values by field. The type requires every field of the table whose source is the JVM. */
export function jvmValues(jvm: JvmReading): FieldValues {
  const values: Readonly<Record<FieldIdFrom<'hsperfdata'>, number | null>> = {
    heap_used: jvm.heapUsed.value,
    heap_committed: jvm.heapCommitted.value,
    // Epsilon collects nothing, so its heap is treated as any other field. The same holds if collections are not known.
    gc_count:
      jvm.collector === 'Epsilon' || (jvm.source === 'attach' && jvm.fullGcCount === null)
        ? null
        : (jvm.gcUpdates ?? jvm.gcCount),
    full_gc_count: jvm.fullGcCount,
    gc_seconds: jvm.source === 'attach' ? null : jvm.gcSeconds,
    old_used: jvm.oldUsed?.value ?? null,
    metaspace: jvm.metaspace?.used.value ?? null,
    classes: jvm.classes === null ? null : jvm.classes.loaded - jvm.classes.unloaded,
  };
  return withoutNulls(values);
}
