import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runServer } from '../../../bench/servers/server-run.ts';
import { SERVERS } from '../../../bench/servers/servers.ts';
import { programRoot } from '../../../scripts/debian-programs.mjs';
import { jdk } from '../../../scripts/jdks.mjs';
import { missingRequirements } from '../../support/needs.ts';

const LINE = 21;
const SHORT = { warmSeconds: 5, quietSeconds: 10, growthSeconds: 120, quietRate: 20, growthRate: 25, minHistorySeconds: 20 };

/** One whose heap leaks and one whose log grows, at once: either mostly waits. `npm run report:servers` runs more, for longer. */
describe('servers under requests', { concurrency: true }, () => {
  for (const name of ['activemq', 'jetty']) {
    const server = SERVERS[name]!;
    const [line, root] = [jdk(LINE), programRoot(name)];
    // Downloads that no test starts, so even with CI their absence is no failure.
    const unfetched = [
      ...(line === null ? [`JDK ${LINE}, which \`node scripts/jdks.mjs ${LINE}\` fetches`] : []),
      ...(root === null ? [`${server.name}, which \`node scripts/debian-programs.mjs ${name}\` fetches`] : []),
    ];
    const skip = missingRequirements('root', 'cgroup') || (unfetched.length > 0 && `needs ${unfetched.join(' and ')}`);
    test(`${server.name}: the ledger is right, requests raise no alarm, and ${server.growth} is named`, {
      skip,
      timeout: 240_000,
    }, async () => {
      const { ledger, alarms, found, headline } = await runServer(server, line!, root!, SHORT);
      assert.deepEqual(
        ledger.filter(({ state }) => state !== 'agrees'),
        [],
      );
      assert.deepEqual(alarms, []);
      assert.ok(found !== null, headline);
    });
  }
});
