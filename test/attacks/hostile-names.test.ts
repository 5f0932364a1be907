import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import type { CulpritAnswer } from '../../src/outlets/status.ts';
import { fleetOf } from '../../synthetic/fleet/fleet.ts';
import { seriesOf } from '../../synthetic/fleet/installs.ts';
import { Random } from '../../synthetic/random.ts';
import { openShell } from '../support/browser.ts';
import { makeCgroup } from '../support/cgroup.ts';
import { startPrometheus } from '../support/fleet-servers.ts';
import { compile } from '../support/java.ts';
import { MEMHOUND, watch } from '../support/memhound.ts';
import { missingRequirements, program } from '../support/needs.ts';
import { openPage } from '../support/page.ts';
import { run, start } from '../support/process.ts';

const MAIN = '<img src=x onerror=alert(1)>';
/** The JVM takes no . ; [ and / in the name of a class. */
const NAME = `<svg onload=alert(2)>"'\\\u202e\u0007\u001b]0`;
const TOKEN = 'a-token-of-a-test';
/** Characters that a terminal obeys, or that turn the text around. */
const OBEYED = /(?![\n\t])\p{Cc}|\p{Bidi_Control}/u;

/** In the page: elements and attributes of none but the page's own, and no character that cannot be seen. */
const strange = () => {
  const elements = [...document.querySelectorAll('*')];
  const attributes = elements.flatMap((e) => [...e.attributes]);
  const all = [document.documentElement.textContent ?? '', document.title, ...attributes.map(({ value }) => value)].join(' ');
  return {
    made: elements.filter((e) => ['IMG', 'IFRAME', 'OBJECT', 'EMBED'].includes(e.tagName)).map((e) => e.outerHTML),
    handlers: attributes.filter(({ name }) => name.startsWith('on')).map(({ name }) => name),
    hidden: /(?![\n\t])[\p{Cc}\p{Cf}\u2028\u2029]/u.exec(all)?.[0] ?? null,
  };
};
const NOTHING = { made: [], handlers: [], hidden: null };

