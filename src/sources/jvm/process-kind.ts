import { closeSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { MIB } from '../../units.ts';
import { pinLink, reopen } from '../process/pinned-path.ts';
import { isDenied, readText } from '../process/read-text.ts';

/** The kind of a process, from its mappings and its program. */
export interface ProcessKind {
  /** It maps an hsperfdata file. `deleted`: the file was removed since, for example by a cleaner of /tmp. */
  readonly hsperfdata: 'mapped' | 'deleted' | null;
  readonly machine: 'hotspot' | 'openj9' | 'native-image' | null;
}

/** The section with the image heap of a GraalVM native image. */
const NATIVE_IMAGE_SECTION = '.svm_heap';
const ELF64_HEADER_BYTES = 64;

/** null: its mappings cannot be read, or it has ended. If a dead process of the same pid left a file behind, no process maps that file. */
export function processKind(procRoot: string, pid: number): ProcessKind | null {
  let maps: string | null;
  try {
    maps = readText(join(procRoot, String(pid), 'maps'));
  } catch (error) {
    if (isDenied(error)) return null;
    throw error;
  }
  if (maps === null) return null;
  const file = /\/hsperfdata_[^/\n]+\/\d+( \(deleted\))?$/m.exec(maps);
  return {
    hsperfdata: file === null ? null : file[1] === undefined ? 'mapped' : 'deleted',
    machine: machineIn(maps) ?? (isNativeImage(procRoot, pid) ? 'native-image' : null),
  };
}

/** OpenJ9 has a libjvm.so too, but that only loads OpenJ9's own library. */
function machineIn(maps: string): 'hotspot' | 'openj9' | null {
  if (/\/libj9vm\d*\.so(?: \(deleted\))?$/m.test(maps)) return 'openj9';
  return /\/libjvm\.so(?: \(deleted\))?$/m.test(maps) ? 'hotspot' : null;
}

/** By the names of the sections of the program that runs. */
function isNativeImage(procRoot: string, pid: number): boolean {
  const pinned = pinLink(join(procRoot, String(pid)), 'exe');
  if (pinned.state === 'refused') return false;
  const program = pinned.stat.isFile() ? reopen(pinned) : null;
  closeSync(pinned.fd);
  if (program?.state !== 'opened') return false;
  try {
    const at = (offset: number, length: number): Buffer => {
      const bytes = Buffer.alloc(length);
      return bytes.subarray(0, readSync(program.fd, bytes, 0, length, offset));
    };
    const head = at(0, ELF64_HEADER_BYTES);
    // 64 bits, little-endian, as on every machine for which native images are built.
    if (head.length < ELF64_HEADER_BYTES || head.readUInt32BE(0) !== 0x7f454c46 || head[4] !== 2 || head[5] !== 1) return false;
    const [size, names] = [head.readUInt16LE(58), head.readUInt16LE(62)];
    const offset = Number(head.readBigUInt64LE(40)) + names * size;
    const section = size >= ELF64_HEADER_BYTES && Number.isSafeInteger(offset) ? at(offset, ELF64_HEADER_BYTES) : Buffer.alloc(0);
    if (section.length < ELF64_HEADER_BYTES) return false;
    const [start, length] = [Number(section.readBigUInt64LE(24)), Number(section.readBigUInt64LE(32))];
    return length <= MIB && Number.isSafeInteger(start) && at(start, length).includes(NATIVE_IMAGE_SECTION);
  } finally {
    closeSync(program.fd);
  }
}
