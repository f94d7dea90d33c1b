// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.codec;

import java.lang.foreign.MemorySegment;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.VfioFeature;
import org.vfio4j.uapi.struct.VfioDeviceFeature;

/**
 * A DEVICE_FEATURE request whose form is in order: who asks for what, and the feature's data in the caller's memory. One
 * thread, for the length of the call.
 *
 * @param flags number and methods
 * @param length bytes of the feature's data, as the caller states
 */
record FeatureRequest(Caller caller, UserArgument user, int flags, long length) {
    /** What can be done with a feature. */
    static final int METHODS = VfioFeature.VFIO_DEVICE_FEATURE_GET | VfioFeature.VFIO_DEVICE_FEATURE_SET;

    /** The feature's number. */
    int number() {
        return flags & VfioFeature.VFIO_DEVICE_FEATURE_MASK;
    }

    /** Whether its data shall be read; when it does not write, that is what it does. */
    boolean gets() {
        return (flags & VfioFeature.VFIO_DEVICE_FEATURE_GET) != 0;
    }

    /**
     * Applies the rules of one feature (kernel: {@code vfio_check_feature}).
     *
     * @param supported methods the feature has
     * @param least bytes of data it needs
     * @return whether it is to be executed; false for a successful PROBE
     * @throws VfioException EINVAL, by FT-3
     */
    boolean executes(int supported, int least) {
        int wanted = flags & METHODS;
        if ((wanted & ~supported) != 0) {
            throw refused("it supports methods 0x" + Integer.toHexString(supported) + " only");
        }
        if ((flags & VfioFeature.VFIO_DEVICE_FEATURE_PROBE) != 0) {
            return false;
        }
        if (wanted == 0) {
            throw refused("neither GET, SET nor PROBE is asked for");
        }
        if (length < least) {
            throw refused(length + " bytes of data are fewer than " + least);
        }
        return true;
    }

    private VfioException refused(String reason) {
        return new VfioException(
                Errno.EINVAL,
                "FT-3",
                "feature " + number() + " with flags 0x" + Integer.toHexString(flags) + " refused: " + reason);
    }

    /** Address of the data in the caller's memory. */
    long address() {
        return user.address(VfioDeviceFeature.DATA_OFFSET);
    }

    /**
     * Copies the data in.
     *
     * @throws VfioException EFAULT
     */
    MemorySegment read(int bytes) {
        return user.readAt(VfioDeviceFeature.DATA_OFFSET, bytes);
    }

    /** Zeroed memory for an answer. */
    MemorySegment allocate(int bytes) {
        return user.allocate(bytes);
    }

    /**
     * Copies the data out.
     *
     * @throws VfioException EFAULT
     */
    void write(MemorySegment data) {
        user.writeAt(VfioDeviceFeature.DATA_OFFSET, data, data.byteSize());
    }
}
