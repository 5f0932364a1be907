// Writes the files of one scenario into a folder: `node writer.mjs SCENARIO DIR`. Prints "ready", waits for a line, writes, prints "done", and keeps running.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const [scenario, dir] = process.argv.slice(2);
const MiB = 1 << 20;
const block = Buffer.alloc(MiB, 'x');
const write = (path, mib, flags = 'w') => {
  const fd = fs.openSync(path, flags);
  for (let i = 0; i < mib; i++) fs.writeSync(fd, block);
  return fd;
};

const scenarios = {
  log: () => write(join(dir, 'spring.log'), 60),
  rotated: () => {
    for (let i = 0; i < 3; i++) {
      fs.closeSync(write(join(dir, 'app.log'), 15));
      fs.renameSync(join(dir, 'app.log'), join(dir, `app.log.${i}`));
    }
    const random = Buffer.from(Array.from({ length: 4 * MiB }, (_, i) => (i * 2654435761) >>> 13));
    fs.writeFileSync(join(dir, 'app.log.old.gz'), gzipSync(random, { level: 1 }));
    fs.unlinkSync(join(dir, 'app.log.0'));
    write(join(dir, 'app.log'), 10);
  },
  deleted: () => {
    write(join(dir, 'gone.dat'), 50);
    fs.unlinkSync(join(dir, 'gone.dat'));
  },
  many: () => {
    fs.mkdirSync(join(dir, 'many'));
    for (let i = 0; i < 10_000; i++) fs.writeFileSync(join(dir, 'many', `f${i}`), block.subarray(0, 6000));
  },
  mapped: () => {
    const koffi = createRequire(import.meta.url)('koffi');
    const libc = koffi.load(null);
    const fd = write(join(dir, 'index.dat'), 0, 'w+');
    fs.ftruncateSync(fd, 48 * MiB);
    const at = libc.func('intptr_t mmap(intptr_t, size_t, int, int, int, int64_t)')(0, 48 * MiB, 3, 1, fd, 0);
    fs.closeSync(fd);
    libc.func('intptr_t memset(intptr_t, int, size_t)')(at, 7, 48 * MiB);
  },
  tmpfs: () => fs.closeSync(write(join(dir, 'shared.bin'), 40)),
  tail: () => {
    write(join(dir, 'spring.log'), 50);
    spawn('tail', ['-f', join(dir, 'spring.log')], { stdio: 'ignore' });
  },
};

console.log('ready');
process.stdin.once('data', () => {
  scenarios[scenario]();
  console.log('done');
});
