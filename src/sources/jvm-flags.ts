/** Arguments that say something about memory; every other (-D, agents, the main class) may carry secrets and is left out. */
const ABOUT_MEMORY = /^-(?:Xm[xsn]|Xss|Xrs|XX:)/;
/** -XX options whose value is a path or a text that the owner wrote. */
const PRIVATE =
  /^-XX:(?:OnError|OnOutOfMemoryError|HeapDumpPath|ErrorFile|Flags|VMOptionsFile|StartFlightRecording|FlightRecorderOptions|SharedArchiveFile|LogFile)/i;

/** The memory flags of a JVM's arguments (java.rt.vmArgs), secrets left out. Pure. */
export function memoryFlags(vmArgs: string): string[] {
  return vmArgs
    .split(/\s+/)
    .filter((arg) => ABOUT_MEMORY.test(arg) && !PRIVATE.test(arg) && arg.length <= 200)
    .slice(0, 100);
}
