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

/** Memory of other processes ({@code process_vm_readv(2)}). Answers the negated errno of a refusal. */
public final class LinuxRemoteMemory {
    /** {@code sizeof(struct iovec)}. */
    public static final int IOVEC_SIZE = 16;

    /** Most {@code struct iovec} in one call. */
    public static final int IOV_MAX = 1024;

    private static final MethodHandle READV =
            SystemCall.bind("process_vm_readv", FunctionDescriptor.of(LONG, INT, POINTER, LONG, POINTER, LONG, LONG));
    private static final MethodHandle WRITEV =
            SystemCall.bind("process_vm_writev", FunctionDescriptor.of(LONG, INT, POINTER, LONG, POINTER, LONG, LONG));

    /** A thread's own pair of {@code struct iovec}: local, then remote. */
    private static final ThreadLocal<MemorySegment> PAIR =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(2 * IOVEC_SIZE, Long.BYTES));

    private LinuxRemoteMemory() {}

    /**
     * Copies from a process.
     *
     * @param pid a process or one of its threads
     * @param target native memory, filled from its start
     * @return bytes copied, fewer than asked for when the rest is not there, or a negated errno ({@code EFAULT}: not even the
     *     first byte; {@code ESRCH}, {@code EPERM})
     */
    public static long read(int pid, long address, MemorySegment target) {
        MemorySegment pair = pair(address, target);
        try {
            return result((long) READV.invokeExact(captured(), pid, pair, 1L, pair.asSlice(IOVEC_SIZE), 1L, 0L));
        } catch (Throwable t) {
            throw mistake(t);
        }
    }

    /** Copies to a process; see {@link #read}. Memory that the process itself may not write is not there. */
    public static long write(int pid, long address, MemorySegment source) {
        MemorySegment pair = pair(address, source);
        try {
            return result((long) WRITEV.invokeExact(captured(), pid, pair, 1L, pair.asSlice(IOVEC_SIZE), 1L, 0L));
        } catch (Throwable t) {
            throw mistake(t);
        }
    }

    /**
     * Copies many pieces from a process.
     *
     * @param target one piece of native memory for all of them, one after the other
     * @param remote an array of {@code struct iovec}, at most {@link #IOV_MAX}
     * @return bytes copied or a negated errno
     */
    public static long gather(int pid, MemorySegment target, MemorySegment remote) {
        MemorySegment pair = pair(0, target);
        try {
            return result(
                    (long) READV.invokeExact(captured(), pid, pair, 1L, remote, remote.byteSize() / IOVEC_SIZE, 0L));
        } catch (Throwable t) {
            throw mistake(t);
        }
    }

    private static MemorySegment pair(long address, MemorySegment local) {
        MemorySegment pair = PAIR.get();
        pair.set(LONG, 0, local.address());
        pair.set(LONG, 8, local.byteSize());
        pair.set(LONG, IOVEC_SIZE, address);
        pair.set(LONG, IOVEC_SIZE + 8, local.byteSize());
        return pair;
    }
}
