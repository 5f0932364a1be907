import { safeName } from '../../format.ts';
import { reconcile } from '../../sources/reconcile.ts';
import type { FileReading } from '../../sources/types.ts';
import type { LedgerPart } from '../types.ts';
import { between, exact, sumOf, withParts } from './part.ts';

/** Rows that are named one by one; the smaller ones stand in a sum. */
const NAMED = 20;
const LIBRARY = /\.(?:so(?:\.[\d.]+)?|jar|jmod|jsa|war|node)$|\/lib\/modules$/;

/** Page cache by file: the large ones by name, libraries and jars together, then what may not be asked about, then the rest. Pure. */
export function cacheParts(files: readonly FileReading[], whole: number, at: string): LedgerPart[] {
  const disk = files.filter((f) => (f.fileSystem?.kind ?? 'disk') === 'disk');
  const scale = reconcile(files, whole, 0).diskScale;
  const row = (f: FileReading): LedgerPart => named(f, scale, whole, true, at);
  const known = disk.filter((f) => (f.residentBytes ?? 0) > 0).sort((a, b) => b.residentBytes! - a.residentBytes!);
  const libraries = known.filter((f) => LIBRARY.test(f.path)).map(row);
  const others = known.filter((f) => !LIBRARY.test(f.path)).map(row);
  const parts = others.slice(0, NAMED);
  if (libraries.length > 0) parts.push(together('mapped libraries and jars', libraries, at));
  if (others.length > NAMED) parts.push(together(`${others.length - NAMED} smaller files`, others.slice(NAMED), at));
  return [...parts, ...unnamed(disk, whole - sumOf(parts), at)].sort((a, b) => b.bytes - a.bytes);
}

/** Files of tmpfs, which only swap or a deletion frees. */
export function tmpfsParts(files: readonly FileReading[], whole: number, at: string): LedgerPart[] {
  const known = files
    .filter((f) => f.fileSystem?.kind === 'tmpfs' && (f.residentBytes ?? 0) > 0)
    .sort((a, b) => b.residentBytes! - a.residentBytes!);
  const sum = known.reduce((all, f) => all + f.residentBytes!, 0);
  const parts = known.slice(0, NAMED).map((f) => named(f, sum > whole ? whole / sum : 1, whole, false, at));
  const rest = whole - sumOf(parts);
  if (parts.length > 0 && rest > 0)
    parts.push(between('other tmpfs files and shared memory', [0, rest, rest], { reclaimable: false, how: 'derived', at }));
  return parts;
}

/** Residency is node-wide: where the files hold more than the container is charged for, each is scaled down and said to be so. */
function named(f: FileReading, scale: number, whole: number, reclaimable: boolean, at: string): LedgerPart {
  const bytes = Math.min(whole, Math.round(f.residentBytes! * scale));
  const state = f.deleted ? 'deleted, but still open' : f.openBy.some((o) => o.mode !== 'r') ? 'open for writing' : null;
  const shared = scale < 1 ? 'its pages are partly charged to another container' : null;
  const note = [f.method, state, shared].filter((x) => x !== null).join('; ');
  const low = scale < 1 ? 0 : bytes;
  return between(safeName(f.path), [low, bytes, Math.min(whole, f.residentBytes!)], {
    reclaimable,
    how: scale < 1 ? 'estimated' : 'measured',
    at,
    note,
  });
}

function together(name: string, parts: readonly LedgerPart[], at: string): LedgerPart {
  const sum = (of: (p: LedgerPart) => number) => parts.reduce((all, p) => all + of(p), 0);
  const estimated = parts.some((p) => p.how === 'estimated');
  return between(name, [sum((p) => p.lowBytes), sumOf(parts), sum((p) => p.highBytes)], {
    reclaimable: true,
    how: estimated ? 'estimated' : 'measured',
    at,
    ...withParts(parts.slice(0, NAMED).length === parts.length ? parts : []),
  });
}

/** What no file was named for: those that this user may not query hold at most what they have on disk. */
function unnamed(disk: readonly FileReading[], rest: number, at: string): LedgerPart[] {
  if (rest <= 0) return [];
  const closed = disk.filter((f) => f.residentBytes === null);
  const most = closed.reduce((all, f) => all + (f.allocatedBytes ?? f.sizeBytes ?? 0), 0);
  const high = Math.min(rest, most);
  const parts: LedgerPart[] = [];
  if (high > 0)
    parts.push(
      between('files that this user may not query', [0, high, high], {
        reclaimable: true,
        how: 'estimated',
        at,
        note: `${closed.length === 1 ? closed[0]!.method.replace(/^unknown: /, '') : `${closed.length} kinds of them`}; at most what they take on disk`,
      }),
    );
  const left = rest - high;
  if (left > 0)
    parts.push(
      exact('files not looked at, or closed and gone', left, {
        reclaimable: true,
        how: 'derived',
        at,
        lowBytes: left,
        highBytes: rest,
        note: 'read or written once and closed since, outside the folders that were walked so far',
      }),
    );
  return parts;
}
