import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { openShell } from '../support/browser.ts';
import { dataDir, type Memhound, watch } from '../support/memhound.ts';
import { missingRequirements } from '../support/needs.ts';
import { openPage } from '../support/page.ts';

describe('the page of a running memhound', { skip: missingRequirements('chromium') }, () => {
  const args = ['--own', '--every', '1s', '--min-history', '4s'];
  let memhound: Memhound;
  let browser: Browser;
  before(async () => {
    [memhound, browser] = await Promise.all([watch(args), openShell()]);
  });
  after(async () => {
    await browser.close();
    await memhound.stop();
  });

  test('shows the headline of the verdict and every tool, live, and asks no other host', async () => {
    const { page, wrong, close } = await openPage(browser, memhound.url);
    await page.waitForSelector('#tools li');
    await page.waitForSelector('#stack canvas');
    const { headline } = await memhound.verdict();
    assert.equal((await page.textContent('#headline'))?.slice(0, 13), headline.slice(0, 13));
    const tools = (await page.textContent('#tools')) ?? '';
    for (const name of ['kubectl top', 'docker stats', 'New Relic', 'Datadog', 'OOM killer'])
      assert.ok(tools.includes(name), name);
    const first = await page.textContent('#legend .time');
    await page.waitForFunction((was) => document.querySelector('#legend .time')?.textContent !== was, first);
    assert.match((await page.textContent('#live')) ?? '', /^live/);
    assert.match((await page.textContent('#self')) ?? '', /resident.*ticks missed/);
    assert.deepEqual(wrong, []);
    await close();
  });

  test('the sidecar is restarted on its history: the page comes back by itself and shows what was before', async (t) => {
    const data = dataDir();
    // This process, and not the biggest of the cgroup, which may end in between: then the history would be that of another instance.
    const args = ['--pid', String(process.pid), '--every', '1s', '--min-history', '4s'];
    const first = await watch([...args, '--data', data]);
    t.after(() => first.stop());
    const live = first.live();
    let rows = 0;
    await live.until((message) => message.type === 'sample' && ++rows === 3, 20_000);
    live.close();
    const port = new URL(first.url).port;
    const { page, close } = await openPage(browser, first.url);
    await page.waitForSelector('#stack canvas');
    await first.stop();
    await page.waitForFunction(() => document.querySelector('#live')?.textContent?.startsWith('connection lost'));
    const filled = page.waitForResponse((r) => r.url().includes('/samples'));
    const second = await watch([...args, '--data', data, '--port', port]);
    t.after(() => second.stop());
    const samples = (await (await filled).json()) as { t: number[] };
    assert.ok(samples.t.length >= 3, 'rows from before the restart');
    await page.waitForFunction(() => /^(live|stale)/.test(document.querySelector('#live')?.textContent ?? ''));
    await close();
  });
});
