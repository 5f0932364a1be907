// Looks at process PID with each way of asking, and prints the rows of each: `node --import tsx look-as.mjs PID`.
import { loadKernelCalls } from '../../../src/sources/kernel-calls.ts';
import { asker } from '../../../src/sources/may-ask.ts';
import { FileWatcher } from '../../../src/sources/page-cache.ts';
import { Residency } from '../../../src/sources/residency.ts';
import { ROOTS, refOf } from '../../unit/files/own.ts';

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
