import assert from 'node:assert/strict';
import { test } from 'node:test';
import { filesText } from '../../../src/cli/ledger-text.ts';
import { fileRow } from '../../support/rule-context.ts';

test('a file behind the page cache has the name of the process that holds it', () => {
  const [, line] = filesText([fileRow({ holders: [{ pid: 1, name: 'java orders.jar' }] })]);
  assert.match(line!, /^ {2}\/tmp\/spring\.log .*, java orders\.jar pid 1 fd 27 w, /);
});
