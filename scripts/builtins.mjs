import { builtinModules, createRequire } from 'node:module';

const load = createRequire(import.meta.url);
const names = new Set(builtinModules.flatMap((name) => [name, `node:${name}`]));

/**
 * Node's own modules, by `require` instead of by `import`. An import of such a module reads every export of it, so that `node:http` alone
 * loads undici, TLS and HTTP/2 for `http.WebSocket`, which nothing here uses: 1.4 MiB of RssAnon on Node 24 and a part of each start.
 */
export const builtins = {
  name: 'builtins',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(node:)?[a-z0-9_/]+$/ }, ({ path, kind, namespace }) => {
      if (!names.has(path)) return null;
      const name = path.startsWith('node:') ? path : `node:${path}`;
      return kind !== 'import-statement' || namespace === 'builtin'
        ? { path: name, external: true }
        : { path: name, namespace: 'builtin' };
    });
    onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({
      // What no one imports of these is left out, since the call is marked as free of effects.
      contents: [
        `const m = require(${JSON.stringify(path)}), get = (name) => m[name];`,
        'export default m;',
        ...Object.keys(load(path))
          .filter((key) => /^[A-Za-z_$][\w$]*$/.test(key) && key !== 'default')
          .map((key) => `const _${key} = /* @__PURE__ */ get('${key}'); export { _${key} as ${key} };`),
      ].join('\n'),
      loader: 'js',
    }));
  },
};
