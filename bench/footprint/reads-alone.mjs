// The floor of a tick: reads what memhound reads of each JVM at each tick, and does nothing with it. Arguments: seconds a tick, then the files.
import { openSync, readSync } from 'node:fs';

const [every, ...files] = process.argv.slice(2);
const descriptors = files.map((file) => openSync(file));
const buffer = Buffer.allocUnsafe(64 * 1024);

function tick() {
  let bytes = 0;
  for (const fd of descriptors) bytes += readSync(fd, buffer, 0, buffer.length, 0);
  return bytes;
}

console.log(JSON.stringify({ bytes: tick(), files: files.length }));
setInterval(tick, 1000 * Number(every));
