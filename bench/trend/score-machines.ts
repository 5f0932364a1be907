/**
 * node --import tsx bench/trend/score-machines.ts [MACHINES] [--held-out] [--why] [--threads N]
 * Synthetic machines, eight days each: windows of 6 h to 8 days without and with a leak of known slope, memhound compared with
 * known methods; and eight healthy days evaluated every 12 h. `--held-out`: seeds on which no threshold was tuned.
 */

import { runOnThreads } from '../stats/worker-threads.ts';
import { percent } from './corpus-score.ts';
import { resultsOf, type WindowResult } from './machine-results.ts';

const { argv } = process;
const count = Number(argv.slice(2).find((word, i, all) => /^\d+$/.test(word) && all[i - 1] !== '--threads') ?? 111);
const first = argv.includes('--held-out') ? 500_001 : 1;
const threads = argv.includes('--threads') ? Number(argv[argv.indexOf('--threads') + 1]) : 2;
const seeds = Array.from({ length: count }, (_, i) => first + i);

const machines = await runOnThreads(import.meta.url, seeds, resultsOf, { threads });
if (machines !== null) print(machines.flatMap(({ windows }) => windows));

function print(windows: readonly WindowResult[]): void {
  const leaking = windows.filter(({ slope }) => slope > 0);
  const healthy = windows.filter(({ slope }) => slope === 0);
  if (argv.includes('--why'))
    for (const { seed, hours, slope, size, said, why } of windows)
      if (said.memhound !== slope > 0)
        console.log(
          `${slope > 0 ? 'missed' : 'false '} seed ${seed}, ${hours} h${slope > 0 ? `, leak ${size.toFixed(1)} x swing` : ''}${said['R squared > 0.5'] ? ', R2 > 0.5' : ''}: ${why}`,
        );
  console.log(`${count} machines from seed ${first}: ${healthy.length} healthy windows, ${leaking.length} with a leak\n`);
  console.log(
    `${'method'.padEnd(32)}${['F1', 'precision', 'recall', 'false alarms', 'ever, 24 h', 'ever, 72 h'].map((name) => name.padStart(14)).join('')}`,
  );
  for (const method of Object.keys(windows[0]!.said)) {
    const tp = leaking.filter(({ said }) => said[method]).length;
    const fp = healthy.filter(({ said }) => said[method]).length;
    const figures = [(2 * tp) / (tp + fp + leaking.length), tp / (tp + fp), tp / leaking.length, fp / healthy.length];
    for (const hours of [24, 72])
      figures.push(machines!.filter(({ everAlarmed }) => everAlarmed[hours]!.includes(method)).length / count);
    console.log(`${method.padEnd(32)}${figures.map((figure) => percent(figure).padStart(14)).join('')}`);
  }
  const errors = leaking.flatMap(({ slopeError }) => (slopeError === null ? [] : [slopeError])).sort((a, b) => a - b);
  const at = (share: number) => percent(errors[Math.floor(share * errors.length)] ?? null);
  const covered = leaking.filter((window) => window.covered === true).length;
  const asked = leaking.filter((window) => window.covered !== null).length;
  console.log('\nmemhound, by length of window: missed of the leaking, false of the healthy');
  for (const hours of new Set(windows.map((window) => window.hours))) {
    const here = (list: readonly WindowResult[], right: boolean) => {
      const all = list.filter((window) => window.hours === hours);
      return `${all.filter(({ said }) => said.memhound !== right).length} of ${all.length}`;
    };
    console.log(`  ${String(hours).padStart(3)} h  ${here(leaking, true).padEnd(12)}${here(healthy, false)}`);
  }
  console.log(`\nslope error, median / p90                      ${at(0.5)} / ${at(0.9)}`);
  console.log(`slope's 90 % interval covers the truth         ${percent(covered / asked)}`);
  for (const [low, high] of [
    [0, 0.8],
    [0.8, 0.9],
    [0.9, 0.95],
    [0.95, 1],
  ] as const) {
    const right = (list: readonly WindowResult[]) =>
      `${percent(list.filter(({ said, slope }) => said.memhound === slope > 0).length / Math.max(1, list.length), 0)} (${list.length})`;
    const band = windows.filter(({ confidence }) => confidence >= low && confidence < high);
    const growing = band.filter(({ said }) => said.memhound);
    console.log(
      `${`right at confidence ${low} to ${high}`.padEnd(47)}${right(band)}; of those that say growing ${right(growing)}`,
    );
  }
  console.log('ever: machines with any false alarm, asked every 12 h over eight healthy days with the last 24 or 72 h');
}
