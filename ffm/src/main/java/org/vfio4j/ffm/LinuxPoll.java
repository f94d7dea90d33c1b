// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.ffm;

import static org.vfio4j.ffm.SystemCall.INT;
import static org.vfio4j.ffm.SystemCall.LONG;
import static org.vfio4j.ffm.SystemCall.POINTER;
import static org.vfio4j.ffm.SystemCall.captured;
import static org.vfio4j.ffm.SystemCall.mistake;
import static org.vfio4j.ffm.SystemCall.result;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** Waiting for descriptors. */
public final class LinuxPoll {
    /** {@code POLLIN}: something can be read; of a pidfd: the process has ended. */
    public static final short POLLIN = 0x1;

    /** {@code sizeof(struct pollfd)}. */
    public static final int POLLFD_SIZE = 8;

    /** Offset of {@code fd}; a negative one is left out. */
    public static final int POLLFD_FD = 0;

    /** Offset of {@code events}. */
    public static final int POLLFD_EVENTS = 4;

    /** Offset of {@code revents}. */
    public static final int POLLFD_REVENTS = 6;

    private static final MethodHandle POLL = SystemCall.bind("poll", FunctionDescriptor.of(INT, POINTER, LONG, INT));

    private LinuxPoll() {}

    /**
     * {@code poll(2)}.
     *
     * @param pollfds an array of {@code struct pollfd}, as many as fit
     * @param milliseconds how long to wait at most; negative: for ever
     * @return how many have events, or a negated errno
     */
    public static int poll(MemorySegment pollfds, int milliseconds) {
        try {
            return (int)
                    result((int) POLL.invokeExact(captured(), pollfds, pollfds.byteSize() / POLLFD_SIZE, milliseconds));
        } catch (Throwable t) {
            throw mistake(t);
        }
    }
}
