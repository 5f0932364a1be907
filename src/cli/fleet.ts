import { accessSync, constants, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FLEET } from '../config/commands/fleet.ts';
import type { OptionsOf } from '../config/option-table.ts';
import { limitGarbage } from '../daemon/garbage-limit.ts';
import { dropStartCode } from '../daemon/memory-trimmer.ts';
import { failsGate, type Gate } from '../diagnosis/gate.ts';
import { isOfServer } from '../fleet/evaluate-shard.ts';
import { evaluateHere, serveThread, startThreads } from '../fleet/evaluators.ts';
import type { RankedRow } from '../fleet/rank.ts';
import { type Matcher, parseSelector, selectorText } from '../fleet/read/matchers.ts';
import { reportHtml } from '../fleet/report/report-html.ts';
import { type Question, ResultFile } from '../fleet/result-file.ts';
import { type FleetAnswer, type Progress, runFleet } from '../fleet/run-fleet.ts';
import { escapeControls, safeJson, safeName } from '../format.ts';
import { InputError } from '../inputs/series-file.ts';
import { SECOND_MS } from '../units.ts';
import { printError, printJson, withOptions } from './command.ts';
import { readCredentials } from './fleet-credentials.ts';
import { fleetTable } from './fleet-table.ts';
import { SecretFileError } from './secret-file.ts';
import { applyLongRunFlags } from './v8-flags.ts';
import { writeLines } from './write-lines.ts';

/** `memhound fleet`: a verdict for each container that a Prometheus server has metrics of. */
export const fleet = (argv: string[]): Promise<number> => withOptions(FLEET, argv, run);

type FleetCommand = OptionsOf<typeof FLEET>;

/** Connections of a run that has no threads, and of the discovery. */
const CONNECTIONS = 2;
const RETRIES = 3;

async function run(options: FleetCommand): Promise<number> {
  const { prometheus, watch } = options;
  if (prometheus === null) {
    console.error('memhound fleet: expected --prometheus URL; --help lists the options');
    return 2;
  }
  if (watch !== null && options.resume !== null) {
    console.error('memhound fleet: --resume continues one run, and --watch begins new ones: expected one of them');
    return 2;
  }
  if (watch !== null && options.until !== null) {
    console.error('memhound fleet: --until ends a range once, and --watch reads to the present each time: expected one of them');
    return 2;
  }
  const selector = selectorOf(options.selector);
  if (selector === null) return 2;
  if (watch === null) return await once(options, prometheus, selector);
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  for (;;) {
    const startMs = Date.now();
    const code = await once(options, prometheus, selector);
    if (code === 2 || (code === 3 && options.failOn !== null)) return code;
    await pause(Math.max(0, startMs + watch * SECOND_MS - Date.now()), stop.signal);
    if (stop.signal.aborted) return 0;
  }
}

/** null: it is wrong, which was said. */
function selectorOf(text: string): readonly Matcher[] | null {
  try {
    return parseSelector(text);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    printError(`memhound fleet: --selector: ${error.message}`);
    return null;
  }
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    const end = (): void => {
      clearTimeout(timer);
      resolve();
    };
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });

async function once(options: FleetCommand, url: string, selector: readonly Matcher[]): Promise<number> {
  let results: ResultFile | null = null;
  const garbage = limitGarbage();
  try {
    const client = {
      url,
      credentials: readCredentials(options),
      connections: CONNECTIONS,
      stallMs: options.timeout * SECOND_MS,
      retries: RETRIES,
    };
    const question = {
      url,
      selector: selectorText(selector),
      sinceSeconds: options.since,
      minHistorySeconds: options.minHistory,
      clusterLabel: options.clusterLabel,
    };
    if (options.report !== null) checkFolder(options.report);
    results = ResultFile.open(options.resume, question, options.until ?? Math.floor(Date.now() / SECOND_MS));
    const progress = progressBar();
    let isStarted = false;
    const answer = await runFleet({
      client,
      selector,
      range: { from: results.to - options.since, to: results.to },
      minHistorySeconds: options.minHistory,
      clusterLabel: options.clusterLabel,
      way: options.readBy,
      falseAlarmRate: options.falseAlarms,
      results,
      startEvaluators: (evaluatorOptions) =>
        isBundled()
          ? startThreads(new URL(import.meta.url), threadsOf(options), evaluatorOptions)
          : evaluateHere(evaluatorOptions),
      onProgress(state) {
        progress.show(state);
        // By the first rows all threads have begun.
        if (!isStarted) dropStartCode().catch(() => {}); // a run needs it for nothing else than its memory
        isStarted = true;
      },
    });
    progress.clear();
    await print(answer, results, options);
    if (options.report !== null) writeReport(options.report, answer, results, question);
    return exitCode(answer, options);
  } catch (error) {
    const code = codeOf(error);
    if (code === null) throw error;
    printError(`memhound fleet: ${(error as Error).message}`);
    return code;
  } finally {
    results?.close();
    garbage.stop();
  }
}

