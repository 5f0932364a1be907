import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readSecret, readWebhookUrl } from '../../../src/cli/secret-file.ts';

const holding = (t: { after(f: () => void): void }, text: string): string => {
  const dir = mkdtempSync(join(tmpdir(), 'memhound-secret-'));
  t.after(() => rmSync(dir, { recursive: true }));
  writeFileSync(join(dir, 'secret'), text);
  return join(dir, 'secret');
};

test('a token is the file without the newline at its end', (t) => {
  assert.equal(readSecret('--token-file', holding(t, 's3cret\n'), 'a bearer token'), 's3cret');
});

test('an empty, a missing and a many-worded token file are each one sentence', (t) => {
  const read = (path: string) => () => readSecret('--token-file', path, 'a bearer token');
  assert.throws(read(holding(t, ' \n')), /--token-file .*: expected a bearer token, found an empty file/);
  assert.throws(read(holding(t, 'two words')), /found several lines or words/);
  assert.throws(read('/nonexistent/token'), /expected a file with a bearer token, but it cannot be read \(ENOENT\)/);
});

test("a webhook that is no http URL is refused, and the message does not contain the file's text", (t) => {
  const path = holding(t, 'ftp://secret.example/x');
  assert.throws(
    () => readWebhookUrl(path),
    (error: Error) => /expected an http or https URL/.test(error.message) && !error.message.includes('secret.example'),
  );
  assert.equal(readWebhookUrl(holding(t, 'https://hooks.example/a\n')), 'https://hooks.example/a');
});

test('a pipe, a device, a folder and a file of megabytes are refused at once', (t) => {
  const read = (path: string) => () => readSecret('--token-file', path, 'a bearer token');
  const pipe = `${holding(t, '')}-pipe`;
  execFileSync('mkfifo', [pipe]);
  for (const path of [pipe, '/dev/zero', tmpdir()])
    assert.throws(read(path), /expected a file of at most 64 KiB with a bearer token, found a pipe, a device or a folder/);
  assert.throws(read(holding(t, 'x'.repeat(2 ** 20))), /found one of 1048576 bytes/);
});
