// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.mount;

import java.nio.file.Path;
import java.util.List;
import org.vfio4j.ffm.LinuxMounts;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * The steps by which a thread gets a {@code /sys} and a {@code /dev} of its own. All are made by that thread, which sees the result
 * and hands it on to the programs it starts.
 */
final class TreeNamespace {
    /** Of the machine's part. What is real keeps the flags it has, so its nodes can be opened. */
    private static final long FLAGS = LinuxMounts.MS_NOSUID | LinuxMounts.MS_NODEV | LinuxMounts.MS_NOEXEC;

    private static final long BIND = LinuxMounts.MS_BIND | LinuxMounts.MS_REC;
    private static final String ROOT_MODE = "40755";

    private final Path place;

    /** With an empty directory, outside of what is shown, to put it together in; it is empty again afterwards. */
    TreeNamespace(Path place) {
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

    /** Mounts the real things and shows all of it where programs look for it; undone when a step fails. */
    void complete(List<MergedTree.Place> places) {
        int shown = 0;
        try {
            for (var real : places) {
                int result = LinuxMounts.mount(real.source(), place + real.target(), "", BIND, "");
                if (result != -Errno.ENOENT.number()) { // gone since it was listed
                    require(result, "mount(2) of " + real.source());
                }
            }
            for (String path : MergedTree.SHOWN) {
                require(LinuxMounts.mount(place + path, path, "", BIND, ""), "mount(2) at " + path);
                shown++;
            }
        } catch (VfioException e) {
            MergedTree.SHOWN.subList(0, shown).forEach(path -> LinuxMounts.unmount(path, LinuxMounts.MNT_DETACH));
            throw e;
        } finally {
            LinuxMounts.unmount(place.toString(), LinuxMounts.MNT_DETACH);
        }
    }
}
