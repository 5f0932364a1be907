import { upperMedian } from './median.ts';

/** CPU time of this process, all its threads, that some work takes, milliseconds. */
export function cpuMs(work: () => unknown): number {
  const began = process.cpuUsage();
  work();
  const spent = process.cpuUsage(began);
  return (spent.user + spent.system) / 1000;
}

export const medianMs = (rounds: number, work: () => unknown): number =>
  upperMedian(Array.from({ length: rounds }, () => cpuMs(work)));
