import { closeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { endianness, constants as os } from 'node:os';
import { KIB } from '../../units.ts';

/** System calls that Node does not provide. */
export interface Syscalls {
  /** Cached and dirty bytes, or the errno (a positive number). cachestat(2), Linux 6.5. */
  cachestat(fd: number): { readonly cachedBytes: number; readonly dirtyBytes: number } | number;
  /** Resident bytes of the first `sizeBytes`, or the errno. mincore(2) on a mapping that is never touched. */
  mincore(fd: number, sizeBytes: number): { readonly cachedBytes: number } | number;
  /** Drops the cached clean pages of one of memhound's own files. posix_fadvise(3), POSIX_FADV_DONTNEED. */
  fadviseDontNeed(fd: number): void;
  /** Returns free memory of malloc to the kernel. malloc_trim(3); does nothing if the C library has no such function. */
  mallocTrim(): void;
  /** Removes pages from this process's memory. Unchanged pages of a file are mapped again from the page cache when used. madvise(2). */
  madviseDontNeed(at: number, sizeBytes: number): void;
  /** Gives the whole pages of this memory back to the kernel. They are zero when they are used again. madvise(2). */
  emptyPages(memory: Uint8Array): void;
  readonly pageBytes: number;
  /** Turns off the search for cycles in the order of locks, if this Node's copy of Abseil has it (absl::SetMutexDeadlockDetectionMode). Whether it has. */
  ignoreLockOrder(): boolean;
  /** A descriptor of empty memory without a name; null: the C library or the kernel has none. memfd_create(2), Linux 3.17. */
  memfd(): number | null;
  /**
   * Sends a signal to the process that has this pid now, if `isRight` says so of it. If it ends in between, another process that gets its pid
   * is not signalled. `unsupported`: Linux before 5.3, or a seccomp profile that does not know the calls. pidfd_open(2), pidfd_send_signal(2).
   */
  signalProcess(pid: number, signal: 'SIGQUIT', isRight: () => boolean): 'sent' | 'not-sent' | 'unsupported';
  /**
   * A connection to a Unix socket, which does not wait, and the pid of the process that listens there; null: this pid namespace has none for it. Or
   * the errno. unix(7), SO_PEERCRED.
   */
  connectUnix(path: string): { readonly fd: number; readonly peerPid: number | null } | number;
}

/** Unified number on all architectures; linux/include/uapi/asm-generic/unistd.h. */
const SYS_CACHESTAT = 451;
const MFD_CLOEXEC = 1;
const SYS_PIDFD_SEND_SIGNAL = 424;
const SYS_PIDFD_OPEN = 434;
// linux/include/uapi/asm-generic/socket.h, fcntl.h: others only on Alpha, MIPS, PA-RISC, PowerPC and SPARC
const [SOL_SOCKET, SO_PEERCRED, AF_UNIX, SOCK_STREAM, SOCK_NONBLOCK, SOCK_CLOEXEC] = [1, 17, 1, 1, 0o4000, 0o2000000];
const LONGEST_SOCKET_PATH = 107;
const SC_PAGESIZE = 30; // the same in glibc and musl
const [PROT_NONE, MAP_SHARED] = [0, 1];
const MADV_DONTNEED = 4;
const POSIX_FADV_DONTNEED = 4; // linux/include/uapi/linux/fadvise.h: 6 only on s390, which memhound's image does not support
// abseil-cpp/absl/synchronization/mutex.h: absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle), as a compiler names it in a binary.
const SET_DEADLOCK_DETECTION = '_ZN4absl29SetMutexDeadlockDetectionModeENS_15OnDeadlockCycleE';
const ON_DEADLOCK_CYCLE_IGNORE = 0;
/** mincore writes one byte per page: 128 MiB of 4-KiB pages per call. */
const VECTOR = 32 * KIB;

/** The calls through koffi, or the reason why they are missing; `fincore` replaces them. Loaded on first use: it costs 1 MB of anon. */
export function loadSyscalls(): Promise<Syscalls | string> {
  loaded ??= load();
  return loaded;
}

let loaded: Promise<Syscalls | string> | null = null;

async function load(): Promise<Syscalls | string> {
  if (process.platform !== 'linux') return `this is ${process.platform}, and the calls are Linux's`;
  try {
    return bind(loadKoffi());
  } catch (error) {
    return `the library koffi could not be loaded: ${(error as Error).message}`;
  }
}

/**
 * The binary of this machine, without the package around it, which reads every export of `node:util` and so loads worker_threads and more: 0.25
 * MiB. An import would read those of `node:fs` as well.
 */
function loadKoffi(): typeof import('koffi').default {
  const require = createRequire(import.meta.url);
  try {
    return require(`@koromix/koffi-linux-${process.arch}`);
  } catch {
    return require('koffi'); // it finds a binary that was built here, or says what is missing
  }
}

function optional<T>(find: () => T): T | null {
  try {
    return find();
  } catch {
    return null; // musl has no such function
  }
}

function bind(koffi: typeof import('koffi').default): Syscalls {
  const libc = koffi.load(null);
  const syscall = libc.func('long syscall(long number, int fd, void *range, void *out, uint flags)');
  const mmap = libc.func('intptr_t mmap(intptr_t at, size_t length, int prot, int flags, int fd, int64_t offset)');
  const munmap = libc.func('int munmap(intptr_t at, size_t length)');
  const mincore = libc.func('int mincore(intptr_t at, size_t length, void *vector)');
  const fadvise = libc.func('int posix_fadvise(int fd, int64_t offset, int64_t length, int advice)');
  const page = Number(libc.func('long sysconf(int name)')(SC_PAGESIZE));
  const range = new BigUint64Array(2); // offset 0, length 0: the whole file
  const out = new BigUint64Array(5); // cache, dirty, writeback, evicted, recently evicted
  const vector = new Uint8Array(VECTOR);

  const countAt = (fd: number, offset: number, length: number): number | string => {
    const at = mmap(0, length, PROT_NONE, MAP_SHARED, fd, offset);
    if (Number(at) === -1) return String(koffi.errno());
    const failed = mincore(at, length, vector) !== 0 ? koffi.errno() : 0;
    munmap(at, length);
    if (failed !== 0) return String(failed);
    let pages = 0;
    for (let i = 0; i < Math.ceil(length / page); i++) pages += vector[i]! & 1;
    return pages * page;
  };

  const madvise = libc.func('int madvise(intptr_t at, size_t length, int advice)');
  const memfdCreate = optional(() => libc.func('int memfd_create(str name, uint flags)'));
  const trim = optional(() => libc.func('int malloc_trim(size_t pad)'));

  const setDeadlockDetection = optional(() => libc.func(`void ${SET_DEADLOCK_DETECTION}(int mode)`));

  const syscallOfSignal = libc.func('long syscall(long number, int fd, int signal, void *info, uint flags)');
  const getsockopt = libc.func('int getsockopt(int fd, int level, int name, void *value, void *length)');
  const socket = libc.func('int socket(int domain, int type, int protocol)');
  const connect = libc.func('int connect(int fd, void *address, uint length)');
  const credentials = new Int32Array(3); // pid, uid, gid

  return {
    pageBytes: page,
    ignoreLockOrder() {
      setDeadlockDetection?.(ON_DEADLOCK_CYCLE_IGNORE);
      return setDeadlockDetection !== null;
    },
    memfd() {
      const fd = memfdCreate?.('memhound', MFD_CLOEXEC) ?? -1;
      return fd < 0 ? null : fd;
    },
    signalProcess(pid, signal, isRight) {
      const fd = syscallOfSignal(SYS_PIDFD_OPEN, pid, 0, null, 0);
      if (fd < 0) return koffi.errno() === os.errno.ESRCH ? 'not-sent' : 'unsupported';
      try {
        if (!isRight()) return 'not-sent';
        if (syscallOfSignal(SYS_PIDFD_SEND_SIGNAL, fd, os.signals[signal], null, 0) === 0) return 'sent';
        return koffi.errno() === os.errno.ESRCH ? 'not-sent' : 'unsupported';
      } finally {
        closeSync(fd);
      }
    },
    connectUnix(path) {
      const name = Buffer.from(path);
      if (name.length > LONGEST_SOCKET_PATH) return os.errno.ENAMETOOLONG;
      const address = Buffer.alloc(2 + name.length + 1);
      if (endianness() === 'LE') address.writeUInt16LE(AF_UNIX);
      else address.writeUInt16BE(AF_UNIX);
      name.copy(address, 2);
      const fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
      if (fd < 0) return koffi.errno();
      if (connect(fd, address, address.length) !== 0) {
        const code = koffi.errno();
        closeSync(fd);
        return code;
      }
      const length = new Uint32Array([credentials.byteLength]);
      const told = getsockopt(fd, SOL_SOCKET, SO_PEERCRED, credentials, length) === 0;
      return { fd, peerPid: told && credentials[0]! > 0 ? credentials[0]! : null };
    },
    mallocTrim: () => void trim?.(0),
    madviseDontNeed: (at, sizeBytes) => void madvise(at, sizeBytes, MADV_DONTNEED),
    emptyPages: (memory) => {
      const at = Number(koffi.address(memory));
      const start = Math.ceil(at / page) * page;
      const end = Math.floor((at + memory.length) / page) * page;
      if (end > start) madvise(start, end - start, MADV_DONTNEED);
    },
    fadviseDontNeed: (fd) => void fadvise(fd, 0, 0, POSIX_FADV_DONTNEED),
    cachestat: (fd) => {
      if (syscall(SYS_CACHESTAT, fd, range, out, 0) !== 0) return koffi.errno();
      return { cachedBytes: Number(out[0]!) * page, dirtyBytes: Number(out[1]!) * page };
    },
    mincore: (fd, sizeBytes) => {
      let cachedBytes = 0;
      for (let offset = 0; offset < sizeBytes; offset += VECTOR * page) {
        const count = countAt(fd, offset, Math.min(VECTOR * page, sizeBytes - offset));
        if (typeof count === 'string') return Number(count);
        cachedBytes += count;
      }
      return { cachedBytes };
    },
  };
}
