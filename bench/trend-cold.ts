/** node --import tsx bench/trend-cold.ts FILE: CPU of one file to its verdict in a process that has done nothing else, milliseconds. */
import { readFileSync } from 'node:fs';
import { parseSeries } from '../src/cli/series-file.ts';
import { judge } from '../src/trends/judge.ts';

const began = process.cpuUsage();
judge(parseSeries(JSON.parse(readFileSync(process.argv[2]!, 'utf8'))), { minHistorySeconds: 900 });
const spent = process.cpuUsage(began);
console.log((spent.user + spent.system) / 1000);
