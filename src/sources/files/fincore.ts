import { plausible } from '../../plausible.ts';

export type FincoreAnswer =
  | { readonly state: 'read'; readonly bytes: readonly (number | null)[] }
  | { readonly state: 'absent'; readonly reason: string };

/** A run over some dozens of files takes 12 ms. A run that takes this long hangs on a network file system that does not answer. */
const TIMEOUT_MS = 5000;

/**
 * Resident bytes of each open descriptor, by one run of util-linux `fincore`. It receives descriptors and never a path, because the container
 * could replace a path by a link before fincore opens it.
 */
export async function fincore(fds: readonly number[]): Promise<FincoreAnswer> {
  if (fds.length === 0) return { state: 'read', bytes: [] };
  // Loaded on first use: most runs do not need it, and it would delay every start.
  const { spawn } = await import('node:child_process');
  return new Promise((resolve) => {
    const paths = fds.map((_, i) => `/proc/self/fd/${i + 3}`);
    const child = spawn('fincore', ['--bytes', '--noheadings', '--raw', '--output', 'RES,FILE', ...paths], {
      stdio: ['ignore', 'pipe', 'ignore', ...fds],
      timeout: TIMEOUT_MS,
      killSignal: 'SIGKILL',
      env: { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C' },
    });
    let text = '';
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    child.on('error', (error: NodeJS.ErrnoException) =>
      resolve({
        state: 'absent',
        reason:
          error.code === 'ENOENT'
            ? 'fincore is not installed (Debian package util-linux-extra)'
            : `fincore could not be run: ${error.message}`,
      }),
    );
    child.on('close', () => resolve({ state: 'read', bytes: parseFincore(text, paths) }));
  });
}

/** Parses "8192 /proc/self/fd/3" lines. A file that fincore could not map has no line; its value is null. */
export function parseFincore(text: string, paths: readonly string[]): (number | null)[] {
  const found = new Map<string, number>();
  for (const line of text.split('\n')) {
    const match = /^\s*(\d+)\s+(\S+)$/.exec(line);
    if (match !== null) {
      const bytes = plausible(Number(match[1]));
      if (bytes !== null) found.set(match[2]!, bytes);
    }
  }
  return paths.map((p) => found.get(p) ?? null);
}
