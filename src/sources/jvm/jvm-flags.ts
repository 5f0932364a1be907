/** Arguments about memory. All others (-D, agents, the main class) may contain secrets and are left out. */
const ABOUT_MEMORY = /^-(?:Xm[xsn]|Xss|Xrs|XX:)/;
/** -XX options whose value is a path or free text. */
const SECRET_FLAGS =
  /^-XX:(?:OnError|OnOutOfMemoryError|HeapDumpPath|ErrorFile|Flags|VMOptionsFile|StartFlightRecording|FlightRecorderOptions|SharedArchiveFile|LogFile)/i;

/** A pod has few JVMs. Their flags are needed at each tick, and their arguments never change. */
const flagCache = new Map<string, readonly string[]>();
const MAX_CACHED = 16;

/** The memory flags in a JVM's arguments (java.rt.vmArgs), without secrets. The same arguments return the same array. */
export function memoryFlags(vmArgs: string): readonly string[] {
  const known = flagCache.get(vmArgs);
  if (known !== undefined) return known;
  if (flagCache.size >= MAX_CACHED) flagCache.clear();
  const flags = selectFlags(vmArgs);
  flagCache.set(vmArgs, flags);
  return flags;
}

function selectFlags(vmArgs: string): string[] {
  return vmArgs
    .split(/\s+/)
    .filter((arg) => ABOUT_MEMORY.test(arg) && !SECRET_FLAGS.test(arg) && arg.length <= 200)
    .slice(0, 100);
}

/** The last of `+name` and `-name`; null: neither is given. Pure. */
export function booleanFlag(args: readonly string[], name: string): boolean | null {
  const last = args.findLast((a) => a === `-XX:+${name}` || a === `-XX:-${name}`);
  return last === undefined ? null : last.startsWith('-XX:+');
}

const UNITS: Readonly<Record<string, number>> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };

/** A size of the command line in bytes: its digits, and its unit in either case. Pure. */
export const sizeInBytes = (digits: string, unit: string): number => Number(digits) * UNITS[unit.toLowerCase()]!;
