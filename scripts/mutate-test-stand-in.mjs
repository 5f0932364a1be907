// Stands for node:test while mutants are tried: it collects the tests of a file for mutate-thread.mjs, which runs them again and again.
import { createRequire } from 'node:module';

export const { mock } = createRequire(import.meta.url)('node:test');

let group = '';

/** `rest` is the body, after options if there are any. */
export function test(name, ...rest) {
  const [options, body] = rest.length > 1 ? rest : [{}, rest[0]];
  if (!options.skip) globalThis.collectedTests.push({ name: `${group}${name}`, body, mock });
}

export function describe(name, body) {
  const outer = group;
  group = `${outer}${name}: `;
  body();
  group = outer;
}
