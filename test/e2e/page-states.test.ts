import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { culpritText } from '../../src/culprit/culprit-text.ts';
import type { Culprit } from '../../src/culprit/types.ts';
import type { Verdict } from '../../src/diagnosis/types.ts';
import { ApiError, type Status } from '../../src/outlets/status.ts';
import { MIB } from '../../src/units.ts';
import { openShell } from '../support/browser.ts';
import { missingRequirements } from '../support/needs.ts';
import { audit, type Opened, openPage } from '../support/page.ts';
import { type Served, serve } from '../support/replay.ts';
import { HTML_INJECTION, PAGE_SCENARIOS } from '../support/scenes.ts';

describe('the page in each state, on made histories behind the real server', { skip: missingRequirements('chromium') }, () => {
  let browser: Browser;
  before(async () => {
    browser = await openShell();
  });
  after(() => browser.close());

  const shown = async (
    scene: keyof typeof PAGE_SCENARIOS,
    look: (o: Opened & { server: Served; status: ReturnType<(typeof PAGE_SCENARIOS)['fine']> }) => Promise<void>,
  ) => {
    const status = PAGE_SCENARIOS[scene]();
    const server = await serve(status);
    const opened = await openPage(browser, server.url);
    try {
      await look({ ...opened, server, status });
    } finally {
      await opened.close();
      await server.close();
    }
  };
  const text = async ({ page }: Opened, selector: string) => ((await page.textContent(selector)) ?? '').trim();

  test('the story: the file is named, the end is a full disk and not an OOM kill, and the range holds the whole week', () =>
    shown('story', async (o) => {
      assert.match(await text(o, '#headline'), /page cache of \/tmp\/spring\.log/);
      assert.match(await text(o, '#danger'), /▲ ends in a full disk/);
      assert.match(await text(o, '#state'), /disk full in \d+ to \d+ days/);
      assert.match(await text(o, '#advice'), /stdout/);
      assert.equal(await o.page.getAttribute('#ranges button:nth-child(5)', 'aria-pressed'), 'true');
      const file = await text(o, '#files li:first-child');
      assert.match(file, /spring\.log.*\+114 MB a day.*pid 7, fd 27, writing/);
      assert.match(await text(o, '#files'), /deleted, still open/);
      assert.match(await text(o, '#files'), /owned by uid 0, asked by uid 1000/);
      assert.equal(await o.page.isVisible('#legend .entry:has-text("request")'), true);
      assert.deepEqual(o.wrong, []);
    }));

  test('a heap leak: OutOfMemoryError in hours, solid red with a sign and a word, the floor drawn', () =>
    shown('heapLeak', async (o) => {
      assert.match(await text(o, '#headline'), /floor after GC rises .* reaches -Xmx in (\d+ to )?\d+ hours: OutOfMemoryError/);
      assert.match(await text(o, '#danger'), /■ ends in OutOfMemoryError/);
      assert.equal(await o.page.getAttribute('#verdict', 'class'), 'verdict bad');
      assert.match(await text(o, '#heap-floor'), /MiB$/);
      assert.match(await text(o, '#fields .field:first-child .trend'), /^↗/);
      assert.deepEqual(o.wrong, []);
    }));

  test('two causes: the advice is for the one in the headline, on the page and in the API', () =>
    shown('twoCauses', async (o) => {
      assert.match(await text(o, '#headline'), /^Memory outside the Java heap grows/);
      assert.match(await text(o, '#advice'), /MaxDirectMemorySize/);
      assert.doesNotMatch(await text(o, '#advice'), /tmpfs|emptyDir/);
      assert.match(await text(o, '#findings'), /tmpfs or shared memory grows/);
      const { causes, findings } = (await (await fetch(`${o.server.url}/api/v1/verdict`)).json()) as Verdict;
      assert.deepEqual([causes[0]?.cause, findings[0]?.rule], ['native', 'native-growth']);
      assert.deepEqual(o.wrong, []);
    }));

  test('a leak without a limit ends in eviction, and no OOM kill is mentioned', () =>
    shown('noLimit', async (o) => {
      assert.match(await text(o, '#headline'), /No limit is set: .* evicts pods/);
      assert.match(await text(o, '#danger'), /^▲ can end in eviction/);
      assert.match(await text(o, '#state'), /no limit is set$/);
      assert.equal(await o.page.getAttribute('#verdict', 'class'), 'verdict warn');
      assert.doesNotMatch(await text(o, '#verdict'), /OOM kill/);
      assert.deepEqual(o.wrong, []);
    }));

  test('settling is an answer: no alarm, and when to ask again', () =>
    shown('settling', async (o) => {
      assert.match(await text(o, '#headline'), /settling/i);
      assert.match(await text(o, '#danger'), /○ wait and see/);
      assert.equal(await o.page.getAttribute('#verdict', 'class'), 'verdict none');
      assert.deepEqual(o.wrong, []);
    }));

  test('if nothing is wrong, the page says so and asks for nothing', () =>
    shown('fine', async (o) => {
      assert.match(await text(o, '#headline'), /^Nothing grows/);
      assert.match(await text(o, '#danger'), /● nothing to do/);
      assert.equal(await o.page.isVisible('#advice'), false);
      assert.deepEqual(o.wrong, []);
    }));

  test('not enough data: the page says what it waits for, and shows no confidence', () =>
    shown('tooShort', async (o) => {
      assert.match(await text(o, '#headline'), /^Not enough history yet/);
      assert.match(await text(o, '#danger'), /too early to tell/);
      assert.doesNotMatch(await text(o, '#state'), /sure/);
      assert.ok(await o.page.isVisible('#stack canvas'));
      assert.deepEqual(o.wrong, []);
    }));

  test('no target: the lines that fix it, and no empty tables', () =>
    shown('noTarget', async (o) => {
      assert.match(await text(o, '#headline'), /sees only itself/);
      assert.match(await text(o, '#remediation'), /shareProcessNamespace: true/);
      assert.equal(await o.page.isVisible('#tools'), false);
    }));

  test('several containers: the JVM is shown, and the switch shows the other with its own limit', () =>
    shown('several', async (o) => {
      assert.match(await text(o, '#target option:checked'), /orders, pid 7, JVM/);
      await o.page.selectOption('#target', { label: 'log-shipper, pid 31' });
      await o.page.waitForFunction(() => document.querySelector('#headline')?.textContent?.includes('256\u00a0MiB'));
      await o.page.waitForFunction(() => document.querySelector('#jvm-none')?.textContent?.includes('no JVM'));
      assert.match(
        (await o.page.getAttribute('.links[data-api=ledger] a', 'href')) ?? '',
        /target=77aa01b2c3d4/,
        'the links lead to what is shown',
      );
      assert.deepEqual(o.wrong, []);
    }));

  test('the legend names an OOM kill and a restart at the cursor, and nothing is drawn across a gap', () =>
    shown('restarted', async (o) => {
      await o.page.click('#ranges button:last-child');
      await o.page.waitForFunction(
        () => document.querySelector('#ranges button:last-child')?.getAttribute('aria-pressed') === 'true',
      );
      const box = (await o.page.locator('#stack .u-over').boundingBox())!;
      const legends: string[] = [];
      for (let i = 1; i < 60; i++) {
        await o.page.mouse.move(box.x + (box.width * i) / 60, box.y + 80);
        await o.page.evaluate(() => new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(r))));
        legends.push(await o.page.evaluate(() => document.querySelector('#legend')?.textContent ?? ''));
      }
      assert.ok(
        legends.some((t) => /OOM kill/.test(t) && /restart/.test(t)),
        'both lie within one pixel or two',
      );
      // Nothing was sampled between hours 7 and 8.5 of 45, and the cursor moves by three quarters of an hour: the cursor rests there on no value.
      assert.ok(
        legends.slice(8, 12).some((t) => /usage–/.test(t)),
        legends.slice(8, 12).join('\n'),
      );
      assert.ok(legends.slice(0, 8).every((t) => /usage[\d.]+ [MG]iB/.test(t)));
    }));

  test('the target is restarted: the page takes it over by itself', () =>
    shown('fine', async (o) => {
      const asked = o.page.waitForResponse((r) => r.url().includes('/samples'));
      o.status.restart();
      const body = (await (await asked).json()) as { aux: { events: { type: string }[] } };
      assert.equal(body.aux.events.at(-1)?.type, 'restart');
      assert.deepEqual(o.wrong, []);
    }));

  test('while the API is unreachable the page shows the age of the data; afterwards it fills the gap', () =>
    shown('fine', async (o) => {
      const port = Number(new URL(o.server.url).port);
      await o.page.waitForFunction(() => /^(live|stale)/.test(document.querySelector('#live')?.textContent ?? ''));
      await o.server.close();
      await o.page.waitForFunction(() =>
        /^connection lost; last sample .* ago; trying again in \d+ s$/.test(document.querySelector('#live')?.textContent ?? ''),
      );
      assert.equal(await text(o, '#live-said'), 'connection lost', 'read out once, without the seconds');
      for (let i = 0; i < 30; i++) o.status.tick(10);
      const filled = o.page.waitForResponse((r) => r.url().includes('/samples'));
      const again = await serve(o.status, { port });
      try {
        const { t } = (await (await filled).json()) as { t: number[] };
        assert.ok(t.at(-1)! > Date.now() / 1000 + 200, 'the ticks of the break are there');
        await o.page.waitForFunction(() => /^(live|stale)/.test(document.querySelector('#live')?.textContent ?? ''));
      } finally {
        await o.close();
        await again.close();
      }
    }));

  test('a file named like markup is text, in the headline, in the table and in what is copied', () =>
    shown('evil', async (o) => {
      assert.ok((await text(o, '#headline')).includes(HTML_INJECTION));
      assert.ok((await text(o, '#files')).includes(HTML_INJECTION));
      assert.equal(await o.page.locator('main img').count(), 0);
      assert.deepEqual(o.wrong, []);
    }));

  /** In the page: what it shows of its files, a character that cannot be seen, its scripts, and whether it is wider than the window. */
  const look = () => {
    const attributes = [...document.querySelectorAll('*')].flatMap((e) => [...e.attributes].map((a) => a.value));
    const all = [document.documentElement.textContent ?? '', document.title, ...attributes].join(' ');
    return {
      files: document.querySelector('#files')?.textContent ?? '',
      hidden: /(?![\n\t])[\p{Cc}\p{Cf}\u2028\u2029]/u.exec(all)?.[0] ?? null,
      scripts: document.scripts.length,
      wide: document.documentElement.scrollWidth > innerWidth,
    };
  };

  test('names that turn round, hide, forge lines or are 4 KB long are shown for what they are, and break nothing', () =>
    shown('evil', async (o) => {
      const { files, hidden, scripts, wide } = await o.page.evaluate(look);
      for (const name of [
        '/tmp/\\u202egpj.exe',
        '/tmp/a\\u200bb\\u2066c',
        '/tmp/x\\x0ay\\x0d\\x1b[31mred\\x07',
        '/tmp/bytes-\ufffd\ufffd',
      ])
        assert.ok(files.includes(name), `${name} is not in ${files}`);
      assert.match(files, /\/tmp\/(long\/)+[long/]*…[long/]*end/);
      assert.deepEqual({ hidden, scripts, wide }, { hidden: null, scripts: 1, wide: false });
      assert.deepEqual(o.wrong, []);
    }));

  /** Names of classes, threads, frames, files and errors come from the JVM, whose container is not trusted. */
  const NAME = `</script><script>alert(3)</script>${HTML_INJECTION}\u202e\u2028\x1b[31m`;
  const hostile = { name: NAME, before: 1, after: 9e6, share: 1, sizes: [1, 2, 9e6], more: { instances: 7, classes: 1 } };
  const sampled = { name: NAME, kind: 'static-field', thread: null, samples: 5, stack: [NAME] } as const;
  const place = { line: NAME, logger: NAME, level: NAME, share: 1 };
  const group = {
    name: `${NAME}${'long/'.repeat(800)}`,
    amount: 9e6,
    events: 3,
    share: 1,
    from: place,
    thread: { name: NAME, share: 1 },
  };
  const answers: Readonly<Record<string, Culprit>> = {
    'a class and its holder': {
      state: 'named',
      cause: 'heap',
      culprit: hostile,
      stand: null,
      parent: null,
      keepers: null,
      retention: { state: 'known', samples: 5, heldBy: sampled, allocatedAt: { ...sampled, kind: 'frame' } },
      native: {
        by: 'mappings',
        kinds: [{ name: NAME, before: 0, after: 20 * MIB }],
        pools: {
          direct: { count: { before: 1, after: 3 }, bytes: null },
          mapped: { count: { before: 0, after: 0 }, bytes: null },
        },
        remediation: NAME,
        released: {
          state: 'read',
          atMs: 0,
          value: { beforeBytes: 90 * MIB, afterCollectionBytes: 80 * MIB, afterTrimBytes: 79 * MIB, by: null },
        },
      },
      usedBy: null,
      grown: [hostile, { ...hostile, name: `${NAME}${'x'.repeat(60_000)}` }],
    },
    'threads and loaders': {
      state: 'named',
      cause: 'threads',
      culprit: hostile,
      stand: { frame: NAME, threads: 9, stack: [NAME, NAME] },
      parent: NAME,
      keepers: {
        classes: [NAME],
        threads: { name: NAME, more: 3, frame: NAME },
        drivers: true,
        threadLocals: true,
        mbeans: true,
      },
      retention: { state: 'unknown', reason: NAME },
      native: null,
      usedBy: null,
      grown: [hostile],
    },
    'a file and a line of code': {
      state: 'recorded',
      cause: 'page-cache',
      seconds: 60,
      total: 9e6,
      unseen: null,
      culprit: group,
      groups: [group, group],
    },
    'an error': { state: 'failed', cause: 'native', error: `jcmd: code 1: ${NAME}`, remediation: NAME },
  };
  for (const [what, culprit] of Object.entries(answers))
    test(`a JVM that lies about ${what} reaches the page as text, whatever its names hold`, async (t) => {
      const real = PAGE_SCENARIOS.evil();
      const [since, until] = ['2026-01-05T10:00:00.000Z', '2026-01-05T10:05:00.000Z'];
      const run = {
        state: 'done',
        cause: culprit.cause,
        since,
        until,
        forSeconds: 300,
        culprit,
        text: culpritText(culprit),
      } as const;
      const lies: Partial<Status> = {
        culprit: () => ({ ...run, causes: real.culprit().causes }),
        histogram: async () => ({
          at: until,
          since,
          largest: [{ name: NAME, instances: 1, bytes: 9e6 }],
          grown: [{ name: NAME, instancesGrown: 1, bytesGrown: 9e6, bytes: 9e6 }],
          durationMs: 1,
        }),
      };
      const status = new Proxy<Status>(real, {
        get: (of, key) => {
          const own = lies[key as keyof Status] ?? of[key as keyof Status];
          return typeof own === 'function' ? own.bind(of) : own;
        },
      });
      const server = await serve(status, { token: 'a-token-of-a-test' });
      t.after(() => server.close());
      const o = await openPage(browser, server.url, { extraHTTPHeaders: { authorization: 'Bearer a-token-of-a-test' } });
      t.after(() => o.close());
      await o.page.goto(`${server.url}/?token=a-token-of-a-test`);
      await o.page.waitForFunction(() => document.querySelector('#culprit-said')?.textContent?.includes('alert(3)'));
      await o.page.click('#take-histogram');
      await o.page.waitForFunction(() => document.querySelector('#classes')?.textContent?.includes('alert(3)'));
      const { hidden, scripts, wide } = await o.page.evaluate(look);
      assert.deepEqual({ hidden, scripts, wide }, { hidden: null, scripts: 1, wide: false });
      if ('native' in culprit && culprit.native !== null) {
        const beside = await text(o, '#culprit-beside');
        assert.match(beside, /20\sMiB\+20\sMiB.*direct, number13\+2mapped, number00–/);
        assert.match(beside, /by a collection90\sMiB80\sMiB−10\sMiB.*79\sMiB stay: /);
        assert.match(await text(o, '#culprit-table'), /\+1 class, \+7 objects/);
        await o.page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
        await o.page.click('#copy-culprit');
        await o.page.waitForFunction(() => document.getElementById('copy-culprit')?.textContent === 'Copied');
        const copied = await o.page.evaluate(() => navigator.clipboard.readText());
        assert.match(
          copied,
          /^memhound, .*\nheap: .*\nWhere they are allocated: one stack:\n {2}[^\n]*alert\(3\)[^\n]*\\u202e[^\n]*$/s,
        );
      }
      assert.equal(await o.page.locator('main img').count(), 0);
      assert.deepEqual(o.wrong, []);
    });

  for (const [scene, headline] of [
    ['recordedHeap', /Java heap's floor after GC rises/],
    ['recordedLog', /page cache of .*spring\.log/],
    ['recordedNative', /^Memory outside the Java heap grows .* native memory/],
    ['recordedRotation', /^Nothing grows/],
    ['recordedWeek', /page cache of \/tmp\/spring\.log/],
  ] as const) {
    test(`a recording from a real kernel is shown completely, and continues live: ${scene}`, () =>
      shown(scene, async (o) => {
        assert.match(await text(o, '#headline'), headline);
        await o.page.waitForFunction(() => /^(live|stale)/.test(document.querySelector('#live')?.textContent ?? ''));
        const before = await text(o, '#legend .time');
        for (let i = 0; i < 10; i++) o.status.tick(2);
        await o.page.waitForFunction((was) => document.querySelector('#legend .time')?.textContent !== was, before);
        const empty = await o.page.evaluate(() => ({
          legend: [...document.querySelectorAll('#legend .entry:not([hidden]) .value')].filter((v) => v.textContent === '–')
            .length,
          heap: document.querySelector('#heap-used')?.textContent === '–',
          lines: [...document.querySelectorAll('#fields .series')].filter((p) => !p.getAttribute('d')?.includes('L')).length,
        }));
        assert.deepEqual(empty, { legend: 0, heap: false, lines: 0 });
        assert.deepEqual(o.wrong, []);
      }));
  }

  test('the heap chart moves with the ticks, like the big chart', () =>
    shown('fine', async (o) => {
      await o.page.getByRole('button', { name: '15m', exact: true }).click();
      await o.page.waitForLoadState('networkidle');
      await o.page.locator('#heap').scrollIntoViewIfNeeded();
      const pixels = () =>
        o.page.evaluate(() => (document.querySelector('#heap canvas') as HTMLCanvasElement | null)?.toDataURL() ?? '');
      const before = await pixels();
      for (let i = 0; i < 20; i++) o.status.tick(10);
      await o.page.waitForFunction(
        (was) => (document.querySelector('#heap canvas') as HTMLCanvasElement | null)?.toDataURL() !== was,
        before,
      );
      assert.deepEqual(o.wrong, []);
    }));

  test('a viewer whose clock is ten minutes off still sees a live page as live', async (t) => {
    const status = PAGE_SCENARIOS.fine();
    const server = await serve(status);
    t.after(() => server.close());
    for (const off of [600_000, -600_000]) {
      const context = await browser.newContext();
      await context.addInitScript((ms) => {
        const real = Date.now;
        Date.now = () => real() + ms;
      }, off);
      const page = await context.newPage();
      await page.goto(server.url);
      await page.waitForFunction(() => /^live, (now|\d+ seconds? ago)$/.test(document.querySelector('#live')?.textContent ?? ''));
      await page.waitForSelector('#jvm-facts div');
      assert.match((await page.textContent('#jvm-facts')) ?? '', /of 512 MiB\d+ s old/);
      await context.close();
    }
  });

  test('the histogram button exists only if memhound may attach, names its cost, and shows classes', async (t) => {
    const status = PAGE_SCENARIOS.heapLeak();
    const server = await serve(status, { token: 'a-token-of-a-test' });
    t.after(() => server.close());
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(`${server.url}/?token=a-token-of-a-test`);
    await page.waitForSelector('#histogram:not([hidden])');
    assert.match((await page.textContent('#histogram')) ?? '', /full collection/);
    assert.equal(new URL(page.url()).search, '', 'the token does not stay in the address');
    await page.click('#take-histogram');
    await page.waitForSelector('#classes .row');
    assert.match((await page.textContent('#classes')) ?? '', /com\.example\.orders\.Session/);
    await context.close();
    await shown('heapLeak', async (o) =>
      assert.deepEqual([await o.page.isVisible('#histogram'), await o.page.isVisible('#culprit')], [false, false]),
    );
  });

  test('the search for a culprit tells its cost before, its progress meanwhile, and then what grows with its evidence', async (t) => {
    const server = await serve(PAGE_SCENARIOS.heapLeak(), { token: 'a-token-of-a-test' });
    t.after(() => server.close());
    const context = await browser.newContext({ bypassCSP: true });
    t.after(() => context.close());
    const page = await context.newPage();
    await page.goto(`${server.url}/?token=a-token-of-a-test`);
    await page.waitForSelector('#culprit:not([hidden]) option[value=heap]', { state: 'attached' });
    assert.equal(await page.inputValue('#culprit-cause'), 'heap');
    assert.match((await page.textContent('#culprit-cost')) ?? '', /five full collections/);
    await page.selectOption('#culprit-for', '1800');
    await page.click('#find-culprit');
    await page.waitForFunction(() => /\d of 5 looks/.test(document.getElementById('culprit-said')?.textContent ?? ''));
    await page.click('#cancel-culprit');
    await page.waitForFunction(() => document.getElementById('culprit-said')?.textContent?.includes('cancelled'));
    await page.selectOption('#culprit-for', '60');
    await page.click('#find-culprit');
    await page.waitForSelector('#culprit-table tbody tr');
    assert.match(
      (await page.textContent('#culprit-said')) ?? '',
      /^com\.example\.orders\.Session grew from .* 36,000 more objects$/,
    );
    assert.match((await page.textContent('#culprit-when')) ?? '', /^Asked for 1 min, until .*\d{2}:\d{2}/);
    assert.match((await page.textContent('#culprit-table')) ?? '', /\+36[\s,\u202f]000 objects/);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      assert.deepEqual(await audit(page), []);
    }
    await page.selectOption('#culprit-for', '300');
    await page.reload();
    await page.waitForSelector('#culprit-table tbody tr');
    assert.equal(await page.inputValue('#culprit-for'), '60', 'the time of the answer that is shown');
  });

  const ends: Record<string, Status['culprit']> = {
    'and is not back': () => {
      throw new ApiError('no-target', 503, 'the watched container ended: see /api/v1/verdict?epoch=-1', null);
    },
    'and was started again': () => ({ state: 'none', causes: PAGE_SCENARIOS.heapLeak().culprit().causes }),
  };
  for (const [what, culprit] of Object.entries(ends))
    test(`where a container ends ${what} during a search, the page says that there is no answer`, async (t) => {
      const real = PAGE_SCENARIOS.heapLeak();
      let hasEnded = false;
      const status = new Proxy<Status>(real, {
        get: (of, key) => {
          const own = key === 'culprit' && hasEnded ? culprit : of[key as keyof Status];
          return typeof own === 'function' ? own.bind(of) : own;
        },
      });
      const server = await serve(status, { token: 'a-token-of-a-test' });
      t.after(() => server.close());
      const page = await browser.newPage();
      t.after(() => page.close());
      await page.goto(`${server.url}/?token=a-token-of-a-test`);
      await page.waitForSelector('#culprit:not([hidden]) option[value=heap]', { state: 'attached' });
      await page.selectOption('#culprit-for', '1800');
      await page.click('#find-culprit');
      await page.waitForFunction(() => /\d of 5 looks/.test(document.getElementById('culprit-said')?.textContent ?? ''));
      hasEnded = true;
      await page.waitForSelector('#find-culprit:enabled');
      assert.equal(await page.textContent('#culprit-said'), 'No answer: the container has ended.');
    });

  for (const scene of ['story', 'heapLeak', 'restarted', 'several', 'recordedLog', 'noTarget'] as const) {
    describe(`axe-core on ${scene}`, () => {
      let server: Served;
      let opened: Opened;
      before(async () => {
        server = await serve(PAGE_SCENARIOS[scene]());
        opened = await openPage(browser, server.url, { bypassCSP: true });
        if (scene !== 'noTarget') await opened.page.click('summary');
      });
      after(async () => {
        await opened.close();
        await server.close();
      });
      for (const colorScheme of ['light', 'dark'] as const)
        test(`axe-core finds nothing to remediation: ${scene}, ${colorScheme}`, async () => {
          await opened.page.emulateMedia({ colorScheme });
          assert.deepEqual(await audit(opened.page), []);
        });
    });
  }
});
