# SPDX-License-Identifier: Apache-2.0
#
# Runs in a new user namespace, as its root, with mounts of its own: mounts a file system that another process serves, puts it
# together and at /sys, and becomes the program, as the user who started it.
#
#   sh mount-sys.sh PLACE FSTAB ASK ANSWER USER GROUP PROGRAM [ARGUMENT]...
#
# PLACE is an empty directory, FSTAB says what is mounted below it, ASK and ANSWER are FIFOs. "serve PID" asks for the server of
# descriptor 9; "mounted" or "failed" tells how it ended. Each waits for a line.

place=$1
fstab=$2
ask=$3
answer=$4
user=$5
group=$6
shift 6

tell() {
    echo "$1" >"$ask"
    read -r go <"$answer"
}

put_together() {
    mount -n -i -t fuse.vfio4j -o nosuid,nodev,noexec,fd=9,rootmode=40755,user_id=0,group_id=0,allow_other vfio4j "$place" &&
        tell "serve $$" &&
        mount -n --all --fstab "$fstab" &&
        mount -n --move "$place" /sys
}

exec 9<>/dev/fuse
if put_together 2>"$place.log"; then
    tell mounted
else
    umount -n --lazy "$place" 2>/dev/null
    tell failed
fi
exec 9>&-
exec unshare --user --map-user="$user" --map-group="$group" -- "$@"
