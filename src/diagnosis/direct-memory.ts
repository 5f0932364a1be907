import { sizeInBytes } from '../sources/jvm/jvm-flags.ts';
import type { RuleContext } from './rule-context.ts';

const FLAG = /^-XX:MaxDirectMemorySize=(\d+)([kmgt]?)$/i;

/** The most that direct buffers may take by -XX:MaxDirectMemorySize; null: the flag is not given. The last one of several is valid. */
export function directMemoryLimit({ jvm }: Pick<RuleContext, 'jvm'>): { readonly bytes: number; readonly flag: string } | null {
  const flag = jvm?.flags.findLast((one) => FLAG.test(one)) ?? null;
  const [, digits = '', unit = ''] = flag === null ? [] : (FLAG.exec(flag) ?? []);
  const bytes = sizeInBytes(digits, unit);
  return flag === null || bytes <= 0 ? null : { bytes, flag };
}
