import assert from 'node:assert/strict';
import { builtinModules } from 'node:module';
import { test } from 'node:test';
import { watch } from '../support/memhound.ts';

/** Prints which modules of its own Node has loaded since V8's flags were set, and which files it has loaded as CommonJS, on SIGUSR2. */
const LOADED = `
import { createRequire } from 'node:module';
import v8 from 'node:v8';
const set = v8.setFlagsFromString;
let loaded = null;
v8.setFlagsFromString = (flag) => {
  loaded ??= process.moduleLoadList.length;
  set(flag);
};
process.on('SIGUSR2', () =>
  console.log(
    JSON.stringify({ late: process.moduleLoadList.slice(loaded), commonJs: Object.keys(createRequire('/').cache) }),
  ));
`;

test('watch loads modules of Node before V8 has other flags, and its own parts as CommonJS: neither stays in memory as code', {
  timeout: 60_000,
}, async (t) => {
  const hound = await watch(['--own', '--every', '1s'], {
    wrap: (node, args) => [node, ['--import', `data:text/javascript,${encodeURIComponent(LOADED)}`, ...args]],
  });
  t.after(() => hound.stop('SIGKILL'));
  assert.equal((await hound.get('/')).status, 200);
  const live = hound.live();
  t.after(() => live.close());
  do
    await live.next('sample', 20_000); // the WebSocket's part is loaded
  while ((await hound.files()).length === 0); // and koffi
  process.kill(hound.running.pid, 'SIGUSR2');
  const { late, commonJs } = JSON.parse(await hound.running.line((line) => line.includes('"late"'))) as {
    late: string[];
    commonJs: string[];
  };
  const names = late.map((name) => name.replace('NativeModule ', ''));
  // Before Node 24 a server looks its host up.
  assert.deepEqual(
    names.filter((name) => builtinModules.includes(name) && name !== 'dns'),
    [],
  );
  for (const part of ['commands/watch', 'commands/parts/app-', 'commands/parts/wrapper-'])
    assert.ok(
      commonJs.some((file) => file.includes(`/dist/${part}`)),
      part,
    );
});
