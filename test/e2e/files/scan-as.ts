// Scans process PID with each way of asking, and prints the rows of each: `node --import tsx scan-as.ts PID`.
import { PageCacheScanner } from '../../../src/sources/files/page-cache-scanner.ts';
import { Residency } from '../../../src/sources/files/residency.ts';
import { readPermission } from '../../../src/sources/files/residency-permission.ts';
import { loadSyscalls } from '../../../src/sources/process/syscalls.ts';
import type { FileReading } from '../../../src/sources/types.ts';
import { ownProcessRef, ROOTS } from '../../unit/sources/files/own-process.ts';

const pid = Number(process.argv[2]);
const withoutCachestat = async () => {
  const calls = await loadSyscalls();
  return typeof calls === 'string' ? calls : { ...calls, cachestat: () => 38 }; // ENOSYS
};
const ways = { cachestat: loadSyscalls, mincore: withoutCachestat, fincore: async () => 'koffi is left out for this test' };
const answer: Record<string, FileReading[]> = {};
for (const [way, load] of Object.entries(ways)) {
  const residency = new Residency(readPermission('/proc'), load);
  const scanner = new PageCacheScanner({ roots: ROOTS, process: ownProcessRef(pid), pids: () => [pid], residency });
  answer[way] = await scanner.scan(Date.now());
  scanner.close();
}
console.log(JSON.stringify(answer));
