// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.ffm;

import static org.vfio4j.ffm.SystemCall.INT;
import static org.vfio4j.ffm.SystemCall.captured;
import static org.vfio4j.ffm.SystemCall.mistake;
import static org.vfio4j.ffm.SystemCall.result;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** Capabilities of any thread ({@code capget(2)}): one call instead of a text to parse. x86-64 number. */
public final class LinuxCapabilities {
    private static final long SYS_CAPGET = 125;

    /** {@code _LINUX_CAPABILITY_VERSION_3}: 64 bits in two structs. */
    private static final int VERSION_3 = 0x20080522;

    private static final int HEADER_SIZE = 8;
    private static final int HEADER_PID = 4;

    /** {@code struct __user_cap_data_struct}: effective, permitted, inheritable. */
    private static final int DATA_SIZE = 12;

    private static final MethodHandle CAPGET = SystemCall.bindNumbered(2);

    private LinuxCapabilities() {}

    /**
     * The effective capabilities of a thread, in its own user namespace.
     *
     * @param tid its number, 0 for the calling thread
     * @return one bit for each; none when the thread is gone
     */
    public static long effective(int tid) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment header = arena.allocate(HEADER_SIZE, Integer.BYTES);
            MemorySegment data = arena.allocate(2L * DATA_SIZE, Integer.BYTES);
            header.set(INT, 0, VERSION_3);
            header.set(INT, HEADER_PID, tid);
            long answer = result((long) CAPGET.invokeExact(captured(), SYS_CAPGET, header.address(), data.address()));
            if (answer != 0) {
                return 0;
            }
            return Integer.toUnsignedLong(data.get(INT, 0)) | Integer.toUnsignedLong(data.get(INT, DATA_SIZE)) << 32;
        } catch (Throwable t) {
            throw mistake(t);
        }
    }
}
