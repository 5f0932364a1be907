import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { named, needsOf, programOf } from '../../scripts/needs.mjs';
import { assertAsked, noteAsked } from './asked.ts';
import { whyNoCgroup } from './cgroup.ts';

const failure = (command: string, args: readonly string[]): string | false => {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  return status !== 0 && (error?.message ?? stderr.trim().split('\n', 1)[0]!);
};

function whyNoMount(): string | false {
  const dir = mkdtempSync(join(tmpdir(), 'memhound-mount-'));
  const why = failure('mount', ['-t', 'tmpfs', 'tmpfs', dir]) || failure('umount', ['-l', dir]);
  rmdirSync(dir);
  return why;
}

/** What a program needs permission for, and false or the reason why this machine does not permit it. */
const RIGHTS = {
  root: { to: 'be root', why: () => process.getuid?.() !== 0 && `this user has uid ${process.getuid?.()}` },
  cgroup: { to: 'make a memory cgroup', why: whyNoCgroup },
  mount: { to: 'mount a file system', why: whyNoMount },
  unshare: { to: 'make a process namespace', why: () => failure('unshare', ['--pid', '--fork', '--mount-proc', 'true']) },
} as const;

/** Programs of scripts/needs.mjs, `guest` and `pod` for all that these take, and rights. */
type Need =
  | (
      | 'javac'
      | 'jstat'
      | 'jcmd'
      | 'fincore'
      | 'setpriv'
      | 'chromium'
      | 'guest'
      | 'pod'
      | 'openssl'
      | 'prometheus'
      | 'promtool'
      | 'victoria-metrics'
    ) // programs
  | keyof typeof RIGHTS;

/** For node:test's `skip`: false if nothing is missing, else the reason: each missing program with its package, or each missing right. */
export function missingRequirements(...needs: Need[]): string | false {
  noteAsked(needs);
  const missing = needsOf(needs).filter((need) => programOf(need) === null);
  if (missing.length > 0) return `needs ${missing.map(named).join(', ')}`;
  const refused = needs.flatMap((need) => {
    if (!(need in RIGHTS)) return [];
    const { to, why } = RIGHTS[need as keyof typeof RIGHTS];
    const reason = why();
    return reason === false ? [] : [`the right to ${to}: ${reason}`];
  });
  return refused.length > 0 && `needs ${refused.join('; ')}`;
}

/** The program's file, for a helper that starts it. Throws if it is missing, or if the test file has not requested it. */
export function program(need: Need): string {
  assertAsked(need);
  const rows = needsOf([need]);
  const missing = rows.filter((row) => programOf(row) === null);
  if (missing.length > 0) throw new Error(`this needs ${missing.map(named).join(', ')}`);
  return programOf(rows[0]!)!;
}
