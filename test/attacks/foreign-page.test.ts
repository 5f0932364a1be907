import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { serve } from '../support/answering-server.ts';
import { attackedMemhound } from '../support/attacked.ts';
import { openShell } from '../support/browser.ts';
import { dataDir } from '../support/memhound.ts';
import { missingRequirements } from '../support/needs.ts';

/** In a page of another port of the same host, to which the browser sends the cookie of memhound: what each way to ask came to. */
const attempts = async (base: string): Promise<Record<string, string>> => {
  const culprit = `${base}/api/v1/culprit?for=1`;
  const ask = (path: string, init: RequestInit) =>
    fetch(path, { credentials: 'include', ...init }).then(
      ({ status, type }) => `${status} ${type}`,
      () => 'refused',
    );
  const loaded = (tag: 'img' | 'script' | 'iframe', src: string) =>
    new Promise<string>((resolve) => {
      const element = document.createElement(tag);
      element.onload = () =>
        resolve(element instanceof HTMLIFrameElement && element.contentDocument === null ? 'unreadable' : 'loaded');
      element.onerror = () => resolve('refused');
      element.src = src;
      document.body.append(element);
    });
  const socket = new Promise<string>((resolve) => {
    const live = new WebSocket(`${base.replace('http', 'ws')}/api/v1/live`);
    live.onopen = () => resolve('open');
    live.onerror = () => resolve('refused');
  });
  const form = new Promise<string>((resolve) => {
    const [frame, sent] = [document.createElement('iframe'), document.createElement('form')];
    frame.name = 'answer';
    Object.assign(sent, { method: 'post', action: culprit, target: 'answer' });
    document.body.append(frame, sent);
    frame.onload = () => {
      if (frame.contentDocument === null) resolve('sent');
    };
    sent.submit();
  });
  navigator.sendBeacon(culprit, 'x');
  return {
    read: await ask(`${base}/api/v1/samples`, {}),
    blind: await ask(`${base}/api/v1/samples`, { mode: 'no-cors' }),
    post: await ask(culprit, { method: 'POST' }),
    simplePost: await ask(culprit, { method: 'POST', mode: 'no-cors', body: 'x' }),
    delete: await ask(culprit, { method: 'DELETE' }),
    image: await loaded('img', `${base}/api/v1/verdict`),
    script: await loaded('script', `${base}/api/v1/verdict`),
    frame: await loaded('iframe', `${base}/`),
    socket: await socket,
    form: await form,
  };
};

test('a page of another port, in the browser of who has given the token, reads nothing, begins no search for a culprit and shows no frame', {
  skip: missingRequirements('chromium'),
  timeout: 120_000,
}, async (t) => {
  const file = join(dataDir(), 'token');
  writeFileSync(file, 'a-token-of-a-test');
  const { hound } = await attackedMemhound(t, { args: ['--token-file', file] });
  const browser = await openShell();
  t.after(() => browser.close());
  const context = await browser.newContext();
  // The compiled test names its functions by it.
  await context.addInitScript('globalThis.__name = (made) => made');
  const page = await context.newPage();
  await page.goto(`${hound.url}/?token=a-token-of-a-test`);
  const search = () => page.evaluate(async () => ((await (await fetch('/api/v1/culprit')).json()) as { state: string }).state);
  assert.equal(await search(), 'none', 'the cookie is taken from the page itself');
  const foreign = await serve(t, (_, answer) => void answer.setHeader('content-type', 'text/html').end('<body></body>'));
  for (const origin of [foreign, foreign.replace('127.0.0.1', 'localhost')]) {
    const other = await context.newPage();
    await other.goto(origin);
    assert.deepEqual(
      await other.evaluate(attempts, hound.url),
      {
        ...{ read: 'refused', blind: 'refused', post: 'refused', simplePost: 'refused', delete: 'refused' },
        ...{ image: 'refused', script: 'refused', frame: 'unreadable', socket: 'refused', form: 'sent' },
      },
      origin,
    );
    await other.evaluate((action) => {
      const form = document.createElement('form');
      Object.assign(form, { method: 'post', action });
      document.body.append(form);
      form.submit();
    }, `${hound.url}/api/v1/culprit?for=1`);
    await other.waitForFunction(() => /another site/.test(document.body.textContent));
    await other.close();
  }
  assert.equal(await search(), 'none');
});
