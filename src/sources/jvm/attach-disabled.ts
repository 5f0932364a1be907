import type { ProcessRef, Roots } from '../types.ts';
import { openHsperfdata, parseHsperfdata } from './hsperfdata.ts';
import { readJvmArguments } from './jvm-arguments.ts';
import { booleanFlag } from './jvm-flags.ts';

/**
 * Whether the JVM has -XX:+DisableAttachMechanism. It then answers SIGQUIT with a thread dump into the container's log, and nothing else. Its
 * own counters have no arguments of the program, which a launcher may pass on to another JVM. Without hsperfdata the command line tells.
 */
export function isAttachDisabled(roots: Roots, process: ProcessRef): boolean {
  const args = ownOptions(roots, process) ?? readJvmArguments(roots.proc, process.pid);
  return booleanFlag(args, 'DisableAttachMechanism') === true;
}

/** Those of a file of -XX:Flags, then the others, as the JVM takes them. null: it has no hsperfdata, or that cannot be read. */
function ownOptions(roots: Roots, process: ProcessRef): readonly string[] | null {
  const reader = openHsperfdata({ roots, process });
  try {
    const bytes = reader.rawBytes();
    const parsed = bytes === null ? null : parseHsperfdata(bytes);
    if (parsed?.state !== 'read') return null;
    const [file, others] = ['java.rt.vmFlags', 'java.rt.vmArgs'].map((name) => parsed.counters.get(name));
    if (typeof others !== 'string') return null;
    // A line of the file has no -XX: in front.
    const inFile = typeof file === 'string' ? file.split(/\s+/).map((flag) => flag.replace(/^(?=[+-]\w)/, '-XX:')) : [];
    return [...inFile, ...others.split(/\s+/)];
  } finally {
    reader.close();
  }
}
