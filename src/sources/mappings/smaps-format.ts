import { plausible } from '../../plausible.ts';
import { KIB, MIB } from '../../units.ts';

/**
 * /proc/PID/smaps has a line for each mapping, and a block of counters below it. Source: proc_pid_smaps(5), Linux
 * Documentation/filesystems/proc.rst. It is read in pieces, so the parser accepts pieces. Names come from the container and stay as the
 * kernel escapes them (a newline is \012, so a name cannot forge a line).
 */
export interface Mapping {
  readonly start: number;
  readonly end: number;
  /** Four letters: r w x, and p (private) or s (shared). */
  readonly perms: string;
  readonly inode: number;
  /** File, `[heap]`, `[stack]`, ... or '' for anonymous memory. */
  readonly path: string;
  readonly rssBytes: number;
  /** Resident bytes, each page divided by the number of its mappings: a page that one process maps three times counts once. */
  readonly pssBytes: number;
  /** Anonymous bytes, including private copies of file pages. The cgroup counts them as anon. */
  readonly anonBytes: number;
  /** Bytes that are swapped out. */
  readonly swapBytes: number;
  /** Mapped with MAP_NORESERVE (`nr` of VmFlags). undefined: not known. */
  readonly noReserve?: boolean;
}

/** Maximum number of mappings that are kept. */
const MAX_MAPPINGS = 200_000;
const MAX_LINE_LENGTH = 8192;

type Growing = { -readonly [K in keyof Mapping]: Mapping[K] };

export class SmapsParser {
  readonly mappings: Mapping[] = [];
  /** True if there are more mappings than are kept. */
  full = false;
  #rest = '';
  #now: Growing | null = null;
  readonly #most: number;

  constructor(most = MAX_MAPPINGS) {
    this.#most = most;
  }

  /** Parses the next piece of the text, which may begin and end anywhere. */
  push(piece: string): void {
    const text = this.#rest + piece;
    for (const { groups: line } of text.matchAll(LINES)) {
      if (line!.start !== undefined) this.#begin(line!);
      else if (this.#now === null) continue;
      else if (line!.counter !== undefined) this.#now[COUNTERS[line!.counter]!] = plausible(Number(line!.kib) * KIB) ?? 0;
      else this.#now.noReserve = / nr\b/.test(line!.flags!);
    }
    const from = text.lastIndexOf('\n') + 1;
    this.#rest = text.slice(from, from + MAX_LINE_LENGTH);
  }

  #begin({ start, end, perms, inode, path }: Readonly<Record<string, string>>): void {
    this.full = this.mappings.length >= this.#most;
    this.#now = this.full
      ? null
      : {
          start: Number.parseInt(start!, 16),
          end: Number.parseInt(end!, 16),
          perms: perms!,
          inode: Number(inode),
          path: path!,
          rssBytes: 0,
          pssBytes: 0,
          anonBytes: 0,
          swapBytes: 0,
        };
    if (this.#now !== null) this.mappings.push(this.#now);
  }
}

const COUNTERS: Readonly<Record<string, 'rssBytes' | 'pssBytes' | 'anonBytes' | 'swapBytes'>> = {
  Rss: 'rssBytes',
  Pss: 'pssBytes',
  Anonymous: 'anonBytes',
  Swap: 'swapBytes',
};

/** The lines that are kept: one in four. One expression finds them four times as fast as a loop over all lines. */
const LINES = new RegExp(
  [
    `^(?:(?<counter>${Object.keys(COUNTERS).join('|')}): *(?<kib>-?\\d+) [^\\n]*`,
    'VmFlags:(?<flags>[^\\n]*)',
    '(?<start>[0-9a-f]{1,16})-(?<end>[0-9a-f]{1,16}) (?<perms>[rwxps-]{4}) [0-9a-f]+ [0-9a-f]+:[0-9a-f]+ (?<inode>\\d+) *(?<path>[^\\n]*))\\n',
  ].join('|'),
  'gm',
);

/** All mappings in a complete text. It never throws, and ignores lines that do not belong to smaps. */
export function parseSmaps(text: string): Mapping[] {
  const parser = new SmapsParser();
  parser.push(text.endsWith('\n') ? text : `${text}\n`);
  return parser.mappings;
}

/** What memhound needs without mappings, and for each one while it divides them: measured with 65,000, docs/notes/footprint.md. */
const OTHER_BYTES = 40 * MIB;
const BYTES_PER_MAPPING = KIB;

/** So many mappings fit into a limit of memory, in bytes. vm.max_map_count is 65,530 by default, which needs 104 MiB. */
export const mostMappings = (limitBytes: number): number =>
  Math.max(0, Math.min(MAX_MAPPINGS, Math.floor((limitBytes - OTHER_BYTES) / BYTES_PER_MAPPING)));
