import type { Limit } from '../types.ts';
import { sizeInBytes } from './jvm-flags.ts';

const SIZE = /^(?:-Xmx|-XX:MaxHeapSize=)(\d+)([kmgt]?)$/i;
const SHARE = /^-XX:MaxRAMPercentage=([\d.]+)$/;

/** How large the heap may become by the arguments of a JVM that publishes no counters; null: they do not say. Pure. */
export function plannedHeapBytes(args: readonly string[], limitBytes: Limit): number | null {
  const [, digits = '', unit = ''] = SIZE.exec(args.findLast((arg) => SIZE.test(arg)) ?? '') ?? [];
  if (digits !== '') return sizeInBytes(digits, unit) || null;
  const percent = Number(SHARE.exec(args.findLast((arg) => SHARE.test(arg)) ?? '')?.[1] ?? Number.NaN);
  return Number.isFinite(percent) && typeof limitBytes === 'number' ? (percent / 100) * limitBytes : null;
}
