import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { build } from 'esbuild';
import { WebSocket } from 'ws';
import { OLDEST_LINE } from '../../scripts/node-lines.mjs';
import type { Hello } from '../../src/outlets/status.ts';
import { launch, type Program } from './program.ts';

/** The environment of the image (Dockerfile). */
const IMAGE_ENV = { NODE_ENV: 'production', MALLOC_ARENA_MAX: '1', MALLOC_MMAP_THRESHOLD_: '131072' };

/** memhound as its image runs it, on this Node. `dist`: the folder of its build. */
export const memhound = (name: string, node: string, dist: string): Program => ({
  name,
  needs: [],
  containers: ({ jvms }) => jvms.count,
  async start(setting) {
    const { everySeconds, dir, historyDays, jvms } = setting;
    const bin = resolve(dist, 'memhound.mjs');
    const filled = ['--days', String(historyDays), '--targets', String(jvms.count), '--main-class', jvms.mainClass];
    if (historyDays > 0) execFileSync(process.execPath, [bin, 'history', 'fill', '--data', dir, ...filled]);
    const args = ['watch', '--json', '--every', `${everySeconds}s`, '--data', dir];
    const ports = ['--port', '0', '--ops-port', '0', '--ops-host', '127.0.0.1'];
    const began = performance.now();
    const running = launch(setting, [node, [bin, ...args, ...ports]], IMAGE_ENV);
    const { url } = JSON.parse(await running.line((line) => line.includes('"listening"'))) as { url: string };
    const firstSampleMs = performance.now() - began;
    // The requests of a browser: the page and its files, then one WebSocket that requests the tables of the container.
    const about = async () => (await fetch(`${url}/api/v1/self`)).json();
    if (!setting.page) return { firstSampleMs, about, leave: () => undefined };
    const page = await (await fetch(url)).text();
    for (const [, file] of page.matchAll(/(?:src|href)="(\/[^"]+)"/g)) await (await fetch(url + file)).arrayBuffer();
    const browser = new WebSocket(`${url.replace('http', 'ws')}/api/v1/live`);
    browser.on('message', (data) => {
      const hello = String(data).startsWith('{"type":"hello"') ? (JSON.parse(String(data)) as Hello) : null;
      if (hello !== null) browser.send(JSON.stringify({ tables: hello.targets[0]?.id ?? null }));
    });
    await opened(browser);
    return { firstSampleMs, about, leave: () => browser.terminate() };
  },
});

/** The plain stack on this Node. */
export const plainStack = (name: string, node: string): Program => ({
  name,
  needs: [],
  containers: () => 1,
  async start(setting) {
    const { everySeconds, dir, memoryStat } = setting;
    const bin = resolve(dir, 'plain-stack.mjs');
    await build({
      entryPoints: ['bench/footprint/plain-stack.mjs'],
      outfile: bin,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: `node${OLDEST_LINE}`,
      minify: true,
      banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
      logLevel: 'error',
    });
    const began = performance.now();
    const running = launch(setting, [node, [bin, resolve(dir, 'db.json'), String(everySeconds), memoryStat]]);
    const { url } = JSON.parse(await running.line((line) => line.includes('"url"'))) as { url: string };
    const firstSampleMs = performance.now() - began;
    if (!setting.page) return { firstSampleMs, about: async () => null, leave: () => undefined };
    const browser = new WebSocket(url.replace('http', 'ws'));
    await opened(browser);
    return { firstSampleMs, about: async () => null, leave: () => browser.terminate() };
  },
});

/** The same reads as memhound's at each tick, and nothing else: what no program on this Node could do for less. */
export const readsAlone = (name: string, node: string): Program => ({
  name,
  needs: [],
  containers: ({ jvms }) => jvms.count,
  async start(setting) {
    const { everySeconds, filesOfTick } = setting;
    const began = performance.now();
    const running = launch(setting, [node, [resolve('bench/footprint/reads-alone.mjs'), String(everySeconds), ...filesOfTick]]);
    await running.line((line) => line.includes('"bytes"'));
    return { firstSampleMs: performance.now() - began, about: async () => ({ files: filesOfTick }), leave: () => undefined };
  },
});

function opened(browser: WebSocket): Promise<void> {
  browser.on('message', () => undefined); // read and discarded
  return new Promise((done, failed) => {
    browser.once('open', done);
    browser.once('error', failed);
  });
}
