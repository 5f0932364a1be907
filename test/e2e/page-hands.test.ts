import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { openShell } from '../support/browser.ts';
import { missingRequirements } from '../support/needs.ts';
import { type Opened, openPage, spanShown } from '../support/page.ts';
import { type Served, serve } from '../support/replay.ts';
import { PAGE_SCENARIOS } from '../support/scenes.ts';

describe('the page under mouse, keyboard, small screens and paper', { skip: missingRequirements('chromium') }, () => {
  let browser: Browser;
  let server: Served;
  const status = PAGE_SCENARIOS.story();
  before(async () => {
    [browser, server] = await Promise.all([openShell(), serve(status)]);
  });
  after(async () => {
    await browser.close();
    await server.close();
  });
  const opened = async (look: (o: Opened) => Promise<void>, options = {}) => {
    const o = await openPage(browser, server.url, options);
    try {
      await look(o);
      assert.deepEqual(o.wrong, []);
    } finally {
      await o.close();
    }
  };

  test('a drag over the chart zooms to those hours, a double click shows the whole range again', () =>
    opened(async ({ page }) => {
      const whole = await spanShown(page);
      const box = (await page.locator('#stack .u-over').boundingBox())!;
      const asked = page.waitForResponse((r) => /samples\?.*from=.*to=|samples\?.*to=.*from=/.test(r.url()));
      await page.mouse.move(box.x + box.width * 0.25, box.y + 60);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width * 0.5, box.y + 60, { steps: 5 });
      await page.mouse.up();
      await (await asked).finished();
      await page.waitForSelector('#unzoom:not([hidden])');
      const part = await spanShown(page);
      assert.ok(part > 0.2 * whole && part < 0.3 * whole, `${part} of ${whole} s`);
      const back = page.waitForResponse((r) => r.url().includes('/samples'));
      await page.mouse.dblclick(box.x + box.width / 2, box.y + 60);
      await (await back).finished();
      await page.waitForSelector('#unzoom', { state: 'hidden' });
      assert.ok((await spanShown(page)) > 0.95 * whole);
    }));

  test('one cursor: resting on the big chart moves the values of legend, heap chart and fields, and leaving gives back the newest', () =>
    opened(async ({ page }) => {
      const values = () =>
        page.evaluate(() =>
          ['#legend .value', '#heap-used', '#fields .field:first-child .value'].map(
            (s) => document.querySelector(s)?.textContent,
          ),
        );
      const newest = await values();
      const box = (await page.locator('#stack .u-over').boundingBox())!;
      await page.mouse.move(box.x + box.width * 0.3, box.y + 60);
      await page.waitForFunction((was) => document.querySelector('#legend .value')?.textContent !== was, newest[0]);
      const then = await values();
      assert.notEqual(then[0], newest[0]);
      assert.notEqual(then[2], newest[2]);
      assert.equal(
        await page.locator('#fields line.hair[visibility=visible]').count(),
        await page.locator('#fields .field').count(),
      );
      await page.mouse.move(2, 2);
      await page.waitForFunction((was) => document.querySelector('#legend .value')?.textContent === was, newest[0]);
      assert.deepEqual(await values(), newest);
    }));

  test('resting on a tool dims in the legend what it does not count', () =>
    opened(async ({ page }) => {
      await page.hover('#tools li:has-text("container_memory_rss")');
      assert.equal(await page.locator('#legend .entry.dim:has-text("page cache")').count(), 1);
      assert.equal(await page.locator('#legend .entry.dim:has-text("Java heap")').count(), 0);
    }));

  test('with the keyboard alone: cursor, zoom and back, range, search, copy', () =>
    opened(
      async ({ page }) => {
        await page.focus('#stack');
        await page.keyboard.press('Home');
        await page.waitForFunction(() => document.querySelector('#stack')?.getAttribute('aria-valuenow') === '0');
        assert.match((await page.getAttribute('#stack', 'aria-valuetext')) ?? '', /usage [\d.]+ [MG]iB/);
        await page.keyboard.press('ArrowRight');
        await page.waitForFunction(() => document.querySelector('#stack')?.getAttribute('aria-valuenow') === '1');
        await page.keyboard.press('+');
        await page.waitForSelector('#unzoom:not([hidden])');
        await page.keyboard.press('Escape');
        await page.waitForSelector('#unzoom', { state: 'hidden' });
        await page.focus('#ranges button:nth-child(4)');
        await page.keyboard.press('Enter');
        await page.waitForFunction(
          () => document.querySelector('#ranges button:nth-child(4)')?.getAttribute('aria-pressed') === 'true',
        );
        await page.focus('#search');
        await page.keyboard.type('metasp');
        assert.deepEqual(await page.locator('#fields .field b').allTextContents(), ['metaspace']);
        await page.focus('#copy');
        await page.keyboard.press('Enter');
        await page.waitForFunction(() => document.querySelector('#copy')?.textContent === 'Copied');
        const copied = await page.evaluate(() => navigator.clipboard.readText());
        assert.match(copied, /^Memory used grows[\s\S]*ends in a full disk[\s\S]*- \[/);
      },
      { permissions: ['clipboard-read', 'clipboard-write'] },
    ));

  test('every control can be reached with Tab, and the focus can be seen', () =>
    opened(async ({ page }) => {
      const reached = new Set<string>();
      for (let i = 0; i < 60; i++) {
        await page.keyboard.press('Tab');
        const at = await page.evaluate(() => {
          const e = document.activeElement as HTMLElement;
          return e === document.body ? null : { id: e.id || e.className || e.tagName, outline: getComputedStyle(e).outlineStyle };
        });
        if (at === null) break;
        assert.notEqual(at.outline, 'none', at.id);
        reached.add(at.id);
      }
      for (const id of ['copy', 'why-count', 'stack', 'row wide', 'row', 'search'])
        assert.ok(reached.has(id), `${id} is not reached`);
    }));

  for (const colorScheme of ['light', 'dark'] as const) {
    test(`fits a phone of 360 px without a sideways scroll, ${colorScheme}`, () =>
      opened(
        async ({ page }) => {
          assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
          const over = await page.evaluate(() =>
            [...document.querySelectorAll('main *')]
              .filter((e) => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest('.unseen'))
              .map((e) => e.outerHTML.slice(0, 80)),
          );
          assert.deepEqual(over, []);
        },
        { viewport: { width: 360, height: 740 }, colorScheme },
      ));
  }

  test('prints to one page', () =>
    opened(async ({ page }) => {
      const pdf = (await page.pdf({ preferCSSPageSize: true, printBackground: true })).toString('latin1');
      assert.equal(pdf.match(/\/Type\s*\/Page\b/g)?.length, 1);
    }));

  test('nothing moves by itself if the viewer prefers reduced motion', () =>
    opened(
      async ({ page }) => {
        assert.equal(await page.evaluate(() => document.getAnimations().length), 0);
      },
      { reducedMotion: 'reduce' },
    ));

  test('a live tick moves the numbers without shifting anything', () =>
    opened(async ({ page }) => {
      // A minute ahead, so that the words of the age, which is how long this file has run, are "live, now" before and after.
      status.tick(60);
      await page.waitForFunction(() => document.querySelector('#live')?.textContent === 'live, now');
      await page.evaluate(() => {
        const w = window as unknown as { shifted: number };
        w.shifted = 0;
        new PerformanceObserver((list) => {
          for (const e of list.getEntries()) w.shifted += (e as unknown as { value: number }).value;
        }).observe({ type: 'layout-shift', buffered: false });
      });
      const before = await page.textContent('#legend .time');
      for (let i = 0; i < 5; i++) status.tick(10);
      await page.waitForFunction((was) => document.querySelector('#legend .time')?.textContent !== was, before);
      await page.evaluate(() => new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(r))));
      // A number that gets one more digit shifts only its end; a line that wraps again shifts 500 times as much.
      const shifted = await page.evaluate(() => (window as unknown as { shifted: number }).shifted);
      assert.ok(shifted < 0.001, `shifted by ${shifted}`);
    }));
});