const isBundled = (): boolean => import.meta.url.endsWith('.cjs');
const threadsOf = ({ threads }: FleetCommand): number => Math.min(threads, Math.max(1, availableParallelism()));

/** A run may take minutes, after which it would be known too late. @throws InputError */
function checkFolder(path: string): void {
  try {
    accessSync(dirname(path), constants.W_OK);
  } catch (error) {
    throw cannotWrite(path, error);
  }
}

const cannotWrite = (path: string, error: unknown): InputError =>
  new InputError(`--report ${path}: cannot be written (${(error as NodeJS.ErrnoException).code})`);

/** @throws InputError if it cannot be written */
function writeReport(path: string, answer: FleetAnswer, results: ResultFile, { url, selector }: Question): void {
  const style = isBundled() ? pageStyle() : '';
  const html = reportHtml({ answer, url, selector, style, readRow: ({ row }) => results.row(row) });
  try {
    writeFileSync(path, html);
  } catch (error) {
    throw cannotWrite(path, error);
  }
}

/** The style sheet of the page, which the build puts beside the commands. */
function pageStyle(): string {
  const folder = fileURLToPath(new URL('../web/', import.meta.url));
  const name = readdirSync(folder).find((file) => file.endsWith('.css'));
  return name === undefined ? '' : readFileSync(join(folder, name), 'utf8');
}

function codeOf(error: unknown): number | null {
  if (error instanceof SecretFileError) return 2;
  return isOfServer(error) ? 1 : null;
}

async function print(answer: FleetAnswer, results: ResultFile, { json, all }: FleetCommand): Promise<void> {
  if (!json) {
    console.log(escapeControls(fleetTable(answer, all)));
    return;
  }
  await writeLines(process.stdout, linesOf(answer, results));
  for (const { what, why, containers } of answer.missing) printJson({ missing: { what, why, containers } });
  for (const warning of answer.warnings) console.error(`memhound fleet: the server warns: ${safeName(warning, 500)}`);
}

function* linesOf({ rows }: FleetAnswer, results: ResultFile): Iterable<string> {
  for (const row of rows) yield safeJson(jsonLine(row, results));
}

/** The row as it is on disk, with what only the fleet as a whole tells. */
function jsonLine({ row, alarm, replicas }: RankedRow, results: ResultFile): string {
  return `${results.text(row).slice(0, -1)},"alarm":${alarm},"replicas":${JSON.stringify(replicas)}}`;
}

function exitCode(answer: FleetAnswer, { failOn, partialOk }: FleetCommand): number {
  if (answer.missing.length > 0 && !partialOk) return 1;
  return failOn !== null && answer.rows.some((row) => fails(row, failOn)) ? 3 : 0;
}

/** A leak fails the gate only as an alarm: of many containers a few would be false ones. */
function fails({ row: { summary }, alarm }: RankedRow, gate: Gate): boolean {
  return gate === 'leak' ? alarm : failsGate(summary, gate);
}

const BAR = 24;

/** A line on a terminal that says how far a run is; elsewhere nothing. */
function progressBar(): { readonly show: (progress: Progress) => void; readonly clear: () => void } {
  if (!process.stderr.isTTY) return { show: () => {}, clear: () => {} };
  return {
    show({ done, total, namespace }) {
      const filled = total === null ? 0 : Math.min(BAR, Math.round((BAR * done) / Math.max(1, total)));
      const of = total === null ? '' : ` of about ${total}`;
      process.stderr.write(
        `\r\x1b[K[${'#'.repeat(filled).padEnd(BAR, '.')}] ${done}${of} containers, ${safeName(namespace, 40)}`,
      );
    },
    clear: () => void process.stderr.write('\r\x1b[K'),
  };
}

if (serveThread()) applyLongRunFlags();
