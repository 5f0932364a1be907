import assert from 'node:assert/strict';
import { test } from 'node:test';
import { filesText, ledgerText, viewsText } from '../../../src/cli/ledger-text.ts';
import { toolViews } from '../../../src/diagnosis/tool-views.ts';
import { fileRow } from '../../support/rule-context.ts';

test('a file behind the page cache has the name of the process that holds it', () => {
  const [, line] = filesText([fileRow({ holders: [{ pid: 1, name: 'java orders.jar' }] })]);
  assert.match(line!, /^ {2}\/tmp\/spring\.log .*, java orders\.jar pid 1 fd 27 w, /);
});

test('a tool without a number shows the node only if it counts nothing of the container', () => {
  const views = viewsText(toolViews({ usage: 1e6 }, 2, null, null));
  const numberOf = (tool: string): string | undefined =>
    views.find((line) => line.includes(tool))?.match(/ (the node|not known) /)?.[1];
  assert.deepEqual([numberOf('free, top'), numberOf('(NMT)')], ['the node', 'not known']);
});

test('what is unexplained is said to be within the bound only if it is', () => {
  const lineWith = (unexplainedBytes: number): string =>
    ledgerText({
      at: '',
      totalBytes: 100e6,
      limitBytes: 'max',
      boundBytes: 2 * 1024 * 1024,
      unexplainedBytes,
      boundNote: 'note',
      parts: [],
    }).at(-1)!;
  assert.match(lineWith(-1e6), / within the bound of 2 MiB: note$/);
  assert.match(lineWith(-5e6), / beyond the bound of 2 MiB: note$/);
});
