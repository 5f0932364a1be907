import { closeSync, constants, openSync, unlinkSync } from 'node:fs';
import { connect, Socket } from 'node:net';
import { join } from 'node:path';
import self from 'node:process';
import { setTimeout as later } from 'node:timers/promises';
import { getSystemErrorName } from 'node:util';
import { bytesText } from '../../format.ts';
import { KIB, MIB } from '../../units.ts';
import { ownLimit } from '../process/own-limit.ts';
import { pin, pinFolderUnder } from '../process/pinned-path.ts';
import { readStartTicks, readStatus } from '../process/procfs.ts';
import { isAbsenceCode, isDenialCode } from '../process/read-text.ts';
import { loadSyscalls } from '../process/syscalls.ts';
import type { ProcessRef, Reading, Roots } from '../types.ts';
import { isAttachDisabled } from './attach-disabled.ts';
import { BAD_VERSION, type DecodedReply, decodeReply, encodeRequest, V1_ARGUMENTS } from './attach-protocol.ts';
import { processKind } from './process-kind.ts';

export interface AttachOptions {
  readonly roots: Roots;
  readonly process: ProcessRef;
  /** Usually `jcmd`, with the whole line as its only argument: `attach({ command: 'jcmd', args: ['GC.heap_info'] })`. */
  readonly command: string;
  readonly args: readonly string[];
  readonly timeoutMs: number;
}

/** A histogram of a large application is about 2 MiB of text, with the largest classes first. Other answers have a few KiB. */
const MAX_REPLY_BYTES = 4 * MIB;
/** Commands that a tick sends have answers of a few KiB, whatever memory is left. */
const LEAST_REPLY_BYTES = MIB / 4;
/** An invented answer takes up to so many times its size while it is parsed. */
const PARSED_TIMES = 16;
const PIECE_BYTES = 64 * KIB;
/** What helps where the root file system of a container cannot be written. */
export const WRITABLE_TMP = 'mount an emptyDir at /tmp of that container';
const ATTACH_ENABLED = 'remove that flag, and restart the JVM';
const POLL_MS = 20;

const mostBytes = (): number =>
  Math.min(MAX_REPLY_BYTES, Math.max(LEAST_REPLY_BYTES, (ownLimit() - self.memoryUsage.rss()) / PARSED_TIMES));

type Jvm = Pick<AttachOptions, 'roots' | 'process'>;

/** One command at a time for each process: the JVM answers only one at a time, and two must not share the trigger file. */
const queues = new Map<number, Promise<unknown>>();

/**
 * Sends a command to a JVM through its attach listener, as jcmd does. It is opt-in, because it signals the JVM and writes into its /tmp. The
 * signal is SIGQUIT, which kills a process that does not catch it. So it is sent only if /proc/PID/status shows that it is caught, and to no
 * process that got the pid meanwhile. The trigger file is removed afterwards; the socket that the JVM creates stays. Fails after `timeoutMs`.
 */
export async function attach(options: AttachOptions): Promise<Reading<string>> {
  const { pid } = options.process;
  const before = queues.get(pid) ?? Promise.resolve();
  const attempted = before.then(() => attempt(options));
  queues.set(pid, attempted);
  try {
    return await attempted;
  } finally {
    if (queues.get(pid) === attempted) queues.delete(pid);
  }
}

/** The target's /tmp. */
interface Tmp {
  readonly fd: number;
  readonly procFolder: string;
}

