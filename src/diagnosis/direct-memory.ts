import type { RuleContext } from './rule-context.ts';

const FLAG = /^-XX:MaxDirectMemorySize=(\d+)([kmgt]?)$/i;
const UNITS: Readonly<Record<string, number>> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };

/** The most that direct buffers may take by -XX:MaxDirectMemorySize; null: the flag is not given. The last one of several is valid. */
export function directMemoryLimit({ jvm }: Pick<RuleContext, 'jvm'>): { readonly bytes: number; readonly flag: string } | null {
  const flag = jvm?.flags.findLast((one) => FLAG.test(one)) ?? null;
  const [, digits = '', unit = ''] = flag === null ? [] : (FLAG.exec(flag) ?? []);
  const bytes = Number(digits) * (UNITS[unit.toLowerCase()] ?? 1);
  return flag === null || bytes <= 0 ? null : { bytes, flag };
}
