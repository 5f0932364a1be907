// Stands in for SpringLog.java where there is no Java: node spring-log.mjs FILE MB_PER_SECOND MAX_MB. Ends with its standard input.
import { openSync, writeSync } from 'node:fs';

const [path, rate, maxMb] = process.argv.slice(2);
const line = (order) =>
  `2020-12-15 03:12:44.123 DEBUG 1 --- [nio-8080-exec-${1 + (order % 10)}] o.s.web.servlet.DispatcherServlet        : GET "/api/orders/${order}", parameters={}\n`;
const lines = Array.from({ length: Math.round((Number(rate) * 1e6) / 10 / line(0).length) }, (_, order) => line(order)).join('');
const log = openSync(path, 'a');
let written = 0;
console.log(`logging ${path}`);
const timer = setInterval(() => {
  written += writeSync(log, lines);
  if (written < Number(maxMb) * 1e6) return;
  clearInterval(timer);
  console.log(`full ${written}`);
}, 100);
process.stdin.on('end', () => process.exit(0)).resume();
