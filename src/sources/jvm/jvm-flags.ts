/** Arguments that say something about memory; every other (-D, agents, the main class) may carry secrets and is left out. */
const ABOUT_MEMORY = /^-(?:Xm[xsn]|Xss|Xrs|XX:)/;
/** -XX options whose value is a path or a text that the owner wrote. */
const SECRET_FLAGS =
  /^-XX:(?:OnError|OnOutOfMemoryError|HeapDumpPath|ErrorFile|Flags|VMOptionsFile|StartFlightRecording|FlightRecorderOptions|SharedArchiveFile|LogFile)/i;

/** The few JVMs of a pod are asked at each tick, and their arguments never change. */
const flagCache = new Map<string, readonly string[]>();
const MAX_CACHED = 16;

/** The memory flags of a JVM's arguments (java.rt.vmArgs), secrets left out. The same arguments give the same flags. */
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
