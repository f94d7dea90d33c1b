// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.fuse;

import java.util.concurrent.TimeUnit;
import org.vfio4j.runner.path.FileStatus;
import org.vfio4j.runner.path.NodeChange;

/** The structs that tell and change what {@code stat} shows ({@code struct fuse_attr}, {@code struct fuse_setattr_in}). */
final class FuseAttributes {
    private static final int PAGE = 4096;

    private static final int FATTR_MODE = 1;
    private static final int FATTR_UID = 1 << 1;
    private static final int FATTR_GID = 1 << 2;
    private static final int FATTR_ATIME = 1 << 4;
    private static final int FATTR_MTIME = 1 << 5;
    private static final int FATTR_ATIME_NOW = 1 << 7;
    private static final int FATTR_MTIME_NOW = 1 << 8;

    private FuseAttributes() {}

    /** Puts a status into an answer. */
    static void put(FuseRequest request, int at, FileStatus status, FuseIds ids) {
        request.put(at, status.inode());
        request.put(at + 8, status.size());
        request.put(at + 24, FileStatus.seconds(status.accessed()));
        request.put(at + 32, FileStatus.seconds(status.modified()));
        request.put(at + 40, FileStatus.seconds(status.changed()));
        request.put(at + 48, FileStatus.nanoseconds(status.accessed()));
        request.put(at + 52, FileStatus.nanoseconds(status.modified()));
        request.put(at + 56, FileStatus.nanoseconds(status.changed()));
        request.put(at + 60, status.mode());
        request.put(at + 64, 1); // links
        request.put(at + 68, ids.uidThere(status.uid()));
        request.put(at + 72, ids.gidThere(status.gid()));
        request.put(at + 76, status.device());
        request.put(at + 80, PAGE);
    }

    /**
     * What a request changes. A size is accepted and means nothing, as in sysfs.
     *
     * @param now nanoseconds since 1970
     */
    static NodeChange change(FuseRequest request, FuseIds ids, long now) {
        int valid = request.intAt(0);
        return new NodeChange(
                (valid & FATTR_MODE) == 0
                        ? NodeChange.SAME
                        : NodeChange.ofMode(request.intAt(68)).mode(),
                (valid & FATTR_UID) == 0 ? NodeChange.SAME : ids.uidHere(request.intAt(76)),
                (valid & FATTR_GID) == 0 ? NodeChange.SAME : ids.gidHere(request.intAt(80)),
                time(valid, FATTR_ATIME, FATTR_ATIME_NOW, now, request.longAt(32), request.intAt(56)),
                time(valid, FATTR_MTIME, FATTR_MTIME_NOW, now, request.longAt(40), request.intAt(60)));
    }

    private static long time(int valid, int given, int current, long now, long seconds, int nanoseconds) {
        if ((valid & current) != 0) {
            return now;
        }
        return (valid & given) == 0 ? NodeChange.SAME_TIME : TimeUnit.SECONDS.toNanos(seconds) + nanoseconds;
    }
}
