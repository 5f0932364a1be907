#!/bin/sh
# Process 1 of the guest that run.sh boots; UML_* and the limits come from the kernel's command line.
# Starting a process costs some 0.1 s in here, so it starts few.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t tmpfs tmpfs /mnt
mkdir /mnt/work /mnt/disk /mnt/out /mnt/host /dev/shm /dev/pts 2>/dev/null
mount --bind / /mnt/host
mount -t hostfs -o "$UML_WORK" none /mnt/work
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /dev/shm 2>/dev/null
mount -t devpts devpts /dev/pts 2>/dev/null
mount -t ext4 /dev/ubda /mnt/disk
# The -o folder may lie under a path that is covered below: keep a handle on it first.
mount -t hostfs -o "$UML_OUT" none /mnt/out
mkdir -p /mnt/disk/tmp
mount --bind /mnt/disk/tmp /tmp
chmod 1777 /tmp
[ -d "$UML_OUT" ] || mkdir -p "$UML_OUT"
mount --bind /mnt/out "$UML_OUT"
ip link set lo up

app=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
sidecar=5555555555555555555555555555555555555555555555555555555555555555
export CG_VERSION=$UML_CGROUP
if [ "$CG_VERSION" = v1 ]; then # as the kubelet with the cgroupfs driver lays it out
  mount -t tmpfs tmpfs /sys/fs/cgroup
  mkdir /sys/fs/cgroup/memory
  mount -t cgroup -o memory memory /sys/fs/cgroup/memory
  export POD_CG=/sys/fs/cgroup/memory/kubepods/burstable/pod0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0
  export CG_APP=$POD_CG/$app CG_SIDECAR=$POD_CG/$sidecar
  mkdir -p "$CG_APP" "$CG_SIDECAR"
  limit() { [ "$2" = max ] || echo "$2" > "$1/memory.limit_in_bytes"; }
else # as the kubelet with the systemd driver does it
  mount -t cgroup2 none /sys/fs/cgroup
  pod=kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod0f1e2d3c_4b5a_6978_8796_a5b4c3d2e1f0.slice
  export POD_CG=/sys/fs/cgroup/$pod
  export CG_APP=$POD_CG/cri-containerd-$app.scope CG_SIDECAR=$POD_CG/cri-containerd-$sidecar.scope
  dir=/sys/fs/cgroup on=
  read -r have < $dir/cgroup.controllers
  for controller in $have; do case $controller in memory | pids | cpu | io) on="$on +$controller" ;; esac; done
  echo "$on" > $dir/cgroup.subtree_control
  mkdir -p "$CG_APP" "$CG_SIDECAR"
  IFS=/
  for part in $pod; do dir=$dir/$part; echo "${on# }" > "$dir/cgroup.subtree_control"; done
  unset IFS
  limit() { echo "$2" > "$1/memory.max"; }
fi
limit "$CG_APP" "$APP_MAX"
limit "$CG_SIDECAR" "$SIDECAR_MAX"
limit "$POD_CG" "$POD_MAX"

mkdir /run/bin
# v1 has no cgroup namespace that a mount honours: there a bind mount shows the container its own group, as in Kubernetes.
cat > /run/bin/incontainer <<'END'
#!/bin/bash
case $1 in app) group=$CG_APP ;; sidecar) group=$CG_SIDECAR ;; *) echo "incontainer: app or sidecar, not $1" >&2; exit 2 ;; esac
shift
echo $$ > "$group/cgroup.procs" || exit 1
[ "$CG_VERSION" = v1 ] && exec unshare --mount --propagation private -- /bin/sh -c \
  'group=$1; shift; mkdir /run/cg.$$ && mount --bind "$group" /run/cg.$$ && umount /sys/fs/cgroup/memory && mount --bind -o ro /run/cg.$$ /sys/fs/cgroup/memory && exec "$@"' sh "$group" "$@"
exec unshare --cgroup --mount --propagation private -- /bin/sh -c \
  'umount /sys/fs/cgroup && mount -t cgroup2 -o ro none /sys/fs/cgroup && exec "$@"' sh "$@"
END
chmod +x /run/bin/incontainer
export PATH=$PATH:/run/bin

setsid timeout -k 5 "$UML_SECONDS" bash /mnt/work/cmd 3>&1 > /mnt/work/ret/stdout 2> /mnt/work/ret/stderr < /dev/null
echo $? > /mnt/work/ret/status
sync
echo o > /proc/sysrq-trigger
sleep 60
