import { CULPRIT } from '../config/commands/culprit.ts';
import type { OptionsOf } from '../config/option-table.ts';
import { culpritText } from '../culprit/culprit-text.ts';
import { findCulprit } from '../culprit/find-culprit.ts';
import { costOf, releaseCostOf } from '../culprit/questions.ts';
import { readNativeMappings } from '../daemon/native-mappings.ts';
import { findTargets } from '../sources/target/target-search.ts';
import { SECOND_MS } from '../units.ts';
import { print, printError, printJson, rootsOf, searchOptionsOf, withOptions } from './command.ts';

/** `memhound culprit`: asks the JVM several times what grows in its heap, among its threads or class loaders, or in its native memory. */
export const culprit = (argv: string[]): Promise<number> => withOptions(CULPRIT, argv, run);

async function run(options: OptionsOf<typeof CULPRIT>): Promise<number> {
  const found = await findTargets(searchOptionsOf(options));
  if (found.state !== 'found') {
    if (options.json) printJson({ error: { code: found.state, message: found.reason, remediation: found.remediation } });
    printError(`memhound culprit: ${found.reason}${found.remediation === null ? '' : `\n${found.remediation}`}`);
    return found.state === 'no-target' ? 1 : found.exit;
  }
  const { jvm, process: subject } = found.chosen;
  if (jvm === null || subject === null) {
    printError('memhound culprit: the chosen container has no JVM that could be asked; --pid N or --target NAME chooses another');
    return 1;
  }
  const releaseCost = options.release ? releaseCostOf(options.cause) : null;
  if (options.release && releaseCost === null) {
    printError(`memhound culprit: --release is for --cause native, found --cause ${options.cause}`);
    return 2;
  }
  printError(
    `memhound culprit: asks the JVM pid ${subject.pid} for ${options.for} s; cost: ${costOf(options.cause, !options.noRecording)}${releaseCost === null ? '' : `; and ${releaseCost}`}`,
  );
  const roots = rootsOf(options);
  const stop = new AbortController();
  const cancel = (): void => stop.abort();
  process.once('SIGINT', cancel).once('SIGTERM', cancel);
  const answer = await findCulprit({
    roots,
    process: subject,
    cause: options.cause,
    forMs: options.for * SECOND_MS,
    mayRecord: !options.noRecording,
    release: options.release,
    readNative: () => readNativeMappings({ roots, process: subject }),
    signal: stop.signal,
    onLook: () => {}, // the terminal shows only the result
  });
  process.off('SIGINT', cancel).off('SIGTERM', cancel);
  if (options.json) printJson(answer);
  else print(culpritText(answer).join('\n'));
  return answer.state === 'failed' ? 1 : 0;
}
