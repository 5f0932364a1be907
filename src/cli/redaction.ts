import { createHash } from 'node:crypto';
import { readLayout } from '../sources/jvm/hsperf-format.ts';

/** The same path always gives the same name, so growth can be followed. The first folder and the extension stay: they show the kind of file. */
export function redactPath(path: string): string {
  const [, first = ''] = path.split('/');
  const ending = /\.(?:log|jar|war|gz|so|dat|bin|tmp|txt|json|class|hprof|jfr)(?:\.\d+)?$/.exec(path)?.[0] ?? '';
  const known = /^(?:tmp|var|opt|app|usr|home|data|dev|lib|etc|mnt|srv|logs?)$/.test(first) ? first : 'x';
  return `/${known}/${createHash('sha256').update(path).digest('hex').slice(0, 8)}${ending}`;
}

/** Counters whose text is kept: versions and collector names. Arguments, command line, properties and class path may contain secrets. */
const KEPT =
  /^(?:sun\.gc\.|java\.property\.java\.(?:vm\.)?(?:version|name|vendor|specification)|sun\.rt\.internalVersion|java\.property\.java\.vm\.)/;

/** A copy in which all other texts are overwritten with NULs. The layout does not change, so the same reader works. */
export function redactHsperfdata(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  const layout = readLayout(copy);
  // A file that cannot be parsed cannot be redacted. Only its prologue is kept.
  if (layout.state !== 'read') return copy.fill(0, 32);
  for (const entry of layout.entries)
    if (entry.type === 'B' && !KEPT.test(entry.name)) copy.fill(0, entry.at, entry.at + entry.length);
  return copy;
}
