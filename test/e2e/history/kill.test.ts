import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { Random } from '../../../synthetic/random.ts';
import { buildStoreChild, ROW_S } from '../../support/children.ts';

const KILLS = 300;
/** In parallel, each on its own folder: a writer that starts or writes mostly waits. */
const WRITERS = 4;
/** Rows on disk before the kill: from none, just after the start, to beyond a sealed segment and into a merge. */
const MOST_ROWS = 150;

async function killed(
  program: string,
  data: string,
  kills: number,
  random: Random,
): Promise<{ readonly rows: number; readonly names: string[] }> {
  let onDisk = 0;
  for (let kill = 0; kill < kills; kill++) {
    const child = spawn(process.execPath, [program, data], { stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = once(child, 'exit');
    const after = Math.floor(random.next() * MOST_ROWS);
    let rows = 0;
    let sent = false;
    for await (const line of createInterface({ input: child.stdout })) {
      const [word, at] = line.split(' ');
      if (word === 'loaded') {
        assert.ok(Number(at) >= onDisk, `kill ${kill}: ${onDisk} was on disk, and ${line} came back`);
        assert.ok(Number(at) <= onDisk + 2 * ROW_S, `kill ${kill}: ${line} was never written`);
      } else if (word === 'saved') {
        onDisk = Number(at);
        rows++;
      } else assert.fail(`kill ${kill}: ${line}`);
      if (!sent && rows >= after) {
        child.kill('SIGKILL');
        sent = true;
      }
    }
    await exited;
  }
  return { rows: onDisk / ROW_S, names: readdirSync(join(data, 'jvm')) };
}

test(`history killed with -9 at ${KILLS} random moments loses at most the row that was being written`, {
  timeout: 540_000,
}, async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'memhound-kill-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const program = await buildStoreChild(dir);
  // Other moments at each run; SEED=... asks for those of a run that failed.
  const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
  t.diagnostic(`SEED=${seed}`);
  const writers = Array.from({ length: WRITERS }, (_, i) =>
    killed(program, join(dir, `data-${i}`), KILLS / WRITERS, new Random(seed + i)),
  );
  for (const { rows, names } of await Promise.all(writers)) {
    assert.deepEqual(
      names.filter((name) => /broken/.test(name)),
      [],
    );
    assert.ok(
      names.some((name) => name.endsWith('.15m.json')),
      `no coarser segment was made: ${names.join(' ')}`,
    );
    assert.ok(names.length < 150, `${names.length} files: those of killed writers are not cleared away`);
    t.diagnostic(`${rows} rows written, ${names.length} files`);
  }
});
