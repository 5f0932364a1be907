import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { buildStoreChild, ROW_S } from '../support/children.ts';
import { runGuest } from '../support/guest.ts';
import { missingRequirements } from '../support/needs.ts';

const skip = missingRequirements('guest');
/** Rows of a segment (src/history/store/store.ts): so many rows are sealed at once. */
const SEGMENT_ROWS = 30;
/** Rows that are written before the power goes: with none sealed, with one, and after a merge into coarser ones. */
const LOSSES = [11, 43, 160];

test('a power loss destroys at most the open segment: sealed segments and their folder are on disk, complete', {
  skip,
  timeout: 500_000,
}, async (t) => {
  const out = mkdtempSync(join(tmpdir(), 'memhound-power-'));
  t.after(() => rmSync(out, { recursive: true, force: true }));
  chmodSync(out, 0o755);
  const program = await buildStoreChild(out);
  const disk = join(out, 'disk.img');
  const boot = async (until: number | null): Promise<string[]> => {
    const stop = until === null ? ['-t', '60'] : ['-t', '120', '-x', `saved ${until * ROW_S}.`];
    // The machine is back a minute later: a lock that was renewed seconds ago may belong to another node of the cluster.
    const later = '[ ! -e /tmp/data/lock ] || touch -d "1 minute ago" /tmp/data/lock';
    const child = `${later}; exec ${process.execPath} ${program} /tmp/data ${until === null ? 'once' : '>&3 2>&3'}`;
    const { code, stdout, stderr } = await runGuest([...stop, '-o', out, '-d', disk, 'sh', '-c', child]);
    assert.equal(code, 0, `${stdout.slice(-2000)}\n${stderr.slice(-2000)}`);
    return stdout.split(/\r?\n/);
  };

  let [sealed, written] = [0, 0]; // rows that the program reported before the power loss
  let before = 0;
  for (const rows of [...LOSSES, null]) {
    const lines = await boot(rows === null ? null : written + rows);
    assert.deepEqual(
      lines.filter((line) => /^(?:disorder|gap)/.test(line)),
      [],
    );
    const loaded = Number(lines.find((line) => line.startsWith('loaded'))?.split(' ')[1]) / ROW_S;
    // There may be more rows than were reported: the report of the last rows can be lost when the rows are not.
    assert.ok(loaded >= sealed, `${sealed} rows sealed, ${written} written; after the boot ${loaded} are there`);
    // What was being written may be broken, and is then set aside; nothing else may be.
    const aside = lines.filter((line) => line.startsWith('warn')).length;
    assert.ok(aside <= 1, lines.filter((line) => line.startsWith('warn')).join('\n'));
    t.diagnostic(`${written} written, ${sealed} sealed: ${loaded} back, ${aside} set aside`);
    before = loaded;
    const saved = lines.filter((line) => line.startsWith('saved')).map((line) => Number.parseInt(line.slice(6), 10) / ROW_S);
    written = Math.max(loaded, ...saved);
    sealed = before + Math.floor((written - before) / SEGMENT_ROWS) * SEGMENT_ROWS;
  }
});
