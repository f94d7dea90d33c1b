// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.ffm;

import static org.vfio4j.ffm.SystemCall.INT;
import static org.vfio4j.ffm.SystemCall.LONG;
import static org.vfio4j.ffm.SystemCall.POINTER;
import static org.vfio4j.ffm.SystemCall.captured;
import static org.vfio4j.ffm.SystemCall.mistake;
import static org.vfio4j.ffm.SystemCall.result;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** Resource limits of any process ({@code prlimit(2)}). */
public final class LinuxLimits {
    /** {@code RLIMIT_NOFILE}: descriptor numbers are below it. */
    public static final int RLIMIT_NOFILE = 7;

    /** {@code RLIMIT_MEMLOCK}: bytes of locked memory. */
    public static final int RLIMIT_MEMLOCK = 8;

    /** {@code RLIM_INFINITY}. */
    public static final long RLIM_INFINITY = -1;

    /** {@code sizeof(struct rlimit)}: the soft limit, then the hard one. */
    public static final int RLIMIT_SIZE = 16;

    private static final MethodHandle PRLIMIT =
            SystemCall.bind("prlimit", FunctionDescriptor.of(INT, INT, INT, POINTER, POINTER));

    private LinuxLimits() {}

    /**
     * The soft limit.
     *
     * @return the limit, unsigned, {@link #RLIM_INFINITY} for none; or {@link Long#MIN_VALUE} when the process is gone
     */
    public static long soft(int pid, int resource) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment limits = arena.allocate(RLIMIT_SIZE, Long.BYTES);
            int answer = (int) PRLIMIT.invokeExact(captured(), pid, resource, MemorySegment.NULL, limits);
            return answer == 0 ? limits.get(LONG, 0) : Long.MIN_VALUE;
        } catch (Throwable t) {
            throw mistake(t);
        }
    }

    /**
     * Changes the soft limit and leaves the hard one.
     *
     * @return 0 or a negated errno
     */
    public static int setSoft(int pid, int resource, long limit) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment limits = arena.allocate(RLIMIT_SIZE, Long.BYTES);
            int answer = (int) result((int) PRLIMIT.invokeExact(captured(), pid, resource, MemorySegment.NULL, limits));
            if (answer != 0) {
                return answer;
            }
            limits.set(LONG, 0, limit);
            return (int) result((int) PRLIMIT.invokeExact(captured(), pid, resource, limits, MemorySegment.NULL));
        } catch (Throwable t) {
            throw mistake(t);
        }
    }
}
