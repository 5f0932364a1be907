import { fetchProgram } from '../../scripts/debian-programs.mjs';
import { fetchJdk } from '../../scripts/jdks.mjs';
import { MEMHOUND } from '../../test/support/memhound.ts';
import { run } from '../../test/support/process.ts';
import { redeploy } from './redeploy.ts';
import { load, withServer } from './server-run.ts';
import { SERVERS, type Server } from './servers.ts';

/** The newest JDK that all of them run on. */
const LINE = 21;
const FOR = '20s';
/** A deployment takes seconds, and there has to be one from each look to the next. */
const REDEPLOY_FOR = '60s';
const RATE = 25;
const NEVER = 600;

const STORIES: readonly { readonly key: string; readonly packages: string; readonly server: Server; readonly forText: string }[] =
  [
    ...Object.entries(SERVERS).map(([key, server]) => ({ key, packages: key, server, forText: FOR })),
    { key: 'redeploy', packages: 'tomcat', server: redeploy(false), forText: REDEPLOY_FOR },
    { key: 'redeploy-decoy', packages: 'tomcat', server: redeploy(true), forText: REDEPLOY_FOR },
  ];

/** Servers of Debian's archive in which one thing grows under real requests, and what `memhound culprit` names meanwhile. Rows of a table: the server, what grows, and the first line of the answer. */
export async function serverCulprits(only: string | null): Promise<string[][]> {
  const rows: string[][] = [];
  for (const { key, packages, server, forText } of STORIES) {
    if (only !== null && key !== only) continue;
    const answer = await culpritOf(server, packages, forText);
    console.error(`${server.name}: ${answer}`);
    rows.push([server.name, server.growth, answer]);
  }
  return rows;
}

async function culpritOf(server: Server, packed: string, forText: string): Promise<string> {
  const [jdk, packages] = [fetchJdk(LINE), fetchProgram(packed)];
  if (jdk.state === 'missing') return `could not be had: ${jdk.reason}`;
  if (packages.state === 'missing') return `could not be had: ${packages.reason}`;
  return withServer(server, jdk.jdk, packages.root, async ({ client, java, folder }) => {
    let asked = false;
    const args = ['culprit', '--cause', server.cause, '--for', forText, '--pid', String(java.pid)];
    const answer = run(process.execPath, [MEMHOUND, ...args]).finally(() => {
      asked = true;
    });
    await Promise.all([answer, load(client.grow, RATE, NEVER, () => asked)]);
    const { stdout, stderr } = await answer;
    return (stdout.split('\n')[0] || stderr.trim()).replaceAll(folder, '');
  });
}
