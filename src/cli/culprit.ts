import type { Options } from '../config/options.ts';
import { findCulprit } from '../culprit/find-culprit.ts';
import { QUESTIONS } from '../culprit/questions.ts';
import { findTargets } from '../sources/target/target-search.ts';
import { SECOND_MS } from '../units.ts';
import { print, printError, printJson, rootsOf, searchOptionsOf, withOptions } from './command.ts';
import { culpritText } from './culprit-text.ts';

/** `memhound culprit`: asks the JVM twice what grows in its heap or among its threads. */
export const culprit = (argv: string[]): Promise<number> => withOptions('culprit', argv, run);

const costText = ({ cause, noRecording }: Options<'culprit'>): string =>
  cause === 'heap' && !noRecording
    ? `${QUESTIONS[cause].cost}; between them a recording of the flight recorder, with a file of at most 32 MiB in its /tmp, and a walk of the heap at its end`
    : QUESTIONS[cause].cost;

async function run(options: Options<'culprit'>): Promise<number> {
  const found = await findTargets(searchOptionsOf(options));
  if (found.state !== 'found') {
    if (options.json) printJson({ error: { code: found.state, message: found.reason, remediation: found.remediation } });
    printError(`memhound culprit: ${found.reason}${found.remediation === null ? '' : `\n${found.remediation}`}`);
    return found.state === 'no-target' ? 1 : found.exit;
  }
  const { jvm, process: subject } = found.chosen;
  if (jvm === null || subject === null) {
    printError('memhound culprit: there is no JVM in this container that could be asked');
    return 1;
  }
  printError(`memhound culprit: asks the JVM pid ${subject.pid}, ${options.for} s apart; cost: ${costText(options)}`);
  const stop = new AbortController();
  const cancel = (): void => stop.abort();
  process.once('SIGINT', cancel).once('SIGTERM', cancel);
  const answer = await findCulprit({
    roots: rootsOf(options),
    process: subject,
    cause: options.cause,
    apartMs: options.for * SECOND_MS,
    mayRecord: !options.noRecording,
    signal: stop.signal,
  });
  process.off('SIGINT', cancel).off('SIGTERM', cancel);
  if (options.json) printJson(answer);
  else print(culpritText(answer).join('\n'));
  return answer.state === 'failed' ? 1 : 0;
}
