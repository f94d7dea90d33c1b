// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.mount;

import java.nio.file.Path;
import java.util.List;
import org.vfio4j.ffm.LinuxMounts;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * The steps by which a thread gets a {@code /sys} of its own. All are made by that thread, which sees the result and hands it on to
 * the programs it starts.
 */
final class SysNamespace {
    private static final long FLAGS = LinuxMounts.MS_NOSUID | LinuxMounts.MS_NODEV | LinuxMounts.MS_NOEXEC;
    private static final String ROOT_MODE = "40755";

    private final Path place;

    /** With a private directory to put it together in, which is empty again afterwards. */
    SysNamespace(Path place) {
        this.place = place;
    }

    private static void require(int result, String what) {
        if (result != 0) {
            throw new VfioException(Errno.of(-result), what + " answered " + Errno.of(-result));
        }
    }

    /** Leaves the mounts of the others: what is mounted from here on is not seen there. */
    void separate() {
        require(LinuxMounts.unshare(LinuxMounts.CLONE_NEWNS), "unshare(2) of the mounts");
        require(
                LinuxMounts.mount("none", "/", "", LinuxMounts.MS_REC | LinuxMounts.MS_SLAVE, ""),
                "mount(2) of / as slave");
    }

    /** Mounts the file system; nothing may be looked at before it is served. */
    void mount(int fuse) {
        String data = "fd=" + fuse + ",rootmode=" + ROOT_MODE + ",user_id=0,group_id=0,allow_other";
        require(LinuxMounts.mount("vfio4j", place.toString(), "fuse.vfio4j", FLAGS, data), "mount(2) of FUSE");
    }

    /** Mounts the real things and puts all of it at {@code /sys}; undone when a step fails. */
    void complete(List<String> real) {
        try {
            for (String path : real) {
                String target = place + path.substring(MergedSys.SYS.length());
                int result = LinuxMounts.mount(path, target, "", LinuxMounts.MS_BIND | LinuxMounts.MS_REC, "");
                if (result != -Errno.ENOENT.number()) { // gone since it was listed
                    require(result, "mount(2) of " + path);
                }
            }
            require(LinuxMounts.mount(place.toString(), MergedSys.SYS, "", LinuxMounts.MS_MOVE, ""), "moving to /sys");
        } catch (VfioException e) {
            undo();
            throw e;
        }
    }

    /** Takes away what {@link #mount} mounted. */
    void undo() {
        LinuxMounts.unmount(place.toString(), LinuxMounts.MNT_DETACH);
    }
}
