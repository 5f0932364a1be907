import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withHolderNames } from '../../../src/diagnosis/file-rows.ts';
import { filesText, holdersText } from '../../../src/diagnosis/grown-files-text.ts';
import { sentenceText } from '../../../src/diagnosis/sentence.ts';
import { Steady, type SteadyState } from '../../../src/diagnosis/steady.ts';
import { fileRow, ruleContext } from '../../support/rule-context.ts';

const NAMES = new Map([
  [7, 'java orders.jar'],
  [8, 'java orders.jar'],
  [9, 'fluent-bit'],
]);

test('the process that writes a file is named beside its pid', () => {
  const row = fileRow({ openBy: [{ pid: 7, fd: 27, mode: 'w' }], pids: [7] });
  const text = (processNames: ReadonlyMap<number, string>): string =>
    sentenceText(filesText(row, 'log', ruleContext({ processNames })));
  assert.match(text(NAMES), /, held open for writing by java orders\.jar pid 7, fd 27\)$/);
  assert.match(text(new Map()), /, held open for writing by pid 7, fd 27\)$/, 'a recording has no names');
});

test('processes of one name are told together; of several programs the one that was there first has its pid', () => {
  assert.equal(holdersText([7, 8], NAMES), 'java orders.jar pids 7 and 8');
  assert.equal(holdersText([9, 8, 7], NAMES), 'java orders.jar pid 7 and fluent-bit');
  assert.equal(holdersText([7, 9, 10], NAMES), 'java orders.jar pid 7 and fluent-bit', 'one that has no name is passed over');
  assert.equal(holdersText([11, 12, 13, 14, 15], NAMES), 'pids 11, 12, 13 and 2 more');
  assert.equal(holdersText([], NAMES), 'a process');
});

test('files that are closed stay so where the newest of them is open in most scans: it depends on the moment', () => {
  let state: SteadyState | null = null;
  const texts = [0, 1, 1, 1, 1, 1].map((openFiles, minute) => {
    const steady = new Steady(state, minute * 60, 60);
    const row = fileRow({ kind: 'folder', path: '/uploads/', files: 9, openFiles, writtenFiles: openFiles, pids: [7] });
    const text = sentenceText(filesText(row, 'many', { ...ruleContext({ processNames: NAMES }), steady }));
    state = steady.after;
    return text;
  });
  assert.deepEqual(new Set(texts), new Set([texts[0]]));
});

test('the holders stay the same while one that is started for each file comes and goes', () => {
  let state: SteadyState | null = null;
  const texts = [[7, 9], [7], [9, 7], [7]].map((pids, second) => {
    const steady = new Steady(state, second, 3600);
    const row = fileRow({ kind: 'folder', path: '/logs/', files: 9, openFiles: 2, writtenFiles: 2, pids });
    const text = sentenceText(filesText(row, 'many', { ...ruleContext({ processNames: NAMES }), steady }));
    state = steady.after;
    return text;
  });
  assert.deepEqual(new Set(texts), new Set([texts[0]]));
  assert.match(texts[0]!, /, 2 of them held open for writing by java orders\.jar pid 7 and fluent-bit\)$/);
});

test('files that no process holds any more are told as they were held, until that is known to be over', () => {
  let state: SteadyState | null = null;
  const texts = [2, 1, 0, 0].map((written, second) => {
    const steady = new Steady(state, second, 3600);
    const row = fileRow({
      kind: 'folder',
      path: '/backup/',
      files: 9,
      openFiles: 2 * written,
      writtenFiles: written,
      pids: written > 0 ? [9] : [],
    });
    const text = sentenceText(filesText(row, 'many', { ...ruleContext({ processNames: NAMES }), steady }));
    state = steady.after;
    return text;
  });
  assert.match(texts[0]!, /, 2 of them held open for writing by fluent-bit pid 9\)$/);
  assert.match(texts[1]!, /, 1 of them held open for writing by fluent-bit pid 9\)$/);
  assert.deepEqual(texts.slice(2), [texts[1], texts[1]], 'never none of them, and never by nobody');
});

test('a hostile name is escaped and cut', () => {
  const text = holdersText([7], new Map([[7, `\u001b[31m\n${'x'.repeat(200)}`]]));
  assert.match(text, /^\\x1b\[31m\\x0ax+…x+ pid 7$/);
  assert.ok(text.length <= 46);
});

test('each row has its holders with their names, and null for a name that is not known', () => {
  const [row] = withHolderNames([fileRow({ pids: [7, 10] })], NAMES);
  assert.deepEqual(row!.holders, [
    { pid: 7, name: 'java orders.jar' },
    { pid: 10, name: null },
  ]);
});
