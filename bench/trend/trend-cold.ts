/** node --import tsx bench/trend/trend-cold.ts FILE: CPU from one file to its verdict in a new process, milliseconds. */
import { analyzeFile } from '../../src/cli/analyze.ts';
import { applyShortRunFlags } from '../../src/cli/v8-flags.ts';

applyShortRunFlags();
const began = process.cpuUsage();
const { state } = await analyzeFile(process.argv[2]!, 900);
const spent = process.cpuUsage(began);
if (state !== 'answered') throw new Error(`the file is ${state}`);
console.log((spent.user + spent.system) / 1000);
