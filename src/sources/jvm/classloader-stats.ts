import { plausible } from '../../plausible.ts';

/** Class loaders of one class, as `VM.classloader_stats` lists them. */
export interface LoaderCount {
  /** Class of the loaders: "org.apache.catalina.loader.ParallelWebappClassLoader". */
  readonly name: string;
  /** Whether only their hidden classes count, such as those of lambdas and of generated accessors. Those of a loader itself do not have them. */
  readonly hidden: boolean;
  readonly loaders: number;
  readonly classes: number;
  /** Used bytes of metaspace. */
  readonly bytes: number;
  /** Class of the parent that most have. null: they have none, or it loads no class itself. */
  readonly parent: string | null;
}

/** As many lines of the JVM as the longest answer has. */
const MAX_LOADERS = 40_000;
const MAX_NAME_LENGTH = 512;
const NO_ADDRESS = '0x0000000000000000';
/** Chunks of metaspace are multiples of 1 KiB (JEP 387, and those of before). */
const CHUNK_BYTES = 1024;
/** JDK 16 to 20 print words instead of bytes: then some chunk is no multiple of 1 KiB. */
const WORD_BYTES = 8;

interface Row {
  readonly address: string;
  readonly parent: string;
  readonly name: string;
  readonly hidden: boolean;
  readonly classes: number;
  readonly chunk: number;
  readonly used: number;
}

/** `VM.classloader_stats` (JDK 8 and newer), by the class of the loader. An answer of unknown format gives an empty list. Pure. */
export function parseClassloaderStats(text: string): LoaderCount[] {
  const rows = rowsOf(text);
  const unit = rows.some(({ chunk }) => chunk % CHUNK_BYTES !== 0) ? WORD_BYTES : 1;
  const names = new Map(rows.filter(({ hidden }) => !hidden).map(({ address, name }) => [address, name]));
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const key = `${row.hidden} ${row.name}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [row]);
    else group.push(row);
  }
  return [...groups.values()].map((group) => ({
    name: group[0]!.name,
    hidden: group[0]!.hidden,
    loaders: group.length,
    classes: group.reduce((sum, { classes }) => sum + classes, 0),
    bytes: group.reduce((sum, { used }) => sum + unit * used, 0),
    parent: mostCommon(group.map(({ parent }) => (parent === NO_ADDRESS ? null : (names.get(parent) ?? null)))),
  }));
}

function rowsOf(text: string): Row[] {
  const rows: Row[] = [];
  for (const m of text.matchAll(
    /^(?:(0x[0-9a-f]{1,16}) +(0x[0-9a-f]{1,16}) +0x[0-9a-f]{1,16}| {20,}) {1,20}(\d{1,15}) {1,20}(\d{1,15}) {1,20}(\d{1,15}) {1,20}(\S.*)$/gm,
  )) {
    if (rows.length >= MAX_LOADERS) break;
    const [classes, chunk, used] = [plausible(Number(m[3])), plausible(Number(m[4])), plausible(Number(m[5]))];
    if (classes === null || chunk === null || used === null) continue;
    const numbers = { classes, chunk, used };
    const [address, parent] = [m[1], m[2]];
    const before = rows.at(-1);
    if (address !== undefined && parent !== undefined)
      rows.push({ address, parent, name: m[6]!.trimEnd().slice(0, MAX_NAME_LENGTH), hidden: false, ...numbers });
    // Its hidden classes follow each loader, in a line without addresses.
    else if (before !== undefined && m[6]!.startsWith('+')) rows.push({ ...before, hidden: true, ...numbers });
  }
  return rows;
}

function mostCommon(names: readonly (string | null)[]): string | null {
  const counts = new Map<string | null, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  const [first] = [...counts].sort((a, b) => b[1] - a[1]);
  return first?.[0] ?? null;
}
