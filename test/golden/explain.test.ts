import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Ledger, LedgerPart } from '../../src/diagnosis/types.ts';

const TREES = 'test/fixtures/trees';
const trees = readdirSync(TREES, { withFileTypes: true })
  .filter((e) => e.isDirectory())
  .map((e) => e.name);

interface Said {
  readonly status: number | null;
  readonly stderr: string;
  readonly text: string;
}

const said = new Map<string, Said>();

/** One answer for each tree: both tests check the same answer. */
const explain = (tree: string): Said => {
  const known = said.get(tree);
  if (known) return known;
  const root = join(TREES, tree);
  const args = [
    'dist/memhound.mjs',
    'explain',
    '--json',
    '--proc-root',
    join(root, 'proc'),
    '--cgroup-root',
    join(root, 'sys/fs/cgroup'),
  ];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  const answer = { status, stderr, text: stdout };
  said.set(tree, answer);
  return answer;
};

/** The one thing that differs between two runs on one tree is the time. */
const timeless = (text: string): unknown =>
  JSON.parse(text, (key, value) => (key === 'at' ? 'now' : key === 'atMs' || key === 'uptimeSeconds' ? 0 : value));

test('there are captured trees of both cgroup versions', () => {
  assert.ok(trees.some((t) => t.startsWith('v1-')) && trees.length >= 5);
});

for (const tree of trees) {
  test(`explain gives the recorded answer for the captured tree ${tree}`, () => {
    const { status, stderr, text } = explain(tree);
    assert.equal(status, 0, stderr);
    const golden = join(TREES, tree, 'golden.json');
    if (process.env.UPDATE_GOLDEN === '1') writeFileSync(golden, `${JSON.stringify(timeless(text), null, 1)}\n`);
    assert.deepEqual(timeless(text), JSON.parse(readFileSync(golden, 'utf8')));
  });

  test(`the ledger of ${tree} adds up within its bound, and parts sum to their whole`, () => {
    const { ledger } = JSON.parse(explain(tree).text) as { ledger: Ledger };
    assert.ok(ledger.totalBytes > 2 ** 24);
    assert.ok(Math.abs(ledger.unexplainedBytes) <= ledger.boundBytes, `${ledger.unexplainedBytes} of ${ledger.boundBytes}`);
    const check = (part: LedgerPart): void => {
      if (!part.parts) return;
      const sum = part.parts.reduce((s, p) => s + p.bytes, 0);
      assert.ok(Math.abs(sum - part.bytes) <= ledger.boundBytes, `${part.name}: ${sum} of ${part.bytes}`);
      part.parts.forEach(check);
    };
    ledger.parts.forEach(check);
  });
}
