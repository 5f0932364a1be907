/** node --import tsx bench/trend/trend-cold.ts FILE: CPU of one file to its verdict in a process that has done nothing else, milliseconds. */
import { analyzeFile } from '../../src/cli/analyze.ts';
import { applyShortRunFlags } from '../../src/cli/v8-flags.ts';

applyShortRunFlags();
const began = process.cpuUsage();
const { state } = await analyzeFile(process.argv[2]!, 900);
const spent = process.cpuUsage(began);
if (state !== 'answered') throw new Error(`the file is ${state}`);
console.log((spent.user + spent.system) / 1000);
