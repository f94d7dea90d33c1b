// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.iommufd;

import java.lang.foreign.MemorySegment;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.memory.AddressSpace;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.struct.UapiLayouts;

/**
 * One ioctl in the iommufd style: a struct that says its own size, read from the caller and written back (kernel: {@code
 * struct iommufd_ucmd}). Lives for one call. Spec: iommufd §3 G2, G3, G5.
 */
final class UserCommand {
    /** Size of the largest struct of any command. */
    private static final int CAPACITY = 48;

    private static final int TAIL_CHUNK = 256;

    private final MemorySegment buffer = MemorySegment.ofArray(new long[CAPACITY / Long.BYTES]);
    private final Caller caller;
    private final long argument;
    private final int userSize;
    private int knownSize;

    /**
     * Reads the leading size.
     *
     * @throws VfioException EFAULT
     */
    UserCommand(Caller caller, long argument) {
        this.caller = caller;
        this.argument = argument;
        memory().read(argument, buffer, 0, Integer.BYTES);
        userSize = buffer.get(UapiLayouts.U32, 0);
    }

    Caller caller() {
        return caller;
    }

    AddressSpace memory() {
        return caller.memory();
    }

    /** The struct as the caller filled it, missing bytes 0; its changes go back with {@link #respond}. */
    MemorySegment struct() {
        return buffer;
    }

    /**
     * Reads the rest of the struct.
     *
     * @param known size of the struct as this code knows it
     * @param least smallest size a caller may give
     * @throws VfioException EINVAL, E2BIG, EFAULT
     */
    void load(int known, int least) {
        if (Integer.compareUnsigned(userSize, least) < 0) {
            throw new VfioException(
                    Errno.EINVAL, "size " + Integer.toUnsignedString(userSize) + " is less than " + least);
        }
        knownSize = known;
        if (Integer.compareUnsigned(userSize, known) > 0) {
            checkTail(known, Integer.toUnsignedLong(userSize));
        }
        memory().read(argument, buffer, 0, answeredSize());
    }

    /**
     * Writes the struct back, as much of it as the caller knows.
     *
     * @throws VfioException EFAULT
     */
    void respond() {
        memory().write(argument, buffer, 0, answeredSize());
    }

    private int answeredSize() {
        return Integer.compareUnsigned(userSize, knownSize) < 0 ? userSize : knownSize;
    }

    /** What a newer program asks for beyond this code must be nothing. Chunks end at multiples, so they end at pages. */
    private void checkTail(long from, long to) {
        MemorySegment tail = MemorySegment.ofArray(new byte[TAIL_CHUNK]);
        long at = from;
        while (at < to) {
            long toBoundary = TAIL_CHUNK - ((argument + at) & (TAIL_CHUNK - 1));
            long count = Math.min(to - at, toBoundary);
            memory().read(argument + at, tail, 0, count);
            for (long i = 0; i < count; i++) {
                if (tail.get(UapiLayouts.U8, i) != 0) {
                    throw new VfioException(Errno.E2BIG, "byte " + (at + i) + " of the argument is unknown and not 0");
                }
            }
            at += count;
        }
    }
}