describe('names that are markup, escapes and quotes', { skip: missingRequirements('chromium'), timeout: 300_000 }, () => {
  let browser: Browser;
  let dir: string;
  before(async () => {
    browser = await openShell();
    dir = mkdtempSync(join(tmpdir(), 'memhound-names-'));
  });
  after(async () => {
    await browser.close();
    rmSync(dir, { recursive: true });
  });

  test('of the main class, of classes, threads, files and arguments of a real JVM are text on the page, in metrics and in the log', {
    skip: missingRequirements('javac', 'cgroup', 'promtool'),
  }, async (t) => {
    const classes = await compile('scenarios/HostileNames.java');
    const ofMain = Buffer.from('\0\x0cHostileNames').toString('latin1');
    const code = readFileSync(join(classes, 'HostileNames.class'), 'latin1');
    const renamed = code.replaceAll(ofMain, `${String.fromCharCode(0, MAIN.length)}${MAIN}`);
    writeFileSync(join(dir, `${MAIN}.class`), Buffer.from(renamed, 'latin1'));
    mkdirSync(join(dir, 'logs'));
    writeFileSync(join(dir, 'token'), TOKEN);
    const group = makeCgroup(512 * 2 ** 20);
    const flags = ['-Xmx256m', '-XX:+UseSerialGC', '-cp', `${dir}:${classes}`];
    const java = start(group.join('java', [...flags, MAIN, NAME, join(dir, 'logs'), '<script>alert(3)</script>\u001b[2J']));
    t.after(async () => {
      await java.stop('SIGKILL');
      await group.remove();
    });
    await java.line((line) => line === 'ready');
    const args = ['--attach', '--token-file', join(dir, 'token'), '--metrics-files', '9'];
    const hound = await watch(['--pid', String(java.pid), '--every', '1s', ...args]);
    t.after(() => hound.stop('SIGKILL'));
    const headers = { Authorization: `Bearer ${TOKEN}` };
    const found = async (cause: string): Promise<string> => {
      const url = `${hound.url}/api/v1/culprit`;
      assert.equal((await fetch(`${url}?cause=${cause}&for=2`, { method: 'POST', headers })).status, 200);
      for (;;) {
        const answer = (await (await fetch(url, { headers })).json()) as CulpritAnswer;
        if (answer.state === 'done') return answer.text.join('\n');
        await delay(100);
      }
    };
    for (const [cause, named] of [
      ['heap', /<img src=x onerror=alert\(1\)>\.main/],
      ['threads', /<svg onload=alert\(N\)>"'/],
      ['page-cache', /<svg onload=alert\(2\)>"'/],
    ] as const) {
      // On a busy machine the JVM may not run for as long as it is looked at.
      while (!named.test(await found(cause)));
      // Not with ?token=: each request of the page begins with the address that is opened.
      const opened = await openPage(browser, hound.url, { extraHTTPHeaders: headers });
      await opened.page.waitForFunction((text) => document.body.textContent.includes(text), '<svg onload=alert(2)>');
      await opened.page.waitForFunction((text) => new RegExp(text).test(document.body.textContent), named.source);
      assert.deepEqual(await opened.page.evaluate(strange), NOTHING, cause);
      assert.deepEqual(opened.wrong, [], cause);
      await opened.close();
    }
    for (const accept of [
      'text/plain',
      'application/openmetrics-text',
      'constructor',
      `application/openmetrics-text;${'q'.repeat(9000)}`,
    ]) {
      const answer = await fetch(`${hound.opsUrl}/metrics`, { headers: { accept } });
      const text = await answer.text();
      assert.equal(answer.status, 200, accept);
      assert.match(text, /path="[^\n]*<svg onload=alert\(2\)>\\"'[^\n]*"} \d+\n/);
      assert.doesNotMatch(text, OBEYED);
      if (answer.headers.get('content-type')!.startsWith('text/plain')) {
        const { status, stdout } = spawnSync(program('promtool'), ['check', 'metrics'], { input: text, encoding: 'utf8' });
        assert.equal(status, 0, stdout);
      }
    }
    assert.doesNotMatch(hound.running.output(), OBEYED);
  });

  test('of namespaces, pods and containers in Prometheus are text in the report of a fleet', {
    skip: missingRequirements('prometheus'),
  }, async (t) => {
    const place = { toS: 1_764_000_000, hours: 48, stepS: 300 };
    const random = new Random(3);
    const hostile = `${MAIN}${NAME}</script></style>`;
    const labels = (given: Readonly<Record<string, string>>) =>
      Object.fromEntries(Object.entries(given).map(([name, value]) => [name, KEPT.has(name) ? value : `${value}${hostile}`]));
    const series = [...fleetOf({ seed: 5, containers: 4, hours: place.hours, stepS: place.stepS, leaking: 1 })].flatMap(
      (container) => [...seriesOf(container, 'plain', place, random)].map((one) => ({ ...one, labels: labels(one.labels) })),
    );
    const server = await startPrometheus(series);
    t.after(() => server.stop());
    const report = join(dir, 'report.html');
    const args = ['fleet', '--prometheus', server.url, '--since', '2d', '--until', String(place.toS), '--report', report];
    const { code, stdout, stderr } = await run(process.execPath, [MEMHOUND, ...args]);
    assert.ok(code === 0 || code === 3, stderr);
    assert.match(stdout, /onerror/);
    assert.doesNotMatch(stdout + stderr, OBEYED);
    const opened = await browser.newPage();
    const wrong: string[] = [];
    opened.on('dialog', (dialog) => void wrong.push(dialog.message()));
    opened.on('pageerror', (error) => void wrong.push(String(error)));
    opened.on('request', (request) => void wrong.push(request.url()));
    await opened.goto(pathToFileURL(report).href);
    assert.ok((await opened.textContent('body'))?.includes(MAIN));
    assert.deepEqual(await opened.evaluate(strange), NOTHING);
    assert.deepEqual(wrong, [pathToFileURL(report).href]);
    await opened.close();
  });
});

/** What memhound reads a series by. */
const KEPT: ReadonlySet<string> = new Set(['__name__', 'id', 'name', 'image', 'node', 'instance', 'job']);
