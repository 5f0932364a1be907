import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { MEMHOUND, watch } from '../support/memhound.ts';

// Short: `npm run test:nodes` runs it with each Node line that is supported.
test('it starts without a warning of Node, is ready, asks the kernel about files by itself, and ends on SIGTERM', {
  timeout: 60_000,
}, async (t) => {
  const hound = await watch(['--own', '--every', '1s']);
  t.after(() => hound.stop('SIGKILL'));
  assert.equal((await hound.get('/readyz')).status, 200);
  assert.equal((await hound.get('/')).status, 200);
  const live = hound.live();
  t.after(() => live.close());
  let files = await hound.files();
  for (; files.length === 0; files = await hound.files()) await live.next('sample', 20_000);
  const methods = new Set(files.map(({ method }) => method));
  assert.ok(methods.has('cachestat') || methods.has('mincore'), `koffi is not loaded; the methods: ${[...methods].join(', ')}`);
  live.close();
  assert.deepEqual(await hound.stop('SIGTERM'), { code: 0, signal: null });
  // Every line of memhound's own is JSON.
  for (const line of hound.running.output().split('\n')) assert.match(line, /^\{.*\}$/);
});

test('analyze prints its answer, and nothing else: V8 knows each flag that is set', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MEMHOUND, 'analyze', 'examples/missing-800mb.json'], {
    encoding: 'utf8',
  });
  assert.equal(stderr, '');
  assert.match(stdout, /page cache/);
  assert.equal(status, 0);
});
