import { readColumn, type StoredColumn, storedColumn, storedRows } from './stored-column.ts';

/** What a part of anonymous memory is. `id` is the ledger's; `name` distinguishes parts of one id, such as processes. */
export interface PartDescription {
  readonly id: string;
  readonly name: string;
  /** The processes that hold it, where it is another process than the JVM; null: it is the JVM's. */
  readonly process: PartProcess | null;
}

/** Processes of one name. */
export interface PartProcess {
  readonly processes: number;
  /** Of the largest of them. */
  readonly pid: number;
  /** The process that started it; null: none of this container. */
  readonly parent: { readonly pid: number; readonly name: string } | null;
  /** null: they were read once, so nothing is known of others before them. */
  readonly lives: Lives | null;
}

/** A name over time. One life of it ends when none of its processes runs any more; processes that take turns are one life. */
export interface Lives {
  /** The first reading that met the present life, epoch seconds. */
  readonly sinceS: number;
  /** Those that ended before; null: none was seen. */
  readonly earlier: EarlierLives | null;
}

export interface EarlierLives {
  readonly lives: number;
  /** The first reading that met the first of them, epoch seconds. */
  readonly firstS: number;
  /** The most that each of them was seen with: of the smallest and of the largest. */
  readonly leastPeakBytes: number;
  readonly mostPeakBytes: number;
}

export interface PartObservation extends PartDescription {
  readonly bytes: number;
  /** All processes of the name; null: it is the JVM's. */
  readonly pids: readonly number[] | null;
}

/** How the parts of anonymous memory grew. Columns of equal length; a part that was not there has 0 bytes. */
export interface PartColumns {
  /** Epoch seconds. */
  readonly t: Float64Array;
  readonly parts: readonly PartColumn[];
}

export interface PartColumn extends PartDescription {
  readonly bytes: Float64Array;
}

/** The readings as they are stored. */
export interface StoredParts {
  /** Epoch seconds. */
  readonly t: readonly number[];
  readonly parts: readonly (PartDescription & { readonly kib: StoredColumn })[];
}

const MAX_READINGS = 120;
/** A container may run thousands of helper processes, each of another name: the parts that were seen least recently are dropped. */
const MAX_PARTS = 48;

interface Row {
  readonly t: number;
  readonly bytes: ReadonlyMap<string, number>;
}

/** The ledger over time: what each part of anonymous memory had whenever the mappings and the processes were read. Pure, and of bounded size. */
export class PartReadings {
  #rows: Row[] = [];
  /** By key, the part that was seen last at the end. */
  readonly #parts = new Map<string, PartDescription>();
  /** By key, the processes of a name when it was seen last. */
  readonly #pids = new Map<string, readonly number[]>();

  clear(): void {
    this.#rows = [];
    this.#parts.clear();
    this.#pids.clear();
  }

  /** All parts as they are at `atS`: together they are all anonymous memory. A reading that is not later than the last is dropped. */
  record(atS: number, parts: readonly PartObservation[]): void {
    const last = this.#rows.at(-1);
    if (last !== undefined && atS <= last.t) return;
    const bytes = new Map<string, number>();
    for (const part of parts) {
      const key = keyOf(part);
      const lives = part.pids === null ? (part.process?.lives ?? null) : this.#livesOf(key, part.pids, atS);
      bytes.set(key, (bytes.get(key) ?? 0) + part.bytes);
      this.#parts.delete(key);
      this.#parts.set(key, {
        id: part.id,
        name: part.name,
        process: part.process === null ? null : { ...part.process, lives },
      });
      if (part.pids !== null) this.#pids.set(key, part.pids);
    }
    this.#rows.push({ t: atS, bytes });
    if (this.#rows.length > MAX_READINGS) this.#thinOlderHalf();
    for (const key of this.#parts.keys()) {
      if (this.#parts.size <= MAX_PARTS) break;
      this.#parts.delete(key);
      this.#pids.delete(key);
    }
  }

  #livesOf(key: string, pids: readonly number[], atS: number): Lives {
    const before = this.#parts.get(key)?.process ?? null;
    const lives = before?.lives ?? { sinceS: atS, earlier: null };
    if (before === null || (this.#pids.get(key) ?? [before.pid]).some((pid) => pids.includes(pid))) return lives;
    const peakBytes = this.#rows.reduce(
      (most, { t, bytes }) => (t < lives.sinceS ? most : Math.max(most, bytes.get(key) ?? 0)),
      0,
    );
    const { earlier } = lives;
    return {
      sinceS: atS,
      earlier: {
        lives: (earlier?.lives ?? 0) + 1,
        firstS: earlier?.firstS ?? lives.sinceS,
        leastPeakBytes: Math.min(earlier?.leastPeakBytes ?? peakBytes, peakBytes),
        mostPeakBytes: Math.max(earlier?.mostPeakBytes ?? peakBytes, peakBytes),
      },
    };
  }

  columns(): PartColumns {
    return {
      t: Float64Array.from(this.#rows, ({ t }) => t),
      parts: [...this.#parts].map(([key, part]) => ({
        ...part,
        bytes: Float64Array.from(this.#rows, ({ bytes }) => bytes.get(key) ?? 0),
      })),
    };
  }

  stored(): StoredParts {
    const { t, parts } = this.columns();
    const rows = storedRows(t.length);
    return {
      t: rows.map((row) => t[row]!),
      parts: parts.map(({ bytes, ...part }) => ({ ...part, kib: storedColumn(bytes, rows) })),
    };
  }

  /** Stored readings of the same run, which come before all others. */
  resume({ t, parts }: StoredParts): void {
    const since = this.#rows.filter((row) => row.t > (t.at(-1) ?? Number.NEGATIVE_INFINITY));
    const newest = [...this.#parts];
    const pids = [...this.#pids];
    this.clear();
    const columns = parts.map(({ kib, ...part }) => ({ part, bytes: readColumn(kib, t.length) }));
    for (const [i, at] of t.entries())
      this.record(
        at,
        columns.map(({ part, bytes }) => ({ ...part, bytes: Number.isNaN(bytes[i]) ? 0 : bytes[i]!, pids: null })),
      );
    this.#rows.push(...since);
    for (const [key, all] of pids) this.#pids.set(key, all);
    for (const [key, part] of newest) {
      const before = this.#parts.get(key)?.process ?? null;
      const goesOn = part.process !== null && before?.pid === part.process.pid;
      this.#parts.delete(key);
      this.#parts.set(key, goesOn ? { ...part, process: { ...part.process, lives: before.lives } } : part);
    }
  }

  /** Drops every second reading of the older half, but for the first: recent ones stay fine, and the window keeps its beginning. */
  #thinOlderHalf(): void {
    this.#rows = this.#rows.filter((_, i) => i % 2 === 0 || i >= MAX_READINGS / 2);
  }
}

const keyOf = ({ id, name }: PartDescription): string => `${id} ${name}`;

export const NO_PARTS: PartColumns = { t: new Float64Array(0), parts: [] };
