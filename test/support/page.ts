import { readFileSync } from 'node:fs';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';

/** A page that keeps what must not happen: errors, dialogs, and requests to another host. */
export interface Opened {
  readonly page: Page;
  readonly wrong: string[];
  readonly close: () => Promise<void>;
}

const DESK = { width: 1200, height: 900 };

export async function openPage(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Opened> {
  const context = await browser.newContext({ viewport: DESK, timezoneId: 'Europe/Berlin', locale: 'en-GB', ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const wrong: string[] = [];
  page.on('console', (m) => m.type() === 'error' && wrong.push(m.text()));
  page.on('pageerror', (e) => wrong.push(String(e)));
  page.on('dialog', (d) => {
    wrong.push(`dialog: ${d.message()}`);
    void d.dismiss();
  });
  page.on('request', (r) => {
    if (!r.url().startsWith(url) && !r.url().startsWith('data:')) wrong.push(`request to ${r.url()}`);
  });
  await page.goto(url);
  await page.waitForFunction(() => document.body.dataset.drawn !== undefined);
  return { page, wrong, close: () => context.close() };
}

/** What axe-core finds, one line a rule. The page's policy forbids foreign scripts, so the context needs bypassCSP. */
export async function audit(page: Page): Promise<string[]> {
  await page.addScriptTag({ content: readFileSync('node_modules/axe-core/axe.min.js', 'utf8') });
  return page.evaluate(async () => {
    const { axe } = window as unknown as {
      axe: { run: () => Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
    };
    return (await axe.run()).violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html.slice(0, 120)).join(' | ')}`);
  });
}

/** Seconds that the big chart covers, from its legend at both ends. */
export async function spanShown(page: Page): Promise<number> {
  const at = async (key: string): Promise<number> => {
    await page.focus('#stack');
    await page.keyboard.press(key);
    await page.waitForFunction(
      (k) =>
        document.querySelector('#stack')?.getAttribute('aria-valuenow') ===
        (k === 'Home' ? '0' : document.querySelector('#stack')?.getAttribute('aria-valuemax')),
      key,
    );
    const words = (await page.textContent('#legend .time')) ?? '';
    const found = /^(\d+ \w+), (\d\d:\d\d:\d\d) GMT\+?(\d*)/.exec(words);
    if (found === null) throw new Error(`no time in ${JSON.stringify(words)}`);
    return Date.parse(`${found[1]} ${new Date().getFullYear()} ${found[2]} UTC`) / 1000;
  };
  const first = await at('Home');
  return (await at('End')) - first;
}
