import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeReply, encodeRequest } from '../../../../src/sources/jvm/attach-protocol.ts';

const text = (version: 1 | 2, command: string, args: string[]): string => {
  const request = encodeRequest(version, command, args);
  return request.state === 'made' ? request.bytes.toString() : assert.fail(request.error);
};

test('version 1 always sends three arguments', () => {
  assert.equal(text(1, 'jcmd', ['GC.heap_info']), '1\0jcmd\0GC.heap_info\0\0\0');
});

test('version 2 sends the size of what follows, and any number of arguments', () => {
  assert.equal(text(2, 'jcmd', ['a', 'b', 'c', 'dé']), '2\u000017\0jcmd\0a\0b\0c\0dé\0'.replace('17', String(5 + 6 + 4)));
});

test('a request that the JVM would cut or misread is refused', () => {
  for (const [version, command, args] of [
    [1, 'jcmd', ['a\0b']],
    [1, 'a-command-of-17-by', []],
    [1, 'jcmd', ['x'.repeat(1025)]],
    [1, 'jcmd', ['1', '2', '3', '4']],
    [2, 'jcmd', ['x'.repeat(256 * 1024)]],
  ] as const)
    assert.equal(encodeRequest(version, command, args).state, 'refused');
});

test('a reply is a code, a line feed and text', () => {
  assert.deepEqual(decodeReply(Buffer.from('0\nhello\n')), { state: 'answered', text: 'hello\n' });
  assert.deepEqual(decodeReply(Buffer.from('101\nno')), { state: 'refused', code: 101, text: 'no' });
  for (const bad of ['', '0', '\n', 'HTTP/1.1 200 OK\n', '99999999999\n'])
    assert.equal(decodeReply(Buffer.from(bad)).state, 'garbled');
});