async function attempt(options: AttachOptions): Promise<Reading<string>> {
  const { roots, process: target, command, args } = options;
  const atMs = Date.now();
  const deadline = performance.now() + options.timeoutMs;
  let tmp: Tmp | null = null;
  try {
    const refusal = attachRefusal(roots, target);
    if (refusal !== null) return refusal;
    const procFolder = join(roots.proc, String(target.pid));
    const folder = pinFolderUnder(join(procFolder, 'root'), 'tmp');
    if (folder.state === 'refused') return failureOf(target, folder.code, `its /tmp cannot be opened: ${folder.code}`);
    tmp = { fd: folder.fd, procFolder };
    const isDisabled = isAttachDisabled(roots, target);
    // Now that it is known whose /tmp and whose options they are.
    if (hasEnded(roots, target)) return endedReading(target);
    if (isDisabled)
      return failed(target, 'it was started with -XX:+DisableAttachMechanism, so it was not signalled', ATTACH_ENABLED);
    const silence = await startListener(roots, target, tmp, deadline);
    if (silence === 'no answer') return failed(target, `no answer to SIGQUIT within ${options.timeoutMs} ms`, null);
    if (silence !== null) return silence;
    const version = args.length > V1_ARGUMENTS || args.some((a) => Buffer.byteLength(a) > 1024) ? 2 : 1;
    if (version === 2 && !(await speaksV2(tmp, options, deadline)))
      return failed(target, 'such long arguments need version 2 of the protocol, which begins with JDK 24', null);
    const reply = await sendCommand(tmp, options, version, command, args, deadline);
    // Another process may have its pid by now, and a socket of the same name.
    if (hasEnded(roots, target)) return endedReading(target);
    if (reply.state === 'answered') return { state: 'read', value: reply.text, atMs };
    if (reply.state === 'garbled') return failed(target, 'expected a code and a line feed, found something else', null);
    const what = reply.code === BAD_VERSION ? `protocol version ${version} is not spoken` : `${command}: code ${reply.code}`;
    return failed(target, `${what}: ${reply.text.slice(0, 300).trim()}`, null);
  } catch (error) {
    return failureOf(target, (error as NodeJS.ErrnoException).code ?? '', (error as Error).message);
  } finally {
    if (tmp !== null) closeSync(tmp.fd);
  }
}

const failed = (target: ProcessRef, error: string, remediation: string | null): Reading<never> => ({
  state: 'failed',
  error: `pid ${target.pid} cannot be asked: ${error}`,
  remediation: remediation,
});

function failureOf(target: ProcessRef, code: string, message: string): Reading<never> {
  if (isAbsenceCode(code)) return { state: 'absent', reason: `pid ${target.pid} has ended, or its container has no /tmp` };
  if (isDenialCode(code))
    return failed(target, 'expected to run as its user', `run memhound as uid ${target.uid}, gid ${target.gid}`);
  // The JVM makes a socket there, so it could not answer either.
  if (code === 'EROFS')
    return failed(target, '/tmp of its container is read-only, and the JVM answers by a socket there', WRITABLE_TMP);
  return failed(target, message, null);
}

const hasEnded = (roots: Roots, target: ProcessRef): boolean => readStartTicks(roots.proc, target.pid) !== target.startTicks;

const endedReading = ({ pid }: ProcessRef): Reading<never> => ({ state: 'absent', reason: `pid ${pid} has ended` });

/** The reason not to attach; null: none. Checked again right before the signal, because the pid may now belong to another process. */
function attachRefusal(roots: Roots, target: ProcessRef): Reading<never> | null {
  const status = readStatus(roots.proc, target.pid);
  if (status === null || hasEnded(roots, target)) return endedReading(target);
  if (!status.catchesSigquit)
    return failed(
      target,
      'SIGQUIT is not caught (SigCgt), so it would kill the process: no JVM, one that just starts, or one with -Xrs',
      'remove -Xrs, or wait until the JVM is up',
    );
  // OpenJ9 answers SIGQUIT with a dump into its working directory, a native image with one of its threads.
  const machine = processKind(roots.proc, target.pid)?.machine;
  if (machine === 'openj9') return failed(target, 'it is OpenJ9, which does not speak this protocol', null);
  if (machine === 'native-image') return failed(target, 'it is a GraalVM native image, which does not speak this protocol', null);
  return null;
}

