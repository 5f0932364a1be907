// npm run shots: the page in its main states, as pictures in docs/screenshots. `-- story heapLeak` makes only those; `--to DIR` elsewhere.
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openShell } from '../../test/support/browser.ts';
import { serve } from '../../test/support/replay.ts';
import { PAGE_SCENARIOS } from '../../test/support/scenes.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { to: { type: 'string', default: 'docs/screenshots' }, whole: { type: 'boolean' } },
});
mkdirSync(values.to, { recursive: true });

interface Shot {
  readonly name: string;
  readonly scene: keyof typeof PAGE_SCENARIOS;
  readonly range: string;
  readonly width?: number;
  readonly dark?: boolean;
  /** The page is scrolled to this part. */
  readonly part?: string;
  readonly height?: number;
  readonly gone?: boolean;
  /** Not kept in docs/screenshots: made only if it is named, or with --to. */
  readonly aside?: boolean;
  /** The mouse rests on this. */
  readonly rest?: string;
}

const SHOTS: readonly Shot[] = [
  { name: 'story', scene: 'story', range: '7d' },
  { name: 'tools', scene: 'story', range: '7d', part: '#tools-title', height: 760 },
  { name: 'file', scene: 'story', range: '7d', rest: '#files li:first-child', height: 960 },
  { name: 'jvm', scene: 'heapLeak', range: '1d', part: '#jvm-title', height: 680 },
  { name: 'fields', scene: 'story', range: '7d', part: '#fields-title', height: 700 },
  { name: 'story-dark', scene: 'story', range: '7d', dark: true },
  { name: 'heap-leak', scene: 'heapLeak', range: '1d' },
  { name: 'native', scene: 'native', range: '7d' },
  { name: 'no-limit', scene: 'noLimit', range: '7d' },
  { name: 'two-causes', scene: 'twoCauses', range: '7d', aside: true },
  { name: 'settling', scene: 'settling', range: '6h' },
  { name: 'fine', scene: 'fine', range: '7d' },
  { name: 'too-short', scene: 'tooShort', range: '15m' },
  { name: 'restarted', scene: 'restarted', range: '7d' },
  { name: 'several', scene: 'several', range: '1d' },
  { name: 'recorded', scene: 'recordedWeek', range: 'all', aside: true },
  { name: 'recorded-heap', scene: 'recordedHeap', range: '15m', aside: true },
  { name: 'recorded-log', scene: 'recordedLog', range: '15m', aside: true },
  { name: 'recorded-native', scene: 'recordedNative', range: '15m', aside: true },
  { name: 'recorded-rotation', scene: 'recordedRotation', range: '15m', aside: true },
  { name: 'no-target', scene: 'noTarget', range: '1h' },
  { name: 'gone', scene: 'fine', range: '1h', gone: true },
  { name: 'phone', scene: 'story', range: '7d', width: 360, dark: true },
];

const kept = 'docs/screenshots';
const wanted = ({ name, aside }: Shot): boolean =>
  positionals.length > 0 ? positionals.includes(name) : aside !== true || values.to !== kept;

const browser = await openShell();
for (const shot of SHOTS.filter(wanted)) {
  const status = PAGE_SCENARIOS[shot.scene]();
  const server = await serve(status);
  const width = shot.width ?? 1200;
  const context = await browser.newContext({
    viewport: { width, height: shot.height ?? (width < 600 ? 740 : 860) },
    colorScheme: shot.dark ? 'dark' : 'light',
    timezoneId: 'Europe/Berlin',
    locale: 'en-GB',
  });
  const page = await context.newPage();
  page.on('console', (m) => console.log(`  ${shot.name}: ${m.text()}`));
  page.on('pageerror', (e) => console.log(`  ${shot.name}: ${e}`));
  await page.goto(server.url);
  await page.waitForFunction(() => document.body.dataset.drawn !== undefined);
  if (shot.scene !== 'noTarget') {
    await page.getByRole('button', { name: shot.range, exact: true }).click();
    await page.waitForLoadState('networkidle');
    status.tick(1);
  }
  if (shot.gone) {
    await server.close();
    await page.waitForFunction(() => document.querySelector('#live')?.className.includes('stale'));
  }
  if (shot.part !== undefined)
    await page.evaluate((s) => document.querySelector(s)?.closest('.head')?.scrollIntoView(), shot.part);
  const path = join(values.to, `${shot.name}.png`);
  if (shot.rest === undefined) await page.mouse.move(0, 0);
  else {
    await page.hover(shot.rest);
    await page.waitForSelector('#legend .dim');
  }
  await page.screenshot({ path, fullPage: values.whole === true });
  console.log(`${path} ${(statSync(path).size / 1024).toFixed(0)} KiB  ${await page.textContent('#headline')}`);
  await context.close();
  if (!shot.gone) await server.close();
}
await browser.close();
