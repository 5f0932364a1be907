import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sockGrowth } from '../../../../src/diagnosis/rules/sock-growth.ts';
import { applyRule, causeShare, eta, type Given } from '../../../support/rule-context.ts';

const grows = (over: Given = {}) =>
  applyRule(sockGrowth, {
    ...over,
    evaluation: { trend: 'growing', leak: true, causes: [causeShare('sock', 31e6, { reclaimable: false })], ...over.evaluation },
  });

test('socket buffers that grow are connections that nobody reads, with their end and the commands that find them', () => {
  const found = grows({ values: { sock: 900 }, evaluation: { etas: [eta('oom-kill', 3 * 86_400)] } });
  assert.equal(
    found?.headline,
    'Socket buffers grow 31 MB an hour: data that was received and not read, or sent and not taken by the peer. OOM kill in 65 to 79 hours.',
  );
  assert.deepEqual(found?.evidence, { bytesPerHour: 31e6, sockBytes: 900 });
  assert.equal(found?.severity, 'warn');
  for (const command of ['ss -tm', 'tcp_rmem', 'tcp_wmem']) assert.ok(found?.advice.includes(command), command);
  assert.equal(grows({ evaluation: { etas: [eta('oom-kill', 3600)] } })?.severity, 'critical');
});

test('on cgroup v1 they have a limit of their own', () => {
  const found = grows({ target: { cgroup: { version: 1, path: '/x' } }, series: { limitBytes: 'max' } });
  assert.match(
    found?.headline ?? '',
    /peer\. cgroup v1 does not count them toward the memory limit: .*memory\.kmem\.tcp\.limit_in_bytes/,
  );
});

test('who holds hundreds of sockets open is named beside them', () => {
  const of = (pid: number, count: number) => ({ kind: 'socket', pid, count, grew: 100, seconds: 60 }) as const;
  const found = grows({ kernelObjects: [of(7, 640), of(9, 1480)], processNames: new Map([[9, 'java orders.jar']]) });
  assert.match(found?.headline ?? '', /peer\. About 1,500 sockets are held open by java orders\.jar pid 9\./);
});

test('usage that stands at memory.high is said to be slowed down already, and below it to be slowed down before the limit', () => {
  const at = (usage: number) =>
    grows({ values: { high: 100, usage }, evaluation: { etas: [eta('oom-kill', 3600)] } })?.headline ?? '';
  assert.match(at(50), / Before that the kernel slows it down at memory\.high \(100 bytes\)\.$/);
  assert.match(
    at(99),
    / The kernel slows it down already: usage is at memory\.high \(100 bytes\), and the time to the limit becomes longer\.$/,
  );
});
