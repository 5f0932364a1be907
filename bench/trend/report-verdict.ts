/** npm run report:verdict -- [WEEKS] [CORPUS]: all the figures of docs/accuracy.md, in one run. CORPUS: another folder of labelled series. */
import { spawnSync } from 'node:child_process';

const [weeks = '40', corpus] = process.argv.slice(2);
const runs = [
  ['score-corpus.ts'],
  ['score-corpus.ts', '--wide', '--runs', '12'],
  ...(corpus === undefined ? [] : [['score-corpus.ts', corpus]]),
  ['score-machines.ts', '111'],
  ['score-machines.ts', '111', '--held-out'],
  ['alarms.ts', weeks],
  ['trend-speed.ts'],
];
let failed = false;
for (const [script, ...args] of runs) {
  console.log(`\n${script} ${args.length > 0 ? args.slice(1).join(' ') : ''}`.trimEnd());
  const { status } = spawnSync(process.execPath, ['--expose-gc', '--import', 'tsx', `bench/trend/${script}`, ...args], {
    stdio: 'inherit',
  });
  failed ||= status !== 0;
}
process.exitCode = failed ? 1 : 0;
