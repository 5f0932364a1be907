import { sizeInBytes } from '../sources/jvm/jvm-flags.ts';
import { type RuleContext, unreclaimableNow } from './rule-context.ts';

/** A size that was given to the JVM. */
export interface SizeFlag {
  readonly bytes: number;
  /** "-XX:MaxMetaspaceSize=256m" */
  readonly flag: string;
}

/** The size by -XX:NAME=SIZE, of which the last one of several is valid; null: it is not given, or there is no JVM. */
export function sizeFlag(jvm: RuleContext['jvm'], name: string): SizeFlag | null {
  const pattern = new RegExp(`^-XX:${name}=(\\d+)([kmgt]?)$`, 'i');
  const flag = jvm?.flags.findLast((one) => pattern.test(one)) ?? null;
  const [, digits = '', unit = ''] = flag === null ? [] : (pattern.exec(flag) ?? []);
  const bytes = sizeInBytes(digits, unit);
  return flag !== null && bytes > 0 ? { bytes, flag } : null;
}

/** Whether this many bytes more are below the limit. */
export function fitsLimit(context: RuleContext, room: number): boolean {
  const held = unreclaimableNow(context);
  const { limitBytes } = context.series;
  return room >= 0 && held !== null && typeof limitBytes === 'number' && held + room < limitBytes;
}
