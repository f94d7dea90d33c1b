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
import org.jspecify.annotations.Nullable;

/** This process's memory: mappings of files, and advice to the kernel. */
public final class LinuxMemory {
    /** {@code MADV_HUGEPAGE}: back the range with huge pages when it is populated. */
    public static final int ADVICE_HUGE_PAGE = 14;

    /** {@code MADV_COLLAPSE}: gather what is populated into huge pages now; since Linux 6.1. */
    public static final int ADVICE_COLLAPSE = 25;

    /** {@code MADV_POPULATE_READ}: make all pages of the range there for reading; since Linux 5.14. */
    public static final int ADVICE_POPULATE_READ = 22;

    /** {@code MADV_POPULATE_WRITE}: make all pages of the range there for writing; since Linux 5.14. */
    public static final int ADVICE_POPULATE_WRITE = 23;

    private static final int PROT_READ = 1;
    private static final int PROT_WRITE = 2;
    private static final int MAP_SHARED = 1;
    private static final int MAP_NORESERVE = 0x4000;

    private static final MethodHandle MMAP =
            SystemCall.bind("mmap", FunctionDescriptor.of(LONG, POINTER, LONG, INT, INT, INT, LONG));
    private static final MethodHandle MUNMAP = SystemCall.bind("munmap", FunctionDescriptor.of(INT, LONG, LONG));
    private static final MethodHandle MADVISE =
            SystemCall.bind("madvise", FunctionDescriptor.of(INT, POINTER, LONG, INT));

    private LinuxMemory() {}

    /**
     * {@code mmap(2)} of a file, shared. Unlike a mapping made by a {@code FileChannel} it never makes the file longer. Touching a
     * page that is not there because the file is or was cut short throws {@link InternalError}.
     *
     * @param offset in the file, a multiple of the page size
     * @param length bytes, greater than zero; of a file of huge pages a multiple of their size
     * @param arena unmaps when it is closed, accesses throw {@link IllegalStateException} from then on
     * @return the bytes, read-only unless {@code writable}; or null, the errno is then in {@code errno[0]}
     */
    public static @Nullable MemorySegment mapShared(
            int fd, long offset, long length, boolean writable, Arena arena, int[] errno) {
        int protection = writable ? PROT_READ | PROT_WRITE : PROT_READ;
        long address;
        try {
            address = result((long) MMAP.invokeExact(
                    captured(), MemorySegment.NULL, length, protection, MAP_SHARED | MAP_NORESERVE, fd, offset));
        } catch (Throwable t) {
            throw mistake(t);
        }
        if (address < 0 && address > -4096) {
            errno[0] = (int) -address;
            return null;
        }
        MemorySegment mapped = SystemCall.memory(address, length, arena, () -> unmap(address, length));
        return writable ? mapped : mapped.asReadOnly();
    }

    private static void unmap(long address, long length) {
        try {
            int ignored = (int) MUNMAP.invokeExact(captured(), address, length);
        } catch (Throwable t) {
            throw mistake(t);
        }
    }

    /**
     * {@code madvise(2)}.
     *
     * @param memory native memory that starts at a page
     * @param advice one of the constants here
     * @return 0, or the errno, negated
     */
    public static int advise(MemorySegment memory, int advice) {
        try {
            return (int) result((int) MADVISE.invokeExact(captured(), memory, memory.byteSize(), advice));
        } catch (Throwable t) {
            throw mistake(t);
        }
    }
}
