import { readFileSync } from 'node:fs';

/** A file named by an option does not contain what the option needs. The message is for the operator. */
export class SecretFileError extends Error {}

/** One line from a mounted secret, without a newline at its end. @throws SecretFileError */
export function readSecret(
  flag: '--token-file' | '--webhook-file' | '--bearer-token-file',
  path: string,
  expected: string,
): string {
  let text: string;
  try {
    text = readFileSync(path, 'utf8').trim();
  } catch (error) {
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
