import { randomBytes } from 'node:crypto';
import { closeSync, constants, lstatSync, opendirSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import self from 'node:process';
import { bytesText } from '../format.ts';
import { MAX_RECORDING_BYTES } from '../jfr/jfr-chunk.ts';
import { attach, WRITABLE_TMP } from '../sources/jvm/attach.ts';
import { ownLimit } from '../sources/process/own-limit.ts';
import { codeOf, openFileUnder, type PinResult, pinFolderUnder } from '../sources/process/pinned-path.ts';
import type { ProcessRef, Reading, Roots } from '../sources/types.ts';
import { MIB, MINUTE_MS } from '../units.ts';

/** A recording of the JVM's flight recorder that runs. */
export interface Recording<T = Buffer> {
  /** Ends it, reads it and removes its files. To be called once, whatever happened meanwhile. */
  readonly end: () => Promise<Reading<T>>;
}

export interface RecordingOptions {
  readonly seconds: number;
  /** A profile of the JDK, or the text of a file of settings (.jfc). */
  readonly settings: { readonly profile: string } | { readonly text: string };
  /** The recorder's repository in the JVM's temporary folder holds no more than this, and the chunk that is written. */
  readonly maxBytes: number;
  /** Further options of JFR.start. */
  readonly more: readonly string[];
}

const TIMEOUT_MS = MINUTE_MS;
/** If memhound is killed, the recording ends by itself this much later than planned. */
const GRACE_SECONDS = 60;

const failed = (error: string) => ({ state: 'failed', error, remediation: null }) as const;

/** Starts a recording in the JVM, which writes it into /tmp of its container when it ends. Needs JDK 8u262 or newer. */
export async function startRecording(
  { roots, process }: { readonly roots: Roots; readonly process: ProcessRef },
  { seconds, settings, maxBytes, more }: RecordingOptions,
): Promise<Reading<Recording>> {
  // Nobody in the container can have made a file or a link of this name before. The pid tells whose it is where JVMs share /tmp.
  const name = `memhound-${process.nspid}-${randomBytes(8).toString('hex')}`;
  const root = join(roots.proc, String(process.pid), 'root');
  const [recorded, described] = [`${name}.jfr`, `${name}.jfc`];
  const command = (line: string) => attach({ roots, process, command: 'jcmd', args: [line], timeoutMs: TIMEOUT_MS });
  const endIn = async (tmp: PinResult): Promise<Reading<Buffer>> => {
    try {
      const stopped = await command(`JFR.stop name=${name}`);
      return stopped.state === 'read' ? readRecording(root, recorded, process) : stopped;
    } finally {
      removeIn(tmp, recorded);
    }
  };
  if ('text' in settings) {
    const refusal = write(root, described, settings.text);
    if (refusal === 'EROFS')
      return {
        state: 'failed',
        error: '/tmp of the container is read-only, and a recording is written there',
        remediation: WRITABLE_TMP,
      };
    if (refusal !== null) return failed(`${refusal} at /tmp of the container, where the settings of a recording are written`);
  }
  try {
    const options = [
      `name=${name}`,
      `settings=${'text' in settings ? `/tmp/${described}` : settings.profile}`,
      `duration=${Math.ceil(seconds) + GRACE_SECONDS}s`,
      `maxsize=${Math.ceil(maxBytes / MIB)}m`,
      `filename=/tmp/${recorded}`,
      ...more,
    ];
    const started = await command(`JFR.start ${options.join(' ')}`);
    if (started.state !== 'read') return started;
    if (!/Started recording/.test(started.value))
      return failed(`JFR.start: ${started.value.trim().split('\n')[0]?.slice(0, 200)}`);
    await removeLeftovers(root, process, () => command('JFR.check'));
    // Its path is gone with the JVM, which may end first, but the folder may be on a volume that stays.
    const tmp = pinFolderUnder(root, 'tmp');
    return { state: 'read', value: { end: () => endIn(tmp) }, atMs: started.atMs };
  } finally {
    if ('text' in settings) remove(root, described); // the JVM has read it
  }
}

/** The same recording, of which `read` takes what is wanted when it ends. What `read` throws is a failure. */
export function recordingOf<T>(started: Reading<Recording>, read: (recording: Buffer) => Promise<T>): Reading<Recording<T>> {
  if (started.state !== 'read') return started;
  const end = async (): Promise<Reading<T>> => {
    const ended = await started.value.end();
    if (ended.state !== 'read') return ended;
    try {
      return { ...ended, value: await read(ended.value) };
    } catch (error) {
      return failed(`the recording: ${(error as Error).message}`);
    }
  };
  return { ...started, value: { end } };
}

/** A container may put a longer file in its place than was asked for, so a recording takes at most half of the memory that memhound has left. */
const mostBytes = (): number => Math.min(MAX_RECORDING_BYTES, Math.max(0, (ownLimit() - self.memoryUsage.rss()) / 2));

function readRecording(root: string, file: string, process: ProcessRef): Reading<Buffer> {
  const opened = openFileUnder(root, `tmp/${file}`);
  if (opened.state === 'refused') return failed(`the recording: ${opened.code} at its file in /tmp of the container`);
  try {
    const { size, uid } = opened.stat;
    const most = mostBytes();
    if (uid !== process.uid) return failed(`the recording: expected a file of uid ${process.uid}, found one of uid ${uid}`);
    if (size > most) return failed(`the recording: expected at most ${bytesText(most)}, found ${bytesText(size)}`);
    const bytes = Buffer.alloc(size);
    for (let at = 0, read = 1; at < size && read > 0; at += read) read = readSync(opened.fd, bytes, at, size - at, at);
    return { state: 'read', value: bytes, atMs: Date.now() };
  } finally {
    closeSync(opened.fd);
  }
}

/** Writes a new file into /tmp of the container. Returns the name of the errno of a refusal; null: it is written. */
function write(root: string, name: string, text: string): string | null {
  const folder = pinFolderUnder(root, 'tmp');
  if (folder.state === 'refused') return folder.code;
  const { O_CREAT, O_EXCL, O_WRONLY, O_NOFOLLOW } = constants;
  try {
    // Readable for a JVM of another user.
    const fd = openSync(`/proc/self/fd/${folder.fd}/${name}`, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW, 0o644);
    try {
      const bytes = Buffer.from(text);
      for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
    } catch (error) {
      remove(root, name); // the disk may be full
      throw error;
    } finally {
      closeSync(fd);
    }
    return null;
  } catch (error) {
    return codeOf(error);
  } finally {
    closeSync(folder.fd);
  }
}

/** The file of another search is written when its recording ends, and read at once. */
const LEFT_MS = MINUTE_MS;
/** The container may have as many files in its /tmp as it likes. */
const MAX_NAMES = 10_000;

/**
 * Removes the files of earlier recordings of this JVM whose memhound was killed: those that are older than a minute and of no recording that runs.
 * `check`: the recordings of the JVM.
 */
async function removeLeftovers(root: string, { nspid }: ProcessRef, check: () => Promise<Reading<string>>): Promise<void> {
  const left = leftIn(root, new RegExp(`^(memhound-${nspid}-[0-9a-f]{16})\\.jf[rc]$`));
  if (left.length === 0) return;
  const checked = await check();
  if (checked.state !== 'read') return; // which of them run is not known
  for (const { file, recording } of left) if (!checked.value.includes(recording)) remove(root, file);
}

function leftIn(root: string, name: RegExp): { readonly file: string; readonly recording: string }[] {
  const pinned = pinFolderUnder(root, 'tmp');
  if (pinned.state === 'refused') return [];
  const found: { file: string; recording: string }[] = [];
  const path = `/proc/self/fd/${pinned.fd}`;
  try {
    const folder = opendirSync(path);
    try {
      for (let n = 0, entry = folder.readSync(); entry !== null && n < MAX_NAMES; n++, entry = folder.readSync()) {
        const recording = entry.isFile() ? name.exec(entry.name)?.[1] : undefined;
        if (recording !== undefined && Date.now() - lstatSync(`${path}/${entry.name}`).mtimeMs > LEFT_MS)
          found.push({ file: entry.name, recording });
      }
    } finally {
      folder.closeSync();
    }
  } catch (error) {
    codeOf(error); // throws what is no refusal of the system
  } finally {
    closeSync(pinned.fd);
  }
  return found;
}

/** The container may have put a folder in place of the file, or made its disk read-only. Then it stays: an error here would hide the answer. */
const remove = (root: string, name: string): void => removeIn(pinFolderUnder(root, 'tmp'), name);

/** Closes the folder, too. */
function removeIn(folder: PinResult, name: string): void {
  if (folder.state === 'refused') return;
  try {
    unlinkSync(`/proc/self/fd/${folder.fd}/${name}`);
  } catch (error) {
    codeOf(error); // throws what is no refusal of the system
  } finally {
    closeSync(folder.fd);
  }
}
