import { randomBytes } from 'node:crypto';
import { closeSync, readSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { bytesText } from '../format.ts';
import { MAX_RECORDING_BYTES, readEvents } from '../jfr/jfr-chunk.ts';
import { attach } from '../sources/jvm/attach.ts';
import { openFileUnder, pinFolderUnder } from '../sources/process/pinned-path.ts';
import type { ProcessRef, Reading, Roots } from '../sources/types.ts';
import { MIB, MINUTE_MS } from '../units.ts';
import { OLD_OBJECT_SAMPLE, type OldObject, oldObjects } from './old-objects.ts';

/** A recording of the JVM's flight recorder that runs. */
export interface HeapRecording {
  /** Ends it, reads its samples of old objects and removes its file. To be called once, whatever happened meanwhile. */
  readonly end: () => Promise<Reading<readonly OldObject[]>>;
}

const TIMEOUT_MS = MINUTE_MS;
/** The recorder's repository in the JVM's temporary folder holds no more than this. */
const MAX_REPOSITORY = 16 * MIB;
/** If memhound is killed, the recording ends by itself this much later than planned. */
const GRACE_SECONDS = 60;

/**
 * Starts a recording for `seconds` in the JVM, with the samples of old objects and their paths to the roots. The JVM writes it into /tmp of its
 * container when it ends. Needs JDK 8u262 or newer.
 */
export async function startHeapRecording(
  { roots, process }: { readonly roots: Roots; readonly process: ProcessRef },
  seconds: number,
): Promise<Reading<HeapRecording>> {
  // Nobody in the container can have made a file or a link of this name before.
  const name = `memhound-${randomBytes(8).toString('hex')}`;
  const command = (line: string) => attach({ roots, process, command: 'jcmd', args: [line], timeoutMs: TIMEOUT_MS });
  const end = async (): Promise<Reading<readonly OldObject[]>> => {
    try {
      const stopped = await command(`JFR.stop name=${name}`);
      return stopped.state === 'read' ? readSamples(join(roots.proc, String(process.pid), 'root'), name, process) : stopped;
    } finally {
      remove(join(roots.proc, String(process.pid), 'root'), name);
    }
  };
  const options = [
    `name=${name}`,
    'settings=profile',
    'path-to-gc-roots=true',
    `duration=${Math.ceil(seconds) + GRACE_SECONDS}s`,
    `maxsize=${MAX_REPOSITORY / MIB}m`,
    `filename=/tmp/${name}.jfr`,
  ];
  const started = await command(`JFR.start ${options.join(' ')}`);
  if (started.state !== 'read') return started;
  if (!/Started recording/.test(started.value))
    return { state: 'failed', error: `JFR.start: ${started.value.trim().split('\n')[0]?.slice(0, 200)}`, remediation: null };
  return { state: 'read', value: { end }, atMs: started.atMs };
}

function readSamples(root: string, name: string, process: ProcessRef): Reading<readonly OldObject[]> {
  const failed = (error: string) => ({ state: 'failed', error: `the recording: ${error}`, remediation: null }) as const;
  const file = openFileUnder(root, `tmp/${name}.jfr`);
  if (file.state === 'refused') return failed(`${file.code} at its file in /tmp of the container`);
  try {
    const { size, uid } = file.stat;
    if (uid !== process.uid) return failed(`expected a file of uid ${process.uid}, found one of uid ${uid}`);
    if (size > MAX_RECORDING_BYTES) return failed(`expected at most ${bytesText(MAX_RECORDING_BYTES)}, found ${bytesText(size)}`);
    const bytes = Buffer.alloc(size);
    for (let at = 0, read = 1; at < size && read > 0; at += read) read = readSync(file.fd, bytes, at, size - at, at);
    return { state: 'read', value: oldObjects(readEvents(bytes, new Set([OLD_OBJECT_SAMPLE]))), atMs: Date.now() };
  } catch (error) {
    return failed((error as Error).message);
  } finally {
    closeSync(file.fd);
  }
}

function remove(root: string, name: string): void {
  const folder = pinFolderUnder(root, 'tmp');
  if (folder.state === 'refused') return;
  try {
    unlinkSync(`/proc/self/fd/${folder.fd}/${name}.jfr`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  } finally {
    closeSync(folder.fd);
  }
}
