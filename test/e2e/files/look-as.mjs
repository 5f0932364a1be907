// Looks at process PID with each way of asking, and prints the rows of each: `node --import tsx look-as.mjs PID`.

import { FileWatcher } from '../../../src/sources/files/page-cache-scanner.ts';
import { Residency } from '../../../src/sources/files/residency.ts';
import { asker } from '../../../src/sources/files/residency-permission.ts';
import { loadKernelCalls } from '../../../src/sources/files/syscalls.ts';
import { ROOTS, refOf } from '../../unit/sources/files/own-process.ts';

const pid = Number(process.argv[2]);
const withoutCachestat = async () => ({ ...(await loadKernelCalls()), cachestat: () => 38 }); // ENOSYS
const ways = { cachestat: loadKernelCalls, mincore: withoutCachestat, fincore: async () => 'koffi is left out for this test' };
const answer = {};
for (const [way, load] of Object.entries(ways)) {
  const residency = new Residency(asker('/proc'), load);
  const watcher = new FileWatcher({ roots: ROOTS, process: refOf(pid), pids: () => [pid], residency });
  answer[way] = await watcher.look(Date.now());
  watcher.close();
}
console.log(JSON.stringify(answer));
