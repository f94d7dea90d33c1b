# SPDX-License-Identifier: Apache-2.0
#
# Runs in a new user namespace, as its root, with mounts of its own: mounts a file system that another process serves, puts it
# together and shows it. The namespaces are then used by others.
#
#   sh mount-tree.sh PLACE FSTAB LOG ASK ANSWER SHOWN...
#
# PLACE is an empty directory, FSTAB says what is mounted below it, LOG gets what the tools say, ASK and ANSWER are FIFOs, SHOWN
# are the directories to cover with what is at the same path below PLACE. "serve" asks for the server of descriptor 9; "mounted"
# or "failed" tells how it ended. Each waits for a line.

place=$1
fstab=$2
log=$3
ask=$4
answer=$5
shift 5

tell() {
    echo "$1" >"$ask"
    read -r go <"$answer"
}

put_together() {
    mount -n -i -t fuse.vfio4j -o nosuid,nodev,noexec,fd=9,rootmode=40755,user_id=0,group_id=0,allow_other vfio4j "$place" &&
        tell serve &&
        mount -n --all --fstab "$fstab" || return
    for path; do
        mount -n --rbind "$place$path" "$path" || return
    done
    umount -n --lazy "$place"
}

exec 9<>/dev/fuse
if put_together "$@" 2>"$log"; then
    tell mounted
else
    tell failed
fi
