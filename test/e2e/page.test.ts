import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { openBrowser } from '../support/browser.ts';
import { type Memhound, watch } from '../support/memhound.ts';

const AXE = readFileSync('node_modules/axe-core/axe.min.js', 'utf8');

describe('the page, against the real server, in Chromium', () => {
  let memhound: Memhound;
  let browser: Browser;
  before(async () => {
    [memhound, browser] = await Promise.all([watch(['--own', '--every', '1s', '--min-history', '4s']), openBrowser()]);
  });
  after(async () => {
    await browser.close();
    await memhound.stop();
  });

  /** A page that keeps what must not happen: errors on the console, and requests to another host. */
  const open = async (size: { width: number; height: number }, colorScheme: 'light' | 'dark' = 'light') => {
    const context = await browser.newContext({ viewport: size, colorScheme, bypassCSP: true });
    const page = await context.newPage();
    const wrong: string[] = [];
    page.on('console', (m) => m.type() === 'error' && wrong.push(m.text()));
    page.on('pageerror', (e) => wrong.push(String(e)));
    page.on(
      'request',
      (r) => !r.url().startsWith(memhound.url) && !r.url().startsWith('data:') && wrong.push(`request to ${r.url()}`),
    );
    await page.goto(memhound.url);
    return { page, wrong, close: () => context.close() };
  };
  const drawn = (page: Page) => page.waitForSelector('#stack canvas');

  test('shows the headline of the verdict, draws the chart, and asks no other host', async () => {
    const { page, wrong, close } = await open({ width: 1200, height: 900 });
    await drawn(page);
    const { headline } = await memhound.verdict();
    assert.equal((await page.textContent('#headline'))?.slice(0, 13), headline.slice(0, 13));
    assert.ok((await page.locator('#views .row').count()) >= 15);
    assert.ok((await page.locator('#fields .field').count()) >= 5);
    assert.deepEqual(wrong, []);
    await close();
  });

  test('a live update arrives: the time under the chart moves with the ticks', async () => {
    const { page, wrong, close } = await open({ width: 1200, height: 900 });
    await drawn(page);
    const first = await page.textContent('#legend > :first-child');
    await page.waitForFunction((before) => document.querySelector('#legend > :first-child')?.textContent !== before, first);
    assert.match((await page.textContent('#live')) ?? '', /^live/);
    assert.deepEqual(wrong, []);
    await close();
  });

  test('fits a phone without a sideways scroll, in dark too', async () => {
    const { page, close } = await open({ width: 360, height: 740 }, 'dark');
    await drawn(page);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
    await close();
  });

  for (const scheme of ['light', 'dark'] as const) {
    test(`axe-core finds nothing to mend in ${scheme}`, async () => {
      const { page, close } = await open({ width: 1200, height: 900 }, scheme);
      await drawn(page);
      await page.click('summary');
      await page.addScriptTag({ content: AXE });
      const violations = await page.evaluate(async () => {
        const { axe } = window as unknown as {
          axe: { run: () => Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
        };
        return (await axe.run()).violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html.slice(0, 120)).join(' | ')}`);
      });
      assert.deepEqual(violations, []);
      await close();
    });
  }

  test('a range button asks for that range, by keyboard too', async () => {
    const { page, close } = await open({ width: 1200, height: 900 });
    await drawn(page);
    await page.focus('#ranges button:nth-child(1)');
    const asked = page.waitForRequest((r) => r.url().includes('/samples'));
    await page.keyboard.press('Enter');
    assert.match((await asked).url(), /from=\d+/);
    assert.equal(await page.getAttribute('#ranges button:nth-child(1)', 'aria-pressed'), 'true');
    await close();
  });

  test('says how old its data is when the server is gone', async () => {
    const own = await watch(['--own', '--every', '1s', '--min-history', '4s']);
    const page = await browser.newPage();
    await page.goto(own.url);
    await page.waitForFunction(() => document.querySelector('#live')?.textContent?.startsWith('live'));
    await own.stop();
    await page.waitForFunction(() => document.querySelector('#live')?.textContent?.startsWith('connection lost'));
    await page.close();
  });
});
