import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { descriptorHolder } from '../../../../src/sources/process/descriptor-holder.ts';

test('the process that holds most descriptors of one kind is found, and thousands are estimated from a thousand', (t) => {
  const proc = mkdtempSync(join(tmpdir(), 'memhound-descriptors-'));
  t.after(() => rmSync(proc, { recursive: true }));
  const process = (pid: number, slots: number, links: readonly string[]) => {
    mkdirSync(`${proc}/${pid}/fd`, { recursive: true });
    writeFileSync(`${proc}/${pid}/status`, `Name:\tjava\nPid:\t${pid}\nFDSize:\t${slots}\n`);
    for (const [fd, link] of links.entries()) symlinkSync(link, `${proc}/${pid}/fd/${fd}`);
  };
  const repeat = (count: number, ...links: readonly string[]) => Array.from({ length: count }, () => links).flat();
  process(7, 256, repeat(200, 'socket:[1]'));
  process(8, 1024, [...repeat(400, 'pipe:[1]'), ...repeat(520, 'socket:[2]')]);
  process(9, 8192, repeat(2000, 'anon_inode:[eventpoll]', 'anon_inode:[eventfd]', '/data/app.log'));
  assert.deepEqual(descriptorHolder(proc, [7, 8, 999]), { pid: 8, kind: 'socket', count: 520 });
  const most = descriptorHolder(proc, [7, 8, 9]);
  assert.equal(most?.pid, 9);
  assert.ok(most.kind === 'epoll' || most.kind === 'eventfd');
  assert.ok(Math.abs(most.count - 2000) < 200, `${most.count} of 2,000, which alternate with two other kinds`);
  assert.equal(descriptorHolder(proc, [7]), null, 'few are no matter');
});
