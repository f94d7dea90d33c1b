// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.fuse;

import org.vfio4j.runner.process.Credentials;

/**
 * How users and groups are numbered in the kernel's requests: as in the user namespace of the mount. There are two ways: the same
 * numbers as here, or a namespace in which one user and one group of here are number 0 and there is nobody else.
 */
public final class FuseIds {
    private static final FuseIds SAME = new FuseIds(true, 0, 0);

    private final boolean same;
    private final int uid;
    private final int gid;

    private FuseIds(boolean same, int uid, int gid) {
        this.same = same;
        this.uid = uid;
        this.gid = gid;
    }

    /** The same numbers as here. */
    public static FuseIds same() {
        return SAME;
    }

    /** Of a namespace whose only user and group are 0. */
    public static FuseIds ofRoot(int uid, int gid) {
        return new FuseIds(false, uid, gid);
    }

    /** Who asks, in numbers of here. */
    Credentials asker(FuseRequest request) {
        return new Credentials(uidHere(request.uid()), gidHere(request.gid()));
    }

    int uidHere(int there) {
        return same ? there : uid;
    }

    int gidHere(int there) {
        return same ? there : gid;
    }

    /** As the kernel is told; a user who does not exist there is nobody's number. */
    int uidThere(int here) {
        return same ? here : here - uid;
    }

    int gidThere(int here) {
        return same ? here : here - gid;
    }
}
