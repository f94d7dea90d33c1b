// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi;

/**
 * Flags of {@link org.vfio4j.uapi.struct.VfioGroupStatus}.
 */
public final class VfioGroupFlags {
    /** Every device of the group is free for, or owned by, the user. */
    public static final int VFIO_GROUP_FLAGS_VIABLE = 1 << 0;

    /** The group has a container, or an iommufd in its place. */
    public static final int VFIO_GROUP_FLAGS_CONTAINER_SET = 1 << 1;

    private VfioGroupFlags() {}
}
