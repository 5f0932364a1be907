import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Ledger, LedgerPart } from '../../../src/diagnosis/types.ts';
import { MIB } from '../../../src/units.ts';
import { makeCgroup } from '../../support/cgroup.ts';
import { startJava } from '../../support/java.ts';
import { MEMHOUND, watch } from '../../support/memhound.ts';
import { missingRequirements } from '../../support/needs.ts';
import { run, start } from '../../support/process.ts';

const skip = missingRequirements('javac', 'cgroup');

const find = (parts: readonly LedgerPart[] | undefined, name: string): LedgerPart | undefined =>
  parts?.reduce<LedgerPart | undefined>((got, p) => got ?? (p.name === name ? p : find(p.parts, name)), undefined);

/** Every whole is the sum of its parts, every part lies within its own bounds, and what is left is within the bound. */
function assertAdds(book: Ledger): void {
  assert.ok(Math.abs(book.unexplainedBytes) <= book.boundBytes, `${book.unexplainedBytes} beyond ${book.boundBytes}`);
  const check = (part: LedgerPart): void => {
    assert.ok(part.lowBytes <= part.bytes && part.bytes <= part.highBytes, JSON.stringify({ ...part, parts: [] }));
    if (!part.parts) return;
    const sum = part.parts.reduce((all, p) => all + p.bytes, 0);
    assert.ok(Math.abs(sum - part.bytes) <= book.boundBytes, `${part.name}: parts sum to ${sum}, not ${part.bytes}`);
    part.parts.forEach(check);
  };
  book.parts.forEach(check);
}

for (const [collector, where] of [
  ['Serial', 'anon'],
  ['G1', 'anon'],
  ['Z', 'tmpfs and shared memory'],
] as const) {
  test(`${collector}: explain finds the touched heap under ${where}, metaspace, code cache and stacks, and all of it adds up`, {
    skip,
    timeout: 60_000,
  }, async (t) => {
    const cgroup = makeCgroup(768 * MIB);
    const flags = [`-XX:+Use${collector}GC`, '-Xms128m', '-Xmx128m', '-XX:+AlwaysPreTouch'];
    const java = await startJava('scenarios/Healthy.java', ['16', '10'], { cgroup, flags });
    const other = start(cgroup.join('sh', ['-c', 'echo up; read -r _']));
    t.after(async () => {
      await java.stop('SIGKILL');
      await other.stop('SIGKILL');
      await cgroup.remove();
    });
    await java.line((line) => line === 'ready');
    await other.line((line) => line === 'up');
    const { code, stdout, stderr } = await run(process.execPath, [MEMHOUND, 'explain', '--json', '--pid', String(java.pid)]);
    assert.equal(code, 0, stderr);
    const { ledger } = JSON.parse(stdout) as { ledger: Ledger };
    assertAdds(ledger);
    const heap = find(ledger.parts.find((p) => p.name === where)?.parts, 'Java heap');
    assert.ok(Math.abs((heap?.bytes ?? 0) - 128 * MIB) <= 0.05 * 128 * MIB, JSON.stringify(heap));
    assert.equal(heap?.how, 'measured');
    for (const name of ['metaspace', 'code cache', 'thread stacks', 'sh (process)'])
      assert.ok((find(ledger.parts, name)?.bytes ?? 0) > 0, `${name} is missing: ${JSON.stringify(ledger.parts)}`);
  });
}

test('the ledger of a running watch divides anon by the mappings, and reads them no more often than their cost allows', {
  skip,
  timeout: 60_000,
}, async (t) => {
  const cgroup = makeCgroup(768 * MIB);
  const java = await startJava('scenarios/Healthy.java', ['16', '10'], { cgroup });
  t.after(async () => {
    await java.stop('SIGKILL');
    await cgroup.remove();
  });
  await java.line((line) => line === 'ready');
  const hound = await watch(['--pid', String(java.pid), '--every', '1s']);
  t.after(() => hound.stop('SIGKILL'));
  const books = await Promise.all([1, 2, 3].map(async () => (await hound.get<Ledger>('/api/v1/ledger')).body));
  books.forEach(assertAdds);
  const times = books.map((book) => find(book.parts, 'Java heap')!.at);
  assert.equal(new Set(times).size, 1, `one reading for three questions at once: ${times}`);
});
