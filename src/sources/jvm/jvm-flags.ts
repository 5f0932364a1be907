/** Arguments that say something about memory; every other (-D, agents, the main class) may carry secrets and is left out. */
const ABOUT_MEMORY = /^-(?:Xm[xsn]|Xss|Xrs|XX:)/;
/** -XX options whose value is a path or a text that the owner wrote. */
const PRIVATE =
  /^-XX:(?:OnError|OnOutOfMemoryError|HeapDumpPath|ErrorFile|Flags|VMOptionsFile|StartFlightRecording|FlightRecorderOptions|SharedArchiveFile|LogFile)/i;

/** The few JVMs of a pod are asked at each tick, and their arguments never change. */
const told = new Map<string, readonly string[]>();
const MOST_TOLD = 16;

/** The memory flags of a JVM's arguments (java.rt.vmArgs), secrets left out. The same arguments give the same flags. */
export function memoryFlags(vmArgs: string): readonly string[] {
  const known = told.get(vmArgs);
  if (known !== undefined) return known;
  if (told.size >= MOST_TOLD) told.clear();
  const flags = pickFlags(vmArgs);
  told.set(vmArgs, flags);
  return flags;
}

function pickFlags(vmArgs: string): string[] {
  return vmArgs
    .split(/\s+/)
    .filter((arg) => ABOUT_MEMORY.test(arg) && !PRIVATE.test(arg) && arg.length <= 200)
    .slice(0, 100);
}
