import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { ApiError } from '../../src/outlets/status.ts';
import { openShell } from '../support/browser.ts';
import { missingRequirements } from '../support/needs.ts';
import { type Opened, openPage } from '../support/page.ts';
import { type Replay, serve } from '../support/replay.ts';
import { PAGE_SCENARIOS } from '../support/scenes.ts';

describe('the page in unusual cases', { skip: missingRequirements('chromium') }, () => {
  let browser: Browser;
  before(async () => {
    browser = await openShell();
  });
  after(() => browser.close());

  const shown = async (
    status: Replay,
    look: (o: Opened & { url: string }) => Promise<void>,
    {
      token = null as string | null,
      path = '',
      ...options
    }: BrowserContextOptions & { token?: string | null; path?: string } = {},
  ) => {
    const server = await serve(status, { token });
    const opened = await openPage(browser, server.url + path, options);
    try {
      await look({ ...opened, url: server.url });
    } finally {
      await opened.close();
      await server.close();
    }
  };
  const text = async ({ page }: Opened, selector: string) => ((await page.textContent(selector)) ?? '').trim();
  const legend = (name: string) => `#legend .entry:has-text("${name}")`;

  test('without a limit, a JVM, files or a split of kernel memory: a missing value is named or left out, never zero', () =>
    shown(PAGE_SCENARIOS.bare(), async (o) => {
      assert.equal(await o.page.isVisible(legend('limit')), false);
      assert.equal(await o.page.isVisible(legend('reclaimable slab')), false);
      assert.match(await text(o, '#jvm-none'), /no JVM\.$/);
      assert.match(await text(o, '#files'), /No files are known yet/);
      assert.match(await text(o, '#headline'), /no limit/);
      assert.deepEqual(o.wrong, []);
    }));

  test('a name of 63 letters and a thousand long file names fit a phone', async () => {
    for (const scene of ['bare', 'crowded'] as const)
      await shown(
        PAGE_SCENARIOS[scene](),
        async (o) => {
          assert.ok(await o.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), scene);
          assert.deepEqual(o.wrong, []);
        },
        { viewport: { width: 360, height: 740 } },
      );
  });

  test('of a thousand files the largest are shown, and how many more there are with what they hold', () =>
    shown(PAGE_SCENARIOS.crowded(), async (o) => {
      assert.equal(await o.page.locator('#files li').count(), 13);
      assert.match(await text(o, '#files li:last-child'), /^and [\d,]+ more, [\d.]+ [MG]iB$/);
      assert.deepEqual(o.wrong, []);
    }));

  test('opened with the very first sample: the charts come up by themselves once there are points for a line', () => {
    const status = PAGE_SCENARIOS.newborn();
    return shown(status, async (o) => {
      assert.match(await text(o, '#stack'), /first points are being taken/);
      for (let i = 0; i < 5; i++) status.tick(1);
      await o.page.waitForSelector('#stack canvas');
      await o.page.locator('#heap').scrollIntoViewIfNeeded();
      status.tick(1);
      await o.page.waitForSelector('#heap canvas');
      assert.deepEqual(o.wrong, []);
    });
  });

  test('before the first answer the page says so in place of the verdict, and the next sample fills the page', () => {
    const status = PAGE_SCENARIOS.fine();
    status.failWith(new ApiError('no-data-yet', 503, 'the cgroup has not been read yet'));
    return shown(status, async (o) => {
      assert.match(await text(o, '#headline'), /^the cgroup has not been read yet\.$/i);
      assert.match(await text(o, '#danger'), /no answer yet/);
      status.failWith(null);
      status.tick(1);
      await o.page.waitForFunction(() => document.querySelector('#headline')?.textContent?.startsWith('Nothing grows'));
      await o.page.waitForSelector('#tools li');
    });
  });

  test('a missing token is reported, with what to do', () => {
    const status = PAGE_SCENARIOS.fine();
    return shown(
      status,
      async (o) => {
        assert.match(await text(o, '#headline'), /^Nothing grows/);
        await o.page.context().clearCookies();
        await o.page.getByRole('button', { name: '1h', exact: true }).click();
        await o.page.waitForFunction(() => /not allowed/.test(document.querySelector('#danger')?.textContent ?? ''));
        assert.match(await text(o, '#state'), /\?token=/);
      },
      { token: 'a-token-of-a-test', path: '/?token=a-token-of-a-test' },
    );
  });

  test('a leak after an OOM kill: what grows, when the limit comes, and the OOM kill before', () =>
    shown(PAGE_SCENARIOS.restarted(), async (o) => {
      assert.match(await text(o, '#headline'), /native memory\. OOM kill in/);
      assert.match(await text(o, '#danger'), /■ ends in an OOM kill/);
      assert.match(await text(o, '#findings'), /1 OOM kill, at \d+ \w+, \d\d:\d\d:\d\d GMT\+1/, "viewer's zone");
    }));

  test('times are in the time zone of the viewer, with the offset, even if that has minutes', () =>
    shown(
      PAGE_SCENARIOS.fine(),
      async (o) => {
        assert.equal(await text(o, '#zone'), 'times in GMT+5:45');
        assert.match(await text(o, '#legend .time'), /GMT\+5:45/);
      },
      { timezoneId: 'Asia/Kathmandu' },
    ));

  test('resting on a file shows its share of the page cache, resting on a tool what it counts in the ledger, by mouse and keyboard', () =>
    shown(PAGE_SCENARIOS.story(), async (o) => {
      await o.page.hover('#files li:has-text("spring.log")');
      await o.page.waitForFunction(() =>
        /\d+ of \d+ MiB/.test(document.querySelector('#legend .value.share')?.textContent ?? ''),
      );
      assert.equal(await o.page.locator(`${legend('Java heap')}.dim`).count(), 1);
      assert.equal(await o.page.locator('#ledger li.dim:has-text("page cache")').count(), 0);
      await o.page.mouse.move(0, 0);
      await o.page.focus('#tools li:has-text("container_memory_rss")');
      await o.page.waitForSelector('#ledger li.dim:has-text("page cache")');
      assert.equal(await o.page.locator('#ledger li.dim:has-text("anon")').count(), 0);
    }));

  test('what a tool leaves out of usage is drawn and named, with its exact bytes in the tooltip', () =>
    shown(PAGE_SCENARIOS.story(), async (o) => {
      const row = o.page.locator('#tools li:has-text("kubectl top")');
      assert.equal(await row.locator('i.ghost').count(), 1);
      assert.match((await row.locator('.number.quiet').textContent()) ?? '', /^−\d+ MiB$/);
      assert.match((await row.locator('.number.quiet').getAttribute('title')) ?? '', /^[\d,]+ bytes less than usage$/);
      await o.page.hover(`${legend('usage')} .value`);
      assert.match((await o.page.getAttribute(`${legend('usage')} .value`, 'title')) ?? '', /^[\d,]{13} bytes$/);
    }));

  test('with forced colours the chosen range still differs from the others', () =>
    shown(
      PAGE_SCENARIOS.fine(),
      async (o) => {
        const [on, off] = await o.page.evaluate(() =>
          ['true', 'false'].map(
            (pressed) => getComputedStyle(document.querySelector(`#ranges [aria-pressed=${pressed}]`)!).backgroundColor,
          ),
        );
        assert.notEqual(on, off);
      },
      { forcedColors: 'active' },
    ));
});
