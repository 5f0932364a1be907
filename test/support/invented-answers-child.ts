// Parses, for each cause, two answers of 4 MiB with an invented name in each line, and prints the numbers of groups: `node --import tsx invented-answers-child.ts`.
// The heap of this process is limited by who starts it.
import { nameGroup } from '../../src/culprit/name-group.ts';
import { QUESTIONS } from '../../src/culprit/questions.ts';
import type { LookCause } from '../../src/culprit/types.ts';
import { MIB } from '../../src/units.ts';

/** The shortest line that is a group of its own. */
const LINES: Readonly<Record<LookCause, (i: number) => string>> = {
  heap: (i) => `${i}: 1 ${i} a${i.toString(36)}\n`,
  threads: (i) => `"${i.toString(26).replace(/\d/g, (digit) => 'qrstuvwxyz'[Number(digit)]!)}" #1\n\n`,
  metaspace: (i) => `0x${i.toString(16)} 0x0 0x0 1 1024 ${i} a${i.toString(36)}\n`,
  native: (i) => `- a${i.toString(36)} (reserved=1KB, committed=${i}KB)\n`,
  descriptors: (i) => `/${i.toString(26).replace(/\d/g, (digit) => 'qrstuvwxyz'[Number(digit)]!)}\n`,
};

const answerTo = (cause: LookCause): string => {
  const bytes = Buffer.alloc(4 * MIB);
  let at = cause === 'native' ? bytes.write('Total: reserved=1KB, committed=1KB\n') : 0;
  for (let i = 1; ; i++) {
    const line = LINES[cause](i);
    if (at + line.length > bytes.length) return bytes.toString('latin1', 0, at);
    at += bytes.write(line, at, 'latin1');
  }
};
const groups = (Object.keys(LINES) as LookCause[]).map((cause) => {
  const looks = [1, 2].map(() => QUESTIONS[cause].groups(answerTo(cause)));
  nameGroup(cause, looks);
  return [cause, looks[1]!.length];
});
console.log(JSON.stringify(Object.fromEntries(groups)));
