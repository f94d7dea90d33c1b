// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.path;

import java.util.ArrayList;
import java.util.List;

/**
 * What a call changes of a node (kernel: {@code struct iattr}). What it leaves alone is {@link #SAME} or {@link #SAME_TIME}.
 *
 * @param mode permission bits
 * @param uid owner
 * @param gid group
 * @param accessed time in nanoseconds since 1970
 * @param modified time in nanoseconds since 1970
 */
public record NodeChange(int mode, int uid, int gid, long accessed, long modified) {
    /** Not changed; what {@code chown(2)} calls -1. */
    public static final int SAME = -1;

    /** Not changed. */
    public static final long SAME_TIME = Long.MIN_VALUE;

    /** Nothing is changed. */
    public static final NodeChange NONE = ofOwner(SAME, SAME);

    /** Of the mode; bits that are no permissions are ignored. */
    public static NodeChange ofMode(int mode) {
        return new NodeChange(mode & 07777, SAME, SAME, SAME_TIME, SAME_TIME);
    }

    /** Of owner and group, each {@link #SAME} or a number. */
    public static NodeChange ofOwner(int uid, int gid) {
        return new NodeChange(SAME, uid, gid, SAME_TIME, SAME_TIME);
    }

    /** Of times, each {@link #SAME_TIME} or nanoseconds since 1970. */
    public static NodeChange ofTimes(long accessed, long modified) {
        return new NodeChange(SAME, SAME, SAME, accessed, modified);
    }

    /** Whether it changes nothing. */
    public boolean isNothing() {
        return equals(NONE);
    }

    /** This one, and what it leaves alone from an earlier one. */
    NodeChange after(NodeChange earlier) {
        return new NodeChange(
                mode == SAME ? earlier.mode : mode,
                uid == SAME ? earlier.uid : uid,
                gid == SAME ? earlier.gid : gid,
                accessed == SAME_TIME ? earlier.accessed : accessed,
                modified == SAME_TIME ? earlier.modified : modified);
    }

    /** As a trace tells it. */
    public String text(String path) {
        List<String> parts = new ArrayList<>();
        if (mode != SAME) {
            parts.add("chmod(\"" + path + "\", 0" + Integer.toOctalString(mode) + ")");
        }
        if (uid != SAME || gid != SAME) {
            parts.add("chown(\"" + path + "\", " + uid + ", " + gid + ")");
        }
        if (accessed != SAME_TIME || modified != SAME_TIME) {
            parts.add("utimensat(\"" + path + "\")");
        }
        return String.join(" and ", parts);
    }
}
