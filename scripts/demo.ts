// npm run demo: the story in two minutes. A small JVM logs at DEBUG to a file, memhound watches it each second and names the file.
// -- --seconds N ends after N seconds (90 without a terminal), with exit code 0 if the file was named.
// -- --stand-in uses a Node program instead of the JVM, as if there were no Java.
import { rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Verdict } from '../src/diagnosis/types.ts';
import { makeCgroup, type TestCgroup } from '../test/support/cgroup.ts';
import { diskDir } from '../test/support/dirs.ts';
import { startJava } from '../test/support/java.ts';
import { watch } from '../test/support/memhound.ts';
import { missingRequirements } from '../test/support/needs.ts';
import { type Running, start } from '../test/support/process.ts';

const LIMIT = 768 * 1024 * 1024;
const MB_PER_SECOND = '5';
const { values } = parseArgs({ options: { seconds: { type: 'string' }, 'stand-in': { type: 'boolean' } } });
const seconds = values.seconds === undefined ? (process.stdout.isTTY ? null : 90) : Number(values.seconds);
if (seconds !== null && !(seconds > 0)) {
  console.error(`--seconds must be a number above 0, found ${values.seconds}`);
  process.exit(2);
}

const stopped = new Promise<string>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve(signal));
  if (seconds !== null) setTimeout(() => resolve('time'), seconds * 1000).unref();
});
const undo: (() => unknown)[] = [];
const named = await demo().finally(async () => {
  for (const step of undo.reverse()) await step();
});
process.exit(named || seconds === null ? 0 : 1);

async function demo(): Promise<boolean> {
  const cgroup = ownCgroup();
  if (cgroup) undo.push(cgroup.remove);
  const dir = diskDir('memhound-demo-');
  undo.push(() => rmSync(dir, { recursive: true, force: true }));
  const log = join(dir, 'spring.log');
  const { bavail, bsize } = statfsSync(dir);
  const maxMb = Math.floor(Math.min(600, (bavail * bsize) / 2e6));
  const service = await startService([log, MB_PER_SECOND, String(maxMb)], cgroup);
  undo.push(() => service.stop('SIGKILL'));
  await service.line((line) => line.startsWith('logging'));
  console.log(
    `  It logs at DEBUG to ${log}, ${MB_PER_SECOND} MB a second, ${maxMb} MB at most${cgroup ? ', in a cgroup of its own (limit 768 MiB)' : ''}.`,
  );

  const hound = await watch(['--pid', String(service.pid), '--every', '1s', '--min-history', '20s', '--log-level', 'error']);
  undo.push(() => hound.stop());
  console.log(`memhound watches it, a sample each second. The page: ${hound.url}\n`);

  const live = hound.live();
  undo.push(() => live.close());
  let sees = false;
  let ending = false;
  let last = '';
  const began = Date.now();
  void live
    .until(
      (message) => {
        const verdicts =
          message.type === 'hello' ? Object.values(message.verdicts) : message.type === 'verdict' ? [message.verdict] : [];
        for (const verdict of verdicts) {
          if (gist(verdict) === last) continue;
          last = gist(verdict);
          console.log(`[${String(Math.round((Date.now() - began) / 1000)).padStart(3)} s] ${verdict.headline}`);
          if (sees || !verdict.causes[0]?.what?.endsWith(log)) continue;
          sees = true;
          console.log(
            `        The file is named: look at ${hound.url}${seconds === null ? ' (Ctrl-C ends the demo and removes the log)' : ''}`,
          );
        }
        return false;
      },
      2 ** 31 - 1,
    )
    // Ctrl-C reaches memhound too, which may close the connection before this program hears of the signal.
    .catch((error: Error) => setTimeout(() => ending || console.error(`live updates ended: ${error.message}`), 1000).unref());
  const died = Promise.race([
    service.exited.then(() => `the service ended by itself:\n${service.output()}`),
    hound.running.exited.then(() => `memhound ended by itself:\n${hound.running.output()}`),
  ]);
  const why = await Promise.race([stopped, died]);
  ending = true;
  if (why.includes('by itself')) console.error(why);
  console.log(`\nThe demo ends, and removes what it made (${dir}).`);
  return sees;
}

/** A headline is printed again only if more than its numbers changed. */
function gist({ trend, leak, headline }: Verdict): string {
  return `${trend} ${leak} ${headline.replace(/\d[\d.]*( to \d[\d.]*)? \w+/g, '#')}`;
}

function ownCgroup(): TestCgroup | null {
  try {
    return makeCgroup(LIMIT);
  } catch {
    console.log(
      "A cgroup of its own is not allowed here (not root?): the service shares this terminal's, so its other programs count too.",
    );
    return null;
  }
}

async function startService(args: readonly string[], cgroup: TestCgroup | null): Promise<Running> {
  if (!values['stand-in'] && !missingRequirements('javac')) {
    const java = await startJava('demo/SpringLog.java', args, { cgroup });
    console.log(`A small JVM runs (pid ${java.pid}, demo/SpringLog.java).`);
    return java;
  }
  console.log(
    `${values['stand-in'] ? 'As asked, a' : 'There is no JDK here (javac), so a'} Node program stands in for the JVM: the same log, but no heap to show.`,
  );
  const node = ['demo/spring-log.mjs', ...args];
  return start(cgroup ? cgroup.join(process.execPath, node) : [process.execPath, node]);
}