/** null: the socket exists. It exists at once if an earlier client has started the listener. */
async function startListener(
  roots: Roots,
  target: ProcessRef,
  tmp: Tmp,
  deadline: number,
): Promise<Reading<never> | 'no answer' | null> {
  if (hasSocket(tmp, target)) return null;
  const calls = await loadSyscalls();
  const trigger = `/proc/self/fd/${tmp.fd}/.attach_pid${target.nspid}`;
  // Exclusive: an existing name may be a link that the container created to another place.
  try {
    closeSync(openSync(trigger, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_NOFOLLOW, 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST')
      throw new Error(`/tmp/.attach_pid${target.nspid} is there already: another tool attaches, or one has died; remove it`);
    throw error;
  }
  try {
    let refusal: Reading<never> | null = null;
    const isRight = (): boolean => {
      refusal = attachRefusal(roots, target);
      return refusal === null;
    };
    const sent = typeof calls === 'string' ? 'unsupported' : calls.signalProcess(target.pid, 'SIGQUIT', isRight);
    if (sent === 'not-sent') return refusal ?? endedReading(target);
    if (sent === 'unsupported') {
      if (!isRight()) return refusal;
      process.kill(target.pid, 'SIGQUIT');
    }
    while (performance.now() < deadline) {
      if (hasSocket(tmp, target)) return null;
      await later(POLL_MS);
    }
    return 'no answer';
  } finally {
    unlinkSync(trigger);
  }
}

function hasSocket(tmp: Tmp, target: ProcessRef): boolean {
  const found = socketFd(tmp, target);
  if (found !== null) closeSync(found);
  return found !== null;
}

/** A descriptor of the JVM's socket itself, so that a link, or a name that is replaced later, has no effect. null: no socket yet. */
function socketFd(tmp: Tmp, target: ProcessRef): number | null {
  const name = `/tmp/.java_pid${target.nspid}`;
  const found = pin(`/proc/self/fd/${tmp.fd}/.java_pid${target.nspid}`, tmp.procFolder);
  if (found.state === 'refused') {
    if (isAbsenceCode(found.code)) return null;
    throw Object.assign(new Error(`${name}: ${found.code}`), { code: found.code });
  }
  if (found.stat.isSocket() && found.stat.uid === target.uid) return found.fd;
  closeSync(found.fd);
  throw new Error(`${name}: expected a socket of uid ${target.uid}, found something else`);
}

/** Whether the JVM supports version 2. A JVM before JDK 24 does not know the command `getversion`. */
async function speaksV2(tmp: Tmp, jvm: Jvm, deadline: number): Promise<boolean> {
  const reply = await sendCommand(tmp, jvm, 1, 'getversion', [], deadline);
  return reply.state === 'answered' && Number.parseInt(reply.text, 10) >= 2;
}

async function sendCommand(
  tmp: Tmp,
  jvm: Jvm,
  version: 1 | 2,
  command: string,
  args: readonly string[],
  deadline: number,
): Promise<DecodedReply> {
  const request = encodeRequest(version, command, args);
  if (request.state === 'refused') throw new Error(request.error);
  const fd = socketFd(tmp, jvm.process);
  if (fd === null) throw new Error('its socket went away');
  const most = mostBytes();
  try {
    const connected = await connectTo(`/proc/self/fd/${fd}`, jvm);
    return decodeReply(await exchange(connected, request.bytes, { withinMs: deadline - performance.now(), most }));
  } finally {
    closeSync(fd);
  }
}

/** How node:net gets at the socket: by its path, or by a descriptor that is connected already. */
type Connection = { readonly path: string } | { readonly fd: number };

/**
 * With koffi memhound connects itself, because node:net does not tell who listens: nothing is sent to any other process than the JVM. The kernel
 * tells pids of memhound's own namespace, which are those of /proc.
 */
async function connectTo(path: string, { roots, process: target }: Jvm): Promise<Connection> {
  const calls = await loadSyscalls();
  if (typeof calls === 'string' || roots.proc !== '/proc') return { path };
  const name = `/tmp/.java_pid${target.nspid}`;
  const made = calls.connectUnix(path);
  if (typeof made === 'number') {
    const code = getSystemErrorName(-made);
    throw Object.assign(new Error(`${name}: ${code}`), { code });
  }
  if (made.peerPid === target.pid) return { fd: made.fd };
  closeSync(made.fd);
  throw new Error(
    `${name}: expected that pid ${target.pid} listens, found ${made.peerPid === null ? 'a process of another pid namespace' : `pid ${made.peerPid}`}`,
  );
}

/** Sends a request and reads until the JVM closes the connection. Time and bytes are bounded. */
function exchange(
  to: Connection,
  request: Buffer,
  { withinMs, most }: { readonly withinMs: number; readonly most: number },
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let reply = Buffer.allocUnsafe(PIECE_BYTES);
    let size = 0;
    // All bytes go into one buffer. Otherwise a reply that arrives byte by byte would need one buffer per byte.
    const socket = 'fd' in to ? new Socket({ fd: to.fd, readable: true, writable: true }) : connect(to.path);
    socket.on('data', (piece) => {
      if (size + piece.length > most) {
        socket.destroy(new Error(`the reply is longer than ${bytesText(most)}, for which memhound has memory`));
        return;
      }
      if (size + piece.length > reply.length) {
        const larger = Buffer.allocUnsafe(2 * reply.length);
        reply.copy(larger, 0, 0, size);
        reply = larger;
      }
      reply.set(piece, size);
      size += piece.length;
    });
    const timer = setTimeout(() => socket.destroy(new Error('no reply in time')), Math.max(1, withinMs));
    socket.on('error', reject);
    socket.write(request);
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(reply.subarray(0, size)); // no effect after an error, which has already rejected
    });
  });
}
