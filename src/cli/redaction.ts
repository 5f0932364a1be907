import { createHash } from 'node:crypto';
import { readLayout } from '../sources/jvm/hsperf-format.ts';

/** Same path, same name, so that growth can be followed; the first folder and the ending say what kind of file it is. */
export function redactPath(path: string): string {
  const [, first = ''] = path.split('/');
  const ending = /\.(?:log|jar|war|gz|so|dat|bin|tmp|txt|json|class|hprof|jfr)(?:\.\d+)?$/.exec(path)?.[0] ?? '';
  const known = /^(?:tmp|var|opt|app|usr|home|data|dev|lib|etc|mnt|srv|logs?)$/.test(first) ? first : 'x';
  return `/${known}/${createHash('sha256').update(path).digest('hex').slice(0, 8)}${ending}`;
}

/** Texts of the JVM that may hold secrets or names: arguments, command line, properties, class path. Versions and collector names stay. */
const KEPT =
  /^(?:sun\.gc\.|java\.property\.java\.(?:vm\.)?(?:version|name|vendor|specification)|sun\.rt\.internalVersion|java\.property\.java\.vm\.)/;

/** A copy in which every other text is overwritten with NULs: the layout, and so the reader, stays the same. */
export function redactHsperfdata(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  const layout = readLayout(copy);
  // What cannot be parsed cannot be redacted either: only the prologue stays.
  if (layout.state !== 'read') return copy.fill(0, 32);
  for (const entry of layout.entries)
    if (entry.type === 'B' && !KEPT.test(entry.name)) copy.fill(0, entry.at, entry.at + entry.length);
  return copy;
}
