import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { build } from 'esbuild';
import fc from 'fast-check';
import cron from 'node-cron';
import { bundlePlugins } from '../../../scripts/lean.mjs';
import { performance as steady } from '../../../scripts/steady-clock.mjs';
import { UtcFormat } from '../../../scripts/utc-format.mjs';

const text = async (contents: string) => {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: new URL('.', import.meta.url).pathname },
    write: false,
    bundle: true,
    platform: 'node',
    format: 'esm',
    minifySyntax: true,
    plugins: bundlePlugins,
  });
  return outputFiles[0]?.text ?? '';
};

test("a bundle requires Node's own modules, so that exports that nobody imports are not read", async () => {
  const bundle = await text(
    "import { createServer } from 'node:http'; import fs from 'fs'; console.log(createServer, fs.readFileSync)",
  );
  assert.match(bundle, /require\("node:http"\)/);
  assert.match(bundle, /require\("node:fs"\)/);
  assert.match(bundle, /get\w*\("createServer"\)/);
  assert.doesNotMatch(bundle, /^import |WebSocket|writeFile/m);
});

test('what is imported later is still loaded later', async () => {
  assert.match(await text("console.log(import('node:child_process'))"), /import\("node:child_process"\)/);
});

test("a bundle has no module of Node that its libraries require for what is not called, and has it for the program's own calls", async () => {
  const required = async (contents: string): Promise<string[]> =>
    [...new Set(Array.from((await text(contents)).matchAll(/require\w*\("node:([a-z_]+)"\)/g), ([, name]) => name!))].sort();
  const ofNone = (names: string[]): string[] =>
    names.filter((name) => ['assert', 'child_process', 'https', 'perf_hooks', 'tls', 'worker_threads', 'zlib'].includes(name));
  const libraries =
    "import { WebSocketServer } from 'ws'; import pino from 'pino'; import cron from 'node-cron'; import { Gauge } from 'prom-client';";
  const used = await required(`${libraries} console.log(WebSocketServer, pino, cron, Gauge)`);
  assert.deepEqual(ofNone(used), []);
  assert.ok(used.includes('http') && used.includes('crypto'), used.join());
  assert.deepEqual(await required("import { gunzipSync } from 'node:zlib'; console.log(gunzipSync)"), ['zlib']);
});

test('the times of node-cron in UTC are those of Intl', () => {
  const shape = {
    ...({ year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit' } as const),
    ...({ weekday: 'short', hourCycle: 'h23', timeZone: 'Etc/UTC' } as const),
  };
  const byType = (parts: { type: string; value?: string }[]) =>
    Object.fromEntries(parts.filter(({ type }) => type !== 'literal').map(({ type, value }) => [type, value]));
  const expected = new Intl.DateTimeFormat('en-US', shape);
  const utc = new UtcFormat('en-US', shape);
  const times = fc.date({ min: new Date('1970-01-01T00:00:00Z'), max: new Date('2200-01-01T00:00:00Z'), noInvalidDate: true });
  fc.assert(
    fc.property(times, (time) => assert.deepEqual(byType(utc.formatToParts(time)), byType(expected.formatToParts(time)))),
  );
});

test('node-cron in a bundle finds the same next times as node-cron itself', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'memhound-cron-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const require = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);\n";
  writeFileSync(join(folder, 'cron.mjs'), require + (await text("import cron from 'node-cron'; export default cron;")));
  const ours = ((await import(join(folder, 'cron.mjs'))) as { default: typeof cron }).default;
  const next = (of: typeof cron, expression: string, time: Date): number[] => {
    t.mock.timers.enable({ apis: ['Date'], now: time });
    try {
      const task = of.createTask(expression, () => undefined, { timezone: 'Etc/UTC' });
      return task.getNextRuns(3).map(Number);
    } finally {
      t.mock.timers.reset();
    }
  };
  const times = fc.date({ min: new Date('2000-01-01T00:00:00Z'), max: new Date('2100-01-01T00:00:00Z'), noInvalidDate: true });
  const expressions = fc.constantFrom(
    '* * * * * *',
    '*/10 * * * * *',
    '0 * * * * *',
    '0 */5 * * * *',
    '0 0 * * * *',
    '0 30 4 * * mon',
  );
  fc.assert(
    fc.property(times, expressions, (time, expression) =>
      assert.deepEqual(next(ours, expression, time), next(cron, expression, time)),
    ),
    { numRuns: 60 },
  );
});

test('another time zone is refused with what was expected', () => {
  assert.throws(() => new UtcFormat('en-US', { timeZone: 'Europe/Rome' }), /Europe\/Rome, expected Etc\/UTC/);
});

test("a bundle takes times of Node's steady clock without the modules of `performance`, and is without that clock where none is taken", async () => {
  assert.match(await text('console.log(performance.now())'), /hrtime[\s\S]*performance\w*\.now\(\)/);
  assert.doesNotMatch(await text('console.log(1)'), /hrtime/);
});

test('the clock of a bundle goes as `performance` does', () => {
  const [before, ours, after] = [performance.now(), steady.now(), performance.now()];
  const [beforeAgain, oursAgain, afterAgain] = [performance.now(), steady.now(), performance.now()];
  assert.ok(oursAgain - ours >= beforeAgain - after - 0.01);
  assert.ok(oursAgain - ours <= afterAgain - before + 0.01);
});
