#!/bin/bash
# Runs a command inside User-Mode Linux: a real Linux 6.1 with a cgroup v2 memory controller, on any host.
#
#   test/uml/run.sh [-t SEC] [-c v1|v2] [-o DIR] [-d FILE] [-x TEXT] [-k] [--] CMD [ARG...]
#
#   -t SEC  limit for CMD (default 120): it is ended inside, its output so far is handed back
#   -c VER  cgroup version (default v2; v1: the memory controller alone, on /sys/fs/cgroup/memory)
#   -o DIR  a host folder, mounted read-write inside at the same path
#   -d FILE the disk of /tmp; created if it is missing, and kept (default: a new one, removed)
#   -x TEXT power loss: the guest is killed once CMD has written a line with TEXT to the console; what the console has is returned, exit 0
#   -k      keep the work folder and print its path
#
# The host's root is there read-only (hostfs), so CMD may name any host program or file outside /tmp /run /mnt /proc /sys /dev/shm;
# those are found below /mnt/host. /tmp is ext4 on a separate disk. Standard output, standard error and the exit status of CMD are
# handed back when it has ended: hostfs writes late, so nothing is streamed. Exit 124: time limit; 125: the guest did not come up.
# Inside, system calls and forks cost 10 to 50 times the host's; there is one CPU.
# Processors with AMX need a C compiler for xstate.c beside this file (cc, gcc, clang or tcc).
#
# CMD finds: file descriptor 3, the console, which reaches the host at once; POD_CG CG_APP CG_SIDECAR (cgroup folders), CG_VERSION, UML_OUT (the -o folder), and on PATH
#   incontainer app|sidecar CMD...   runs CMD in that container's cgroup with a separate cgroup namespace, as Kubernetes does
# Limits of the containers: environment APP_MAX (768M), SIDECAR_MAX (128M), POD_MAX (max).
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
limit=120 out='' version=v2 keep=0 disk='' until=''
while getopts 't:c:o:d:x:kh' option; do
  case $option in
    t) limit=$OPTARG ;; c) version=$OPTARG ;; o) out=$OPTARG ;; d) disk=$OPTARG ;; x) until=$OPTARG ;; k) keep=1 ;;
    h) sed -n '2,/^set -u/p' "$0" | sed '$d'; exit 0 ;;
    *) exit 125 ;;
  esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || { echo "usage: run.sh [options] CMD [ARG...] (-h for help)" >&2; exit 125; }
PATH=$PATH:/usr/sbin:/sbin
uml=$(command -v linux.uml) || { echo "run.sh: no linux.uml (Debian package user-mode-linux)" >&2; exit 125; }

work=$(mktemp -d "${TMPDIR:-/tmp}/memhound-uml.XXXXXX") || exit 125
guest=
stop() { # UML ends its stub processes itself on TERM; KILL to the whole group is the second try
  kill -TERM "$guest" 2>/dev/null
  for _ in 1 2 3 4 5 6 7 8 9 10; do kill -0 "$guest" 2>/dev/null || break; sleep 0.1; done
  kill -KILL -- "-$guest" 2>/dev/null
  guest=
}
finish() {
  [ -n "$guest" ] && stop
  if [ "$keep" = 1 ]; then echo "run.sh: kept $work" >&2; else rm -rf "$work"; fi
}
trap finish EXIT
trap 'exit 130' INT TERM HUP

mkdir "$work/ret" "$work/sockets"
if [ -n "$out" ]; then mkdir -p "$out" && out=$(cd "$out" && pwd) || exit 125; else mkdir "$work/out"; out=$work/out; fi
app_max=${APP_MAX:-768M} sidecar_max=${SIDECAR_MAX:-128M} pod_max=${POD_MAX:-max}
case $here$work$out$disk$app_max$sidecar_max$pod_max in
  *[[:space:]]*) echo "run.sh: values with white space do not fit on a kernel command line" >&2; exit 125 ;;
esac
disk=${disk:-$work/disk.img}
if [ ! -e "$disk" ]; then
  truncate -s 2G "$disk"
  mkfs.ext4 -q -F -m 0 -E lazy_itable_init=1,lazy_journal_init=1 "$disk" || exit 125
fi
# Output of xstate.c. It is preloaded if it can be compiled, so that every processor runs the same.
preload=
for compiler in cc gcc clang tcc; do
  command -v "$compiler" >/dev/null || continue
  "$compiler" -shared -fPIC -O1 -nostdlib -o "$work/xstate.so" "$here/xstate.c" 2>"$work/xstate.log" && preload=$work/xstate.so && break
done
{
  printf 'cd %q 2>/dev/null || cd %q 2>/dev/null || cd /\n' "$PWD" "/mnt/host$PWD"
  printf 'exec'; printf ' %q' "$@"; echo
} > "$work/cmd"

# Words that the kernel does not know become the environment of init. setsid: the guest and its stub processes form one group.
LD_PRELOAD="$preload" setsid "$uml" mem=1G umid="memhound-$$" uml_dir="$work/sockets" \
  root=/dev/root rootfstype=hostfs rootflags=/ ro init="$here/init.sh" \
  UML_WORK="$work" UML_OUT="$out" UML_CGROUP="$version" UML_SECONDS="$limit" APP_MAX="$app_max" SIDECAR_MAX="$sidecar_max" POD_MAX="$pod_max" \
  ubd0="$disk" con=null ssl=null con0=fd:0,fd:1 quiet loglevel=3 panic=1 \
  </dev/null >"$work/console" 2>&1 &
guest=$!
disown # no job messages
end=$(($(date +%s) + limit + 60)) # a guest that hangs is ended from outside
hung=0
while kill -0 "$guest" 2>/dev/null; do
  if [ "$(date +%s)" -ge "$end" ]; then hung=1; stop; break; fi
  if [ -n "$until" ] && grep -qF -- "$until" "$work/console"; then
    kill -KILL -- "-$guest" # all of it in one moment: what the guest has not given to its disk is lost
    tail --pid="$guest" -f /dev/null
    guest=
    cat "$work/console"
    exit 0
  fi
  sleep 0.1
done
[ -n "$guest" ] && kill -KILL -- "-$guest" 2>/dev/null # nothing should be left; after a panic it might
guest=

[ -f "$work/ret/stdout" ] && cat "$work/ret/stdout"
[ -f "$work/ret/stderr" ] && cat "$work/ret/stderr" >&2
[ "$hung" = 1 ] && { echo "run.sh: the guest hung and was ended" >&2; exit 124; }
[ -s "$work/ret/status" ] && exit "$(cat "$work/ret/status")"
reason=$(grep -m 1 -aoE 'Kernel panic.*|FATAL.*|.*(not permitted|No such file|cannot|failed).*' "$work/console" | head -n 1)
if grep -qa put_fp_registers "$work/console"; then
  reason="its XSAVE area is larger than the guest kernel knows, and no C compiler could build test/uml/xstate.c (Debian package tcc)"
  [ -s "$work/xstate.log" ] && reason="$reason: $(head -n 1 "$work/xstate.log")"
fi
echo "run.sh: the guest kernel does not run on this processor: ${reason:-it ended without a result}; the end of its console:" >&2
tail -n 40 "$work/console" >&2
exit 125
