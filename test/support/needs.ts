import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { whyNoCgroup } from './cgroup.ts';

const PATH = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
const has = (command: string): boolean =>
  PATH.some((dir) => {
    try {
      accessSync(join(dir, command), constants.X_OK);
      return true;
    } catch {
      return false; // not in this folder
    }
  });

/** For node:test's `skip`: false where all is there, else the reason in words. `cgroup` stands for the right to make one. */
export function missingRequirements(...needs: string[]): string | false {
  const missing = needs.filter((need) => need !== 'cgroup' && !has(need));
  if (missing.length > 0) return `needs ${missing.join(', ')}: node scripts/setup.mjs says which package`;
  return needs.includes('cgroup') && whyNoCgroup();
}
