import type { Credentials } from '../fleet/http/http-client.ts';
import { MIB } from '../units.ts';
import { readBounded, TooLongError } from './read-bounded.ts';
import { readSecret, SecretFileError } from './secret-file.ts';

/** The authorities of a whole system have a quarter of it. */
const MAX_BYTES = MIB;

export interface CredentialFiles {
  readonly bearerTokenFile: string | null;
  readonly basicAuthFile: string | null;
  readonly headerFile: string | null;
  readonly caFile: string | null;
  readonly certFile: string | null;
  readonly keyFile: string | null;
}

/** Credentials from files, because arguments show in a process list. @throws SecretFileError */
export function readCredentials(files: CredentialFiles): Credentials {
  const { bearerTokenFile, basicAuthFile, headerFile, caFile, certFile, keyFile } = files;
  if (bearerTokenFile !== null && basicAuthFile !== null)
    throw new SecretFileError('--bearer-token-file and --basic-auth-file exclude one another: choose one');
  if ((certFile === null) !== (keyFile === null))
    throw new SecretFileError('--cert-file and --key-file belong together: expected both, found one');
  const headers: Record<string, string> = headerFile === null ? {} : headersIn(headerFile);
  if (bearerTokenFile !== null)
    headers.authorization = `Bearer ${readSecret('--bearer-token-file', bearerTokenFile, 'a bearer token')}`;
  if (basicAuthFile !== null) headers.authorization = `Basic ${Buffer.from(userAndPassword(basicAuthFile)).toString('base64')}`;
  return {
    headers,
    ca: caFile === null ? null : readPem('--ca-file', caFile),
    cert: certFile === null ? null : readPem('--cert-file', certFile),
    key: keyFile === null ? null : readPem('--key-file', keyFile),
  };
}

function readText(flag: string, path: string, expected: string): string {
  try {
    return readBounded(path, MAX_BYTES).toString('utf8');
  } catch (error) {
    if (error instanceof TooLongError)
      throw new SecretFileError(
        `${flag} ${path}: expected a file of at most ${MAX_BYTES / MIB} MiB with ${expected}, found more`,
      );
    const { code } = error as NodeJS.ErrnoException;
    throw new SecretFileError(`${flag} ${path}: expected a file with ${expected}, but it cannot be read (${code})`);
  }
}

function userAndPassword(path: string): string {
  const text = readText('--basic-auth-file', path, 'USER:PASSWORD').replace(/\r?\n$/, '');
  if (!/^[^:\n]+:[^\n]*$/.test(text)) throw new SecretFileError(`--basic-auth-file ${path}: expected one line USER:PASSWORD`);
  return text;
}

function readPem(flag: string, path: string): string {
  const text = readText(flag, path, 'PEM');
  if (!text.includes('-----BEGIN '))
    throw new SecretFileError(`${flag} ${path}: expected PEM (-----BEGIN ...), found something else`);
  return text;
}

function headersIn(path: string): Record<string, string> {
  const lines = readText('--header-file', path, 'headers')
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '' && !line.startsWith('#'));
  return Object.fromEntries(
    lines.map((line, i) => {
      const match = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\x20-\x7e]*)$/.exec(line);
      if (match === null) throw new SecretFileError(`--header-file ${path}: line ${i + 1} must be NAME: VALUE`);
      return [match[1]!.toLowerCase(), match[2]!.trim()];
    }),
  );
}
