import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InputError } from '../inputs/series-file.ts';
import { Spool, SpoolError, type SpoolPlace } from './spool.ts';
import { summaryOf } from './summary.ts';
import type { Chart, FleetRow, RowSummary } from './types.ts';

/** A row that is on disk, and what is kept of it in memory. */
export interface KnownRow {
  readonly summary: RowSummary;
  readonly place: SpoolPlace;
}

/** A row as it is on disk. */
export interface StoredRow {
  readonly row: FleetRow;
  readonly chart: Chart | null;
}

/** What the rows of a file were asked for. Another question needs another file. */
export interface Question {
  readonly url: string;
  readonly selector: string;
  readonly sinceSeconds: number;
  readonly minHistorySeconds: number;
  readonly clusterLabel: string;
}

interface Header extends Question {
  readonly schema: 'memhound.fleet/1';
  /** End of the range, epoch seconds: a run that continues reads the same range. */
  readonly to: number;
}

/** The rows of a run. A file that the user named is kept, so that a run that was interrupted continues. */
export class ResultFile {
  readonly #spool: Spool;
  readonly #folder: string | null;
  readonly to: number;
  /** Rows of the run that was interrupted. */
  readonly earlier: readonly KnownRow[];

  private constructor(spool: Spool, folder: string | null, to: number, earlier: readonly KnownRow[]) {
    this.#spool = spool;
    this.#folder = folder;
    this.to = to;
    this.earlier = earlier;
  }

  /** `path` null: a file of this run, which `close` removes. @throws InputError if the file belongs to another question, or cannot be used */
  static open(path: string | null, question: Question, to: number): ResultFile {
    try {
      return path !== null && existsSync(path) ? ResultFile.#resume(path, question) : ResultFile.#create(path, question, to);
    } catch (error) {
      if (error instanceof SpoolError)
        throw new InputError(`--resume ${path}: expected a file of memhound fleet, found ${error.message}`);
      const { code } = error as NodeJS.ErrnoException;
      if (code === undefined) throw error;
      throw new InputError(
        path === null
          ? `rows are kept in a file in ${tmpdir()}, which cannot be made (${code}): name one with --resume, or another folder in TMPDIR`
          : `--resume ${path}: expected a file to keep rows in, but it cannot be used (${code})`,
      );
    }
  }

  static #create(path: string | null, question: Question, to: number): ResultFile {
    const folder = path === null ? mkdtempSync(join(tmpdir(), 'memhound-fleet-')) : null;
    const spool = Spool.create(path ?? join(folder!, 'rows.jsonl'));
    spool.append(JSON.stringify({ schema: 'memhound.fleet/1', ...question, to } satisfies Header));
    return new ResultFile(spool, folder, to, []);
  }

  static #resume(path: string, question: Question): ResultFile {
    let header: Header | null = null;
    const earlier: KnownRow[] = [];
    const spool = Spool.resume(path, (text, place) => {
      if (header === null) header = headerOf(text, path, question);
      else earlier.push({ summary: summaryOf(rowOf(text, path, earlier.length + 2)), place });
    });
    if (header === null)
      throw new InputError(`--resume ${path}: expected a file of memhound fleet, found one without a first line`);
    return new ResultFile(spool, null, (header as Header).to, earlier);
  }

  add(row: string, chart: string, summary: RowSummary): KnownRow {
    // JSON contains no tab: it is written as \t.
    return { summary, place: this.#spool.append(`${row}\t${chart}`) };
  }

  /** The row as JSON. */
  text({ place }: KnownRow): string {
    const line = this.#spool.read(place);
    return line.slice(0, line.indexOf('\t'));
  }

  row({ place }: KnownRow): StoredRow {
    const line = this.#spool.read(place);
    const tab = line.indexOf('\t');
    return { row: JSON.parse(line.slice(0, tab)) as FleetRow, chart: JSON.parse(line.slice(tab + 1)) as Chart | null };
  }

  close(): void {
    this.#spool.close();
    if (this.#folder !== null) rmSync(this.#folder, { recursive: true });
  }
}

function rowOf(text: string, path: string, line: number): FleetRow {
  try {
    return JSON.parse(text.slice(0, text.indexOf('\t'))) as FleetRow;
  } catch {
    throw new InputError(`--resume ${path}: line ${line} is damaged, expected a row: name another file, or remove this one`);
  }
}

function headerOf(text: string, path: string, question: Question): Header {
  let header: Header;
  try {
    header = JSON.parse(text) as Header;
  } catch {
    throw new InputError(`--resume ${path}: expected a file of memhound fleet, found something else`);
  }
  if (header.schema !== 'memhound.fleet/1')
    throw new InputError(
      `--resume ${path}: expected a file of memhound fleet (memhound.fleet/1), found ${String(header.schema)}`,
    );
  const differing = (Object.keys(question) as (keyof Question)[]).find((key) => header[key] !== question[key]);
  if (differing !== undefined)
    throw new InputError(
      `--resume ${path}: the file has ${differing} ${JSON.stringify(header[differing])}, and this run ${JSON.stringify(question[differing])}: name another file, or remove this one`,
    );
  return header;
}
