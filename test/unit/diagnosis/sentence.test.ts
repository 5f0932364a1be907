import assert from 'node:assert/strict';
import { test } from 'node:test';
import { filePart, sentence, sentenceText, timePart } from '../../../src/diagnosis/sentence.ts';

test('a sentence keeps its parts apart, and neighbouring texts become one', () => {
  assert.deepEqual(sentence`${filePart('/a')} grows ${3} MB${''} a ${'day'}.`, [
    { kind: 'file', path: '/a' },
    { kind: 'text', text: ' grows 3 MB a day.' },
  ]);
  assert.deepEqual(sentence``, []);
});

test('a sentence within a sentence is joined to it', () => {
  const inner = sentence`at ${timePart(0)}`;
  assert.deepEqual(sentence`It ended ${inner}.`, [
    { kind: 'text', text: 'It ended at ' },
    { kind: 'time', at: '1970-01-01T00:00:00.000Z' },
    { kind: 'text', text: '.' },
  ]);
});

test('as text a time is in UTC, and control characters of a file name are escaped', () =>
  assert.equal(
    sentenceText(sentence`${filePart('/tmp/\u001b[2J\nfake')} at ${timePart(0)}`),
    '/tmp/\\x1b[2J\\x0afake at 1970-01-01T00:00:00.000Z',
  ));
