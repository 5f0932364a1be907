import { TRIM_AFTER_START_MS, TRIM_EVERY_MS } from '../../src/daemon/memory-trimmer.ts';
import { SECOND_MS } from '../../src/units.ts';

/**
 * How many trims of memhound's memory a window holds, in words: each costs as much as several ticks and serves the ticks until the next one, so a window
 * that is no whole number of periods has too much of it or too little. Seconds after the start of memhound.
 */
export function trimsInWindow(fromS: number, lengthS: number, everyS: number): string {
  const [firstS, periodS] = [TRIM_AFTER_START_MS / SECOND_MS, TRIM_EVERY_MS / SECOND_MS];
  const until = (s: number): number => (s < firstS ? 0 : 1 + Math.floor((s - firstS) / periodS));
  const trims = until(fromS + lengthS) - until(fromS);
  const [ticks, served] = [lengthS / everyS, periodS / everyS];
  const has = `the window has ${trims} of memhound's trims in ${ticks} ticks`;
  const share = trims === 0 ? 'none' : `one in ${Math.round(ticks / trims)}`;
  return trims * served === ticks ? `${has}, as many as serve them` : `${has}: ${share}, and one serves ${served}`;
}
