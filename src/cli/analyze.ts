import { isAscii } from 'node:buffer';
import { gunzipSync } from 'node:zlib';
import { ANALYZE } from '../config/commands/analyze.ts';
import type { OptionsOf } from '../config/option-table.ts';
import { failsGate } from '../diagnosis/gate.ts';
import { lastTimeOf, recordedVerdict } from '../diagnosis/recorded-verdict.ts';
import type { Verdict } from '../diagnosis/types.ts';
import { durationText, safeName } from '../format.ts';
import type { Series } from '../history/series.ts';
import { isPrometheus, parsePrometheus } from '../inputs/prometheus-json.ts';
import { isRecording, parseRecording } from '../inputs/recording.ts';
import { InputError, parseSeries } from '../inputs/series-file.ts';
import { versionOf } from '../memory-facts.ts';
import type { JvmReading } from '../sources/types.ts';
import { EvaluationCache } from '../trends/evaluation-cache.ts';
import { GIB } from '../units.ts';
import { print, printError, printJson, withOptions } from './command.ts';
import { readBounded, readStandardInput, TooLongError } from './read-bounded.ts';
import { factsText, verdictText } from './verdict-text.ts';

/** `memhound analyze`: a verdict for each file, in the given order. Of several exit codes, 2 wins over 1, and 1 over 3. No file is skipped. */
export const analyze = (argv: string[]): Promise<number> => withOptions(ANALYZE, argv, run);

async function run(options: OptionsOf<typeof ANALYZE>, files: readonly string[]): Promise<number> {
  if (files.length === 0) {
    console.error('memhound analyze: expected at least one FILE (- for standard input); --help lists the accepted formats');
    return 2;
  }
  const codes = new Set<number>();
  const cache = EvaluationCache.ofWindows(1);
  for (const file of files) {
    const outcome = await analyzeFile(file, options.minHistory, cache);
    if (outcome.state === 'answered') {
      const { warnings } = outcome;
      for (const text of warnings) console.error(`memhound analyze: ${shownName(file)}: warning: ${text}`);
      if (options.json) printJson({ file, verdict: outcome.verdict, ...(warnings.length > 0 && { warnings }) });
      else {
        const head = files.length > 1 ? `${safeName(file)}: ` : '';
        print(head + verdictText(outcome.verdict, options.explain));
        const hint = minHistoryHint(outcome, options.minHistory);
        if (hint !== null) print(`  ${hint}`);
        if (options.explain) print(factsText(outcome.verdict));
      }
      if (options.failOn !== null && failsGate(outcome.verdict, options.failOn)) codes.add(3);
    } else {
      if (options.json) printJson({ file, error: outcome.error });
      printError(`memhound analyze: ${shownName(file)}: ${outcome.error}`);
      codes.add(outcome.state === 'bad-input' ? 2 : 1);
    }
  }
  return [2, 1, 3].find((code) => codes.has(code)) ?? 0;
}

const shownName = (file: string): string => (file === '-' ? 'standard input' : safeName(file));

/** A file does not get longer by waiting: where it is shorter than the least history, says which option evaluates it. */
function minHistoryHint({ series, verdict }: Analysis, minHistorySeconds: number): string | null {
  const { t } = series;
  const spanS = lastTimeOf(t) - t.reduce((first, at) => Math.min(first, at), Number.POSITIVE_INFINITY);
  if (verdict.trend !== 'not-enough-data' || !(spanS >= 1) || spanS >= minHistorySeconds) return null;
  return `The file covers ${durationText(spanS)}, less than --min-history (${durationText(minHistorySeconds)}). --min-history ${Math.floor(spanS)}s evaluates all of it.`;
}

interface Analysis {
  readonly file: string;
  readonly series: Series;
  readonly verdict: Verdict;
  /** What is missing in the series, in the words of the server that gave it, or of the parser. */
  readonly warnings: readonly string[];
}

export type Outcome =
  | ({ readonly state: 'answered' } & Analysis)
  | { readonly state: 'bad-input' | 'failed'; readonly file: string; readonly error: string };

/** Maximum size of a file. A recording of a week, one sample a second, has about 600 MB. */
const MAX_BYTES = GIB;

/** Reads one file (`-`: standard input) in any of the formats and evaluates it. It never throws because of the file's content. */
export async function analyzeFile(
  file: string,
  minHistorySeconds: number,
  cache = EvaluationCache.ofWindows(1),
): Promise<Outcome> {
  let bytes: Buffer;
  try {
    bytes = file === '-' ? await readStandardInput(MAX_BYTES) : readBounded(file, MAX_BYTES);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (error instanceof TooLongError)
      return {
        state: 'bad-input',
        file,
        error: `is longer than ${MAX_BYTES} bytes, the most that is read: use fewer points or a shorter time`,
      };
    return {
      state: 'bad-input',
      file,
      error: code === 'ENOENT' ? 'there is no such file' : `cannot be read: ${(error as Error).message}`,
    };
  }
  try {
    return { state: 'answered', file, ...evaluateBytes(bytes, minHistorySeconds, cache) };
  } catch (error) {
    if (error instanceof InputError) return { state: 'bad-input', file, error: error.message };
    return { state: 'failed', file, error: (error as Error).stack ?? String(error) };
  }
}

function evaluateBytes(bytes: Buffer, minHistorySeconds: number, cache: EvaluationCache): Omit<Analysis, 'file'> {
  const { series, jvm, version, warnings } = parse(decode(bytes));
  return { series, warnings, verdict: recordedVerdict(series, { jvm, version, minHistorySeconds, cache }) };
}

function decode(bytes: Buffer): string {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
    try {
      return textOf(gunzipSync(bytes, { maxOutputLength: MAX_BYTES }));
    } catch (error) {
      throw new InputError(`is gzip that cannot be unpacked: ${(error as Error).message}`);
    }
  }
  return textOf(bytes);
}

interface Parsed {
  readonly series: Series;
  readonly jvm: JvmReading | null;
  readonly version: 1 | 2;
  readonly warnings: readonly string[];
}

/** Nearly all files are ASCII. Decoding them as latin1 takes a quarter of the time. */
const textOf = (bytes: Buffer): string => bytes.toString(isAscii(bytes) ? 'latin1' : 'utf8');

function parse(text: string): Parsed {
  if (text.trim() === '') throw new InputError('is empty; expected a series, a recording or a Prometheus answer');
  const firstLine = text.slice(0, text.indexOf('\n') < 0 ? text.length : text.indexOf('\n'));
  if (isRecording(firstLine)) return { ...parseRecording(text), warnings: [] };
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new InputError(`is not JSON: ${withLocation((error as Error).message, text)}`);
  }
  const { data: series, warnings } = isPrometheus(json) ? parsePrometheus(json) : parseFile(json);
  return { series, jvm: null, version: versionOf(series.fields), warnings };
}

function parseFile(json: unknown): { readonly data: Series; readonly warnings: readonly string[] } {
  const warnings: string[] = [];
  return { data: parseSeries(json, (text) => warnings.push(text)), warnings };
}

/** V8 reports the offset in the text. Readers need a line and column. */
function withLocation(message: string, text: string): string {
  const at = /position (\d+)/.exec(message);
  if (at === null || message.includes('line')) return safeName(message, 160);
  const before = text.slice(0, Number(at[1])).split('\n');
  return safeName(`${message} (line ${before.length}, column ${before[before.length - 1]!.length + 1})`, 160);
}
