// Parts of libraries that `memhound watch` never calls. They are left out of the bundle, because each takes memory in every pod. Measured in
// docs/footprint.md. A call of a part that is left out fails with its name, and the tests over HTTP would show it.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { builtins } from './builtins.mjs';

/** Whole packages, and why nothing calls them. */
const ABSENT = {
  'body-parser': 'express offers it; no request has a body that is read',
  qs: "express's extended query parser; http.ts sets the simple one",
  'thread-stream': 'pino loads it for transports in threads of their own; ours is a function',
  '@opentelemetry/api': "prom-client's default metrics; none is registered",
};

/**
 * Modules of Node that one package requires for what memhound does not call, each with what the package gets instead. TLS also reads every
 * certificate of NODE_EXTRA_CA_CERTS, and keeps them.
 */
const ABSENT_FOR = {
  // For tasks in processes of their own.
  'node-cron': { child_process: '{}' },
  // For clients, and for compressed messages, which live.ts does not offer.
  ws: { https: '{}', tls: '{}', zlib: '{}' },
  // For its gateway, and for metrics of Node itself.
  'prom-client': { https: '{}', zlib: '{}', perf_hooks: '{}' },
  // For loggers in threads.
  pino: { worker_threads: '{ isMainThread: true }' },
  // One check that there is a descriptor.
  'sonic-boom': { assert: '(holds, message) => { if (!holds) throw new Error(message); }' },
};

/**
 * What node-cron does for the next time of each tick: the parts of a time by Intl, the number of a day of the week by fourteen regular expressions,
 * and all minutes of the hour that have passed, tried one after the other.
 */
const CRON_IN_UTC = [
  { count: 2, found: 'new Intl.DateTimeFormat(', instead: 'new UtcFormat(' },
  { count: 1, found: 'parseInt(weekDayNamesConversion(parts.weekday))', instead: 'UtcFormat.numberOfDay(parts.weekday)' },
  {
    count: 1,
    found: 'for (const minute of minutes) {',
    instead:
      'for (const minute of minutes) { if (lowerBound && hour === lowerBound.hour && minute < lowerBound.minute) continue;',
  },
];

/** Media types by the extensions that the page has. The whole list is 150 KB of text and 1 MB as objects. */
const EXTENSIONS = ['html', 'css', 'js', 'mjs', 'json', 'map', 'svg', 'png', 'ico', 'woff2', 'txt', 'bin'];

/** An esbuild plugin. */
const lean = {
  name: 'lean',
  setup(build) {
    // Each use of the global `performance` becomes the steady clock.
    build.initialOptions.inject = [
      ...(build.initialOptions.inject ?? []),
      fileURLToPath(new URL('steady-clock.mjs', import.meta.url)),
    ];
    const names = Object.keys(ABSENT).map((name) => name.replace(/[/.]/g, '\\$&'));
    build.onResolve({ filter: new RegExp(`^(?:${names.join('|')})$`) }, ({ path }) => ({ path, namespace: 'absent' }));
    for (const [importer, builtins] of Object.entries(ABSENT_FOR))
      build.onResolve({ filter: new RegExp(`^(?:node:)?(?:${Object.keys(builtins).join('|')})$`) }, ({ path, importer: file }) =>
        file.includes(`/node_modules/${importer}/`)
          ? { path, namespace: 'absent', pluginData: builtins[path.replace('node:', '')] }
          : null,
      );
    build.onLoad({ filter: /.*/, namespace: 'absent' }, ({ pluginData: exported = '{}' }) => ({
      contents: `module.exports = ${exported}`,
    }));
    // Every tick is scheduled in UTC (src/sample/schedule.ts).
    build.onLoad({ filter: /node-cron[/\\]dist[/\\]_shared\.js$/ }, async ({ path }) => {
      let contents = await readFile(path, 'utf8');
      for (const { count, found, instead } of CRON_IN_UTC) {
        const parts = contents.split(found);
        if (parts.length !== count + 1)
          throw new Error(
            `${path} has ${parts.length - 1} times ${JSON.stringify(found)}, expected ${count}: look at it again, then change scripts/lean.mjs`,
          );
        contents = parts.join(instead);
      }
      const utc = `import { UtcFormat } from ${JSON.stringify(fileURLToPath(new URL('utc-format.mjs', import.meta.url)))};\n`;
      return { contents: utc + contents, loader: 'js' };
    });
    build.onLoad({ filter: /mime-db[/\\]db\.json$/ }, async ({ path }) => {
      const all = JSON.parse(await readFile(path, 'utf8'));
      const kept = Object.entries(all).filter(([, { extensions }]) => extensions?.some((name) => EXTENSIONS.includes(name)));
      return { contents: JSON.stringify(Object.fromEntries(kept)), loader: 'json' };
    });
  },
};

/** The plugins of each bundle, in this order: what `builtins` takes, `lean` does not see. */
export const bundlePlugins = [lean, builtins];
