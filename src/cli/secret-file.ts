import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { KIB } from '../units.ts';

/** A file named by an option does not contain what the option needs. The message is for the operator. */
export class SecretFileError extends Error {}

const MAX_BYTES = 64 * KIB;

/** @throws SecretFileError if it is no regular file of a secret's size: a pipe without a writer would hold the start for ever */
function readRegularFile(flag: string, path: string, expected: string): string {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile() || stat.size > MAX_BYTES)
      throw new SecretFileError(
        `${flag} ${path}: expected a file of at most ${MAX_BYTES / KIB} KiB with ${expected}, found ${stat.isFile() ? `one of ${stat.size} bytes` : 'a pipe, a device or a folder'}`,
      );
    return readFileSync(fd, 'utf8');
  } finally {
    closeSync(fd);
  }
}

/** One line from a mounted secret, without a newline at its end. @throws SecretFileError */
export function readSecret(
  flag: '--token-file' | '--webhook-file' | '--bearer-token-file',
  path: string,
  expected: string,
): string {
  let text: string;
  try {
    text = readRegularFile(flag, path, expected).trim();
  } catch (error) {
    if (error instanceof SecretFileError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw new SecretFileError(`${flag} ${path}: expected a file with ${expected}, but it cannot be read (${code})`);
  }
  if (text === '') throw new SecretFileError(`${flag} ${path}: expected ${expected}, found an empty file`);
  if (/\s/.test(text)) throw new SecretFileError(`${flag} ${path}: expected ${expected}, found several lines or words`);
  return text;
}

/** @throws SecretFileError without the URL, which is a secret */
export function readWebhookUrl(path: string): string {
  const text = readSecret('--webhook-file', path, 'an http or https URL');
  if (!/^https?:$/.test(URL.canParse(text) ? new URL(text).protocol : ''))
    throw new SecretFileError(`--webhook-file ${path}: expected an http or https URL, found something else`);
  return text;
}
