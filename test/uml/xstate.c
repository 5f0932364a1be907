/*
 * A ptrace() for LD_PRELOAD that lets User-Mode Linux 6.1 run on processors whose XSAVE area is larger than 2,696 bytes (those with AMX:
 * 11,008 bytes).
 *
 * User-Mode Linux sets the floating point state of a guest process with PTRACE_SETREGSET and a buffer of 2,696 bytes. The host kernel
 * takes the whole area or nothing (xstateregs_set() in arch/x86/kernel/fpu/regset.c): it answers EFAULT, and the guest panics at its
 * first process. This ptrace() completes a short buffer: it reads the whole area, copies the given bytes over it and sets the whole.
 * A buffer of the right size passes through unchanged. Linux 6.13 and newer ask the host for the size and do not need this file.
 *
 * No header is included, so that a compiler without the C library's development files (tcc) is enough. x86-64 only.
 */
typedef unsigned int u32;
typedef unsigned long u64;
struct iovec {
  void *base;
  u64 length;
};

extern long syscall(long number, ...);

enum { SYS_PTRACE = 101, PTRACE_PEEKTEXT = 1, PTRACE_PEEKUSER = 3 };
enum { PTRACE_GETREGSET = 0x4204, PTRACE_SETREGSET = 0x4205, NT_X86_XSTATE = 0x202 };
enum { XSTATE_BV = 512 / 8, XSAVE_HEADER_END = 576 };

/* One area is enough: the guest kernel calls ptrace from one thread. */
static u64 area[65536 / 8];

/* The state components that lie within the first `length` bytes, as bits of XSTATE_BV (Intel SDM volume 1, 13.4; CPUID leaf 0xd). */
static u64 components_within(u64 length) {
  u64 within = 3; /* x87 and SSE: the legacy area */
  u32 i;
  for (i = 2; i < 63; i++) {
    u32 size = 0xd, offset, unused = i, d;
    __asm__ volatile("cpuid" : "+a"(size), "=b"(offset), "+c"(unused), "=d"(d));
    if (size != 0 && offset != 0 && (u64)offset + size <= length) within |= 1ul << i;
  }
  return within;
}

static long complete_and_set(long pid, const struct iovec *given) {
  static u64 known_length, known;
  struct iovec whole = {area, sizeof area};
  const char *from = given->base;
  u64 i, rest;
  long result = syscall(SYS_PTRACE, PTRACE_GETREGSET, pid, NT_X86_XSTATE, &whole);
  if (result < 0) return result;
  if (given->length >= whole.length || given->length < XSAVE_HEADER_END) /* long enough, or no XSAVE area at all */
    return syscall(SYS_PTRACE, PTRACE_SETREGSET, pid, NT_X86_XSTATE, given);
  if (known_length != given->length) {
    known = components_within(given->length);
    known_length = given->length;
  }
  rest = area[XSTATE_BV] & ~known; /* what the guest kernel does not know stays as the process has it */
  for (i = 0; i < given->length; i++) ((char *)area)[i] = from[i];
  area[XSTATE_BV] = (area[XSTATE_BV] & known) | rest;
  return syscall(SYS_PTRACE, PTRACE_SETREGSET, pid, NT_X86_XSTATE, &whole);
}

long ptrace(int request, long pid, void *address, void *data) {
  long word;
  if (request == PTRACE_SETREGSET && (long)address == NT_X86_XSTATE) return complete_and_set(pid, data);
  if (request < PTRACE_PEEKTEXT || request > PTRACE_PEEKUSER) return syscall(SYS_PTRACE, request, pid, address, data);
  /* The system call stores what it peeked; the C library's function returns it (ptrace(2), "C library/kernel differences"). */
  return syscall(SYS_PTRACE, request, pid, address, &word) < 0 ? -1 : word;
}
