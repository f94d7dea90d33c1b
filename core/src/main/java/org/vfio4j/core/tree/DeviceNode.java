// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.tree;

import java.util.function.Function;
import org.vfio4j.core.codec.RefusalLog;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.call.UapiFile;
import org.vfio4j.spi.call.VirtualTree;
import org.vfio4j.uapi.VfioException;

/**
 * A character device node.
 *
 * @param mode permission bits
 * @param major major number
 * @param minor minor number
 * @param opener what opening it does
 */
record DeviceNode(int mode, int major, int minor, Function<Caller, UapiFile> opener) implements VirtualTree.Device {
    /** Kernel: {@code MISC_MAJOR}. */
    static final int MISC_MAJOR = 10;

    /** Kernel: {@code VFIO_MINOR}. */
    static final int CONTAINER_MINOR = 196;

    /** The first of the minors that the kernel gives out on demand, which starts above {@code MISC_DYNAMIC_MINOR}. */
    static final int IOMMU_MINOR = 256;

    /** First minor of the nodes that buses of the host offer. */
    static final int BUS_MINOR = IOMMU_MINOR + 1;

    /** Of group nodes. The kernel takes the highest free one of its dynamic majors; here it is always this one. */
    static final int GROUP_MAJOR = 243;

    /** Of device nodes; see {@link #GROUP_MAJOR}. */
    static final int CDEV_MAJOR = 242;

    @Override
    public UapiFile open(Caller caller) {
        try {
            return opener.apply(caller);
        } catch (VfioException refused) {
            RefusalLog.refused("open", this, refused);
            throw refused;
        }
    }

    @Override
    public String toString() {
        return "the node " + major + ":" + minor;
    }

    /** The text of a {@code dev} attribute. */
    static String numbers(int major, int minor) {
        return major + ":" + minor + "\n";
    }
}
