import type { CgroupReading } from '../types.ts';
import { ParseError, parseFlat, parseLimit, parseNumber } from './flat-keyed.ts';

/** The files of a v2 memory cgroup that are read, by name. */
export const V2_FILES = [
  'memory.stat',
  'memory.current',
  'memory.max',
  'memory.high',
  'memory.peak',
  'memory.events',
  'memory.swap.current',
  'memory.pressure',
  'pids.current',
] as const;

/** Before Linux 5.18 memory.stat has no `kernel`; its parts then stand in for it (io_uring, pipe and bpf memory is missed). */
const KERNEL_PARTS = ['kernel_stack', 'pagetables', 'sec_pagetables', 'percpu', 'vmalloc', 'slab'] as const;

/** A v2 memory cgroup from the texts of its files. Source: Linux Documentation/admin-guide/cgroup-v2.rst. @throws ParseError */
export function parseCgroupV2(files: Readonly<Record<string, string>>): CgroupReading {
  const text = files['memory.stat'];
  const current = files['memory.current'];
  if (text === undefined || current === undefined)
    throw new ParseError('a v2 memory cgroup must have memory.stat and memory.current');
  const values: Record<string, number> = { usage: parseNumber('memory.current', current) };
  for (const [key, value] of parseFlat('memory.stat', text)) values[key] = value;
  values.kernel ??= KERNEL_PARTS.reduce((sum, part) => sum + (values[part] ?? 0), 0);
  values.working_set = Math.max(0, values.usage! - (values.inactive_file ?? 0));
  const swap = files['memory.swap.current'];
  if (swap !== undefined) values.swap = parseNumber('memory.swap.current', swap);
  const events = files['memory.events'];
  if (events !== undefined) {
    const counts = parseFlat('memory.events', events);
    if (counts.has('oom_kill')) values.oom_kill = counts.get('oom_kill')!;
    if (counts.has('max')) values.limit_hits = counts.get('max')!;
    if (counts.has('high')) values.high_hits = counts.get('high')!;
  }
  const limit = (name: string) => (files[name] === undefined ? null : parseLimit(name, files[name]));
  const peak = files['memory.peak'];
  return {
    version: 2,
    values,
    limitBytes: limit('memory.max'),
    highBytes: limit('memory.high'),
    peakBytes: peak === undefined ? null : parseNumber('memory.peak', peak),
    pressure: parsePressure(files['memory.pressure']),
  };
}

/** PSI: "some avg10=0.00 avg60=0.00 avg300=0.00 total=0" and the same for full; absent where the kernel was built or booted without. */
function parsePressure(text: string | undefined): CgroupReading['pressure'] {
  const some = /^some avg10=([\d.]+)/m.exec(text ?? '')?.[1];
  const full = /^full avg10=([\d.]+)/m.exec(text ?? '')?.[1];
  return some === undefined || full === undefined ? null : { someAvg10: Number(some), fullAvg10: Number(full) };
}
