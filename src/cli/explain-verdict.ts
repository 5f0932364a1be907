import { get } from 'node:http';
import type { EXPLAIN } from '../config/commands/explain.ts';
import type { OptionsOf } from '../config/option-table.ts';
import type { Ledger, Verdict } from '../diagnosis/types.ts';
import type { SeriesJson } from '../history/series-json.ts';
import type { TargetStatus } from '../outlets/status.ts';
import { SECOND_MS } from '../units.ts';
import { print, printError, printJson } from './command.ts';
import { lastHourText } from './last-hour-text.ts';
import { ledgerText } from './ledger-text.ts';
import { readSecret, SecretFileError } from './secret-file.ts';
import { factsText, verdictText } from './verdict-text.ts';

type Asked = Pick<OptionsOf<typeof EXPLAIN>, 'host' | 'port' | 'tokenFile' | 'target' | 'ended' | 'json'>;

type Answer<T> = { readonly state: 'answered'; readonly value: T } | { readonly state: 'failed'; readonly error: string };

/** `memhound explain --verdict` and `--ended`: what the memhound that runs here says, and what it rests on. */
export async function explainVerdict(options: Asked): Promise<number> {
  let token: string | null;
  try {
    token = options.tokenFile === null ? null : readSecret('--token-file', options.tokenFile, 'the token of the API');
  } catch (error) {
    if (!(error instanceof SecretFileError)) throw error;
    printError(`memhound explain: ${error.message}`);
    return 2;
  }
  const ask = <T>(path: string): Promise<Answer<T>> => request<T>(options, token, path);
  const asked = await ask<Verdict>('verdict');
  if (asked.state === 'failed') {
    printError(`memhound explain: ${asked.error}`);
    return 1;
  }
  const verdict = asked.value;
  const lines = [verdictText(verdict, true), factsText(verdict)];
  if (options.ended) {
    const [ledger, lastHour] = await Promise.all([ask<Ledger>('ledger'), ask<SeriesJson>('samples')]);
    if (options.json) printJson({ verdict, ledger: valueIn(ledger), lastHour: valueIn(lastHour) });
    else print([...lines, '', ...keptText(ledger, lastHour)].join('\n'));
    return 0;
  }
  if (options.json) printJson({ verdict });
  else print([...lines, ...otherTargetsText(verdict, options.target === null ? valueIn(await ask('targets')) : null)].join('\n'));
  return 0;
}

const valueIn = <T>(answer: Answer<T>): T | null => (answer.state === 'answered' ? answer.value : null);

const keptText = (ledger: Answer<Ledger>, lastHour: Answer<SeriesJson>): string[] => [
  ...(ledger.state === 'failed' ? [ledger.error] : [`The last ledger, of ${ledger.value.at}`, ...ledgerText(ledger.value)]),
  '',
  ...(lastHour.state === 'failed' ? [lastHour.error] : lastHourText(lastHour.value)),
];

function otherTargetsText({ target }: Verdict, targets: readonly TargetStatus[] | null): string[] {
  const others = (targets ?? []).filter(({ id }) => id !== target.id).map(({ id, name }) => `${name} (${id})`);
  return others.length === 0 ? [] : ['', `Other targets (--target ID): ${others.join(', ')}`];
}

/** A ledger reads the mappings of a JVM, which takes longest. */
const TIMEOUT_MS = 30 * SECOND_MS;

function request<T>({ host, port, target, ended }: Asked, token: string | null, path: string): Promise<Answer<T>> {
  const query = new URLSearchParams({
    ...(target === null || path === 'targets' ? {} : { target }),
    ...(ended ? { epoch: '-1' } : {}),
  });
  const headers = { host: 'localhost', ...(token === null ? {} : { authorization: `Bearer ${token}` }) };
  return new Promise((resolve) => {
    const failed = (error: string): void => resolve({ state: 'failed', error });
    const sent = get({ host, port, path: `/api/v1/${path}?${query}`, headers, timeout: TIMEOUT_MS }, (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('error', (error) => failed(error.message));
      response.on('end', () => {
        const status = response.statusCode ?? 0;
        const text = Buffer.concat(pieces).toString('utf8');
        if (status === 200) resolve({ state: 'answered', value: JSON.parse(text) as T });
        else failed(errorText(status, text));
      });
    });
    sent.on('timeout', () => sent.destroy(new Error(`no answer in ${TIMEOUT_MS / SECOND_MS} s`)));
    sent.on('error', (error: NodeJS.ErrnoException) =>
      failed(
        `${host}:${port}: expected a running memhound (memhound watch), found ${error.code === 'ECONNREFUSED' ? 'that nothing listens there' : (error.code ?? error.message)}; --host and --port say where it runs`,
      ),
    );
  });
}

/** The message of an error of the API, or the status where another program answers. */
function errorText(status: number, text: string): string {
  try {
    const { error } = JSON.parse(text) as { error?: { message?: string; remediation?: string } };
    if (error?.message !== undefined)
      return [error.message, ...(error.remediation === undefined ? [] : [error.remediation])].join('\n');
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return `expected the API of memhound, found an answer with status ${status}`;
}
