import type { JcmdReport } from '../../sources/jvm/jcmd-report.ts';
import type { Mapping } from '../../sources/mappings/smaps-format.ts';
import type { JvmReading } from '../../sources/types.ts';
import { cutAt } from './address-space.ts';
import { allocatorOf } from './allocator.ts';
import type { AnonPart, AnonPartId } from './anon-kinds.ts';
import { type AnonSplit, addFile, addPiece, idOf, splitAnon } from './anon-split.ts';
import { arenaReservations } from './arena-reservations.ts';
import { jvmFigures } from './jvm-figures.ts';
import { joined, ReservationMap } from './reservation.ts';
import { withoutSwap, withSwapCounted } from './swapped-parts.ts';
import { stackRanges } from './thread-stacks.ts';

/** Divides all anonymous bytes of the target's process into named parts, by what runs in it. Pure. */
export const splitMappings = (
  mappings: readonly Mapping[],
  jvm: JvmReading | null,
  answers: JcmdReport | null = null,
): AnonSplit => (isVm(mappings, jvm, answers) ? splitAnon(mappings, jvm, answers) : splitWithoutVm(mappings));

/** What publishes no counters and maps no libjvm.so, such as a GraalVM native image, has none of a JVM's ranges. */
const isVm = (mappings: readonly Mapping[], jvm: JvmReading | null, answers: JcmdReport | null): boolean =>
  jvm !== null || answers !== null || mappings.some(({ path }) => path.includes('/libjvm.so'));

/**
 * Without a JVM only what has a shape or a path of its own is named: stacks, code, files, the brk heap and glibc's arenas. The rest is one part:
 * a native image maps its heap as malloc maps large blocks.
 */
function splitWithoutVm(read: readonly Mapping[]): AnonSplit {
  const mappings = withSwapCounted(read);
  const isGlibc = allocatorOf(mappings) === 'glibc';
  const reserves = arenaReservations(mappings, [], jvmFigures(null, null)).filter(
    ({ metaspace, undecided }) => isGlibc && !metaspace && !undecided,
  );
  const stacks = stackRanges(mappings);
  const stackStarts = new Set(stacks.map(({ start }) => start));
  const places = { heap: null, classSpace: null, reserved: new ReservationMap(reserves), stackStarts };
  const pieces = cutAt(mappings, [...joined(reserves), ...stacks], ({ start }) => stackStarts.has(start));
  const tally = new Map<AnonPartId | 'unnamed', AnonPart>();
  const swapped = new Map<AnonPartId, number>();
  const mappedFiles = { bytes: 0, libraries: 0, jars: 0, other: 0 };
  for (const [i, piece] of pieces.entries()) {
    addFile(mappedFiles, piece);
    if (piece.anonBytes === 0) continue;
    const kind = idOf(piece, pieces[i - 1], places);
    const id = kind === 'unnamed' ? 'unnamed-mappings' : kind;
    addPiece(tally, id, piece);
    if (piece.swapBytes > 0) swapped.set(id, (swapped.get(id) ?? 0) + piece.swapBytes);
  }
  const resident = withoutSwap([...tally.values()], swapped);
  return {
    anonBytes: resident.parts.reduce((sum, { bytes }) => sum + bytes, 0),
    parts: [...resident.parts].sort((a, b) => b.bytes - a.bytes),
    swapped: resident.swapped,
    sharedHeap: null,
    mappedFiles,
    heap: null,
    heapInHugePages: false,
    heapInFile: false,
  };
}
