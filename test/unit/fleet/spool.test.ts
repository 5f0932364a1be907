import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Spool, type SpoolPlace } from '../../../src/fleet/spool.ts';

const MIB = 2 ** 20;

test('a file that continues gives all its lines again, whatever their length, in less memory than it has bytes', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'memhound-spool-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'rows');
  const lines = ['', 'ä', ...Array.from({ length: 40 }, (_, i) => `${i} ${'é'.repeat((i % 9) * 99_991)}`), 'the last'];
  const first = Spool.create(path);
  for (const line of lines) first.append(line);
  first.close();
  appendFileSync(path, 'cut o');

  const places: SpoolPlace[] = [];
  const given: string[] = [];
  let most = 0;
  const before = process.memoryUsage().arrayBuffers;
  const again = Spool.resume(path, (text, place) => {
    given.push(text);
    places.push(place);
    most = Math.max(most, process.memoryUsage().arrayBuffers - before);
  });
  assert.ok(given.every((text, i) => text === lines[i]) && given.length === lines.length);
  assert.ok(most < 16 * MIB, `${most} bytes of buffers for a file of 30 MiB`);
  assert.ok(lines.every((line, i) => again.read(places[i]!) === line));
  const place = again.append('after the half line');
  assert.equal(again.read(place), 'after the half line');
  again.close();
});
