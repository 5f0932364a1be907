import assert from 'node:assert/strict';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Verdict } from '../../src/diagnosis/types.ts';
import { runGuest } from '../support/guest.ts';
import { compile } from '../support/java.ts';
import { copyMemhound } from '../support/memhound.ts';
import { missingRequirements } from '../support/needs.ts';

/** The verdicts that name these kinds of memory, from the guest. */
async function verdictsOf(t: TestContext, kinds: readonly string[]): Promise<ReadonlyMap<string, Verdict>> {
  const out = mkdtempSync(join(tmpdir(), 'memhound-uml-kinds-'));
  try {
    chmodSync(out, 0o755);
    mkdirSync(join(out, 'classes'));
    for (const file of ['UnsafeLeak', 'KernelKinds'])
      cpSync(await compile(`scenarios/${file}.java`), join(out, 'classes'), { recursive: true });
    copyMemhound(out);
    const command = [process.execPath, 'test/uml/kinds.mjs', ...kinds];
    const { code, stdout, stderr } = await runGuest(['-t', '400', '-o', out, ...command]);
    assert.equal(code, 0, `the guest's script failed:\n${stdout.slice(-4000)}\n${stderr.slice(-4000)}`);
    const verdicts = new Map(
      stdout
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as { readonly event: string; readonly verdict: Verdict })
        .map(({ event, verdict }) => [event, verdict]),
    );
    for (const [kind, { headline }] of verdicts) t.diagnostic(`${kind}: ${headline}`);
    return verdicts;
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

const OPTIONS = { skip: missingRequirements('guest', 'javac'), timeout: 500_000 };

test(
  'on a kernel with cgroup v2 and swap, a leak that is swapped out, sockets that nobody reads and page tables are named',
  OPTIONS,
  async (t) => {
    const verdicts = await verdictsOf(t, ['swap', 'sock', 'page-tables']);
    const { causes, headline } = verdicts.get('swap')!;
    assert.equal(causes[0]?.what, 'direct buffers, large malloc or mmap');
    assert.match(headline, /MiB of it in direct buffers, large malloc or mmap.* The kernel swaps it out, [\d.]+ MiB so far/);
    assert.match(verdicts.get('sock')!.headline, /^Socket buffers grow .*OOM kill in/);
    assert.match(verdicts.get('page-tables')!.headline, /^Page tables grow .*OOM kill in/);
  },
);

test('pipes that nobody reads are kernel memory that stays, and who holds them is named', OPTIONS, async (t) => {
  const verdict = (await verdictsOf(t, ['pipes'])).get('pipes')!;
  assert.match(
    verdict.headline,
    /^Kernel memory .* the kernel cannot take it back\..* About [\d,]+ ends of pipes are held open by java KernelKinds pid \d+:/,
  );
});

test('a container that the kernel slows down at memory.high is told so', OPTIONS, async (t) => {
  const verdict = (await verdictsOf(t, ['high'])).get('high')!;
  const found = verdict.findings.find(({ rule }) => rule === 'throttled')!;
  t.diagnostic(found.title);
  assert.match(found.title, /^The kernel slows the container down at memory\.high \(64 MiB\): \d+ times in /);
});
