import { fetchServer } from '../../scripts/debian-servers.mjs';
import { fetchJdk } from '../../scripts/jdks.mjs';
import { MEMHOUND } from '../../test/support/memhound.ts';
import { run } from '../../test/support/process.ts';
import { load, withServer } from './server-run.ts';
import { SERVERS } from './servers.ts';

/** The newest JDK that all of them run on. */
const LINE = 21;
const FOR = '20s';
const RATE = 25;
const NEVER = 600;

/** Servers of Debian's archive in which one thing grows under real requests, and what `memhound culprit` names meanwhile. Rows of a table: the server, what grows, and the first line of the answer. */
export async function serverCulprits(only: string | null): Promise<string[][]> {
  const rows: string[][] = [];
  for (const [key, { name, growth }] of Object.entries(SERVERS)) {
    if (only !== null && key !== only) continue;
    const answer = await culpritOf(key);
    console.error(`${name}: ${answer}`);
    rows.push([name, growth, answer]);
  }
  return rows;
}

async function culpritOf(key: string): Promise<string> {
  const server = SERVERS[key]!;
  const [jdk, packages] = [fetchJdk(LINE), fetchServer(key)];
  if (jdk.state === 'missing') return `could not be had: ${jdk.reason}`;
  if (packages.state === 'missing') return `could not be had: ${packages.reason}`;
  return withServer(server, jdk.jdk, packages.root, async ({ client, java, folder }) => {
    let asked = false;
    const args = ['culprit', '--cause', server.cause, '--for', FOR, '--pid', String(java.pid)];
    const answer = run(process.execPath, [MEMHOUND, ...args]).finally(() => {
      asked = true;
    });
    await Promise.all([answer, load(client.grow, RATE, NEVER, () => asked)]);
    const { stdout, stderr } = await answer;
    return (stdout.split('\n')[0] || stderr.trim()).replaceAll(folder, '');
  });
}
