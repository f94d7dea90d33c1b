// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.ffm;

import static org.vfio4j.ffm.SystemCall.INT;
import static org.vfio4j.ffm.SystemCall.LONG;
import static org.vfio4j.ffm.SystemCall.captured;
import static org.vfio4j.ffm.SystemCall.mistake;
import static org.vfio4j.ffm.SystemCall.result;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** Open directories and what is in them, as {@code struct linux_dirent64}. x86-64 numbers. */
public final class LinuxDirectories {
    /** Offset of {@code d_ino}, 64 bits. */
    public static final int ENTRY_INODE = 0;

    /** Offset of {@code d_off}, 64 bits. */
    public static final int ENTRY_NEXT = 8;

    /** Offset of {@code d_reclen}, 16 bits. */
    public static final int ENTRY_LENGTH = 16;

    /** Offset of {@code d_type}, 8 bits: what {@code st_mode} has from bit 12 on. */
    public static final int ENTRY_TYPE = 18;

    /** Offset of the name, which ends with a zero byte. */
    public static final int ENTRY_NAME = 19;

    private static final long SYS_GETDENTS64 = 217;
    private static final int SEEK_CUR = 1;

    private static final MethodHandle GETDENTS64 = SystemCall.bindNumbered(3);
    private static final MethodHandle LSEEK = SystemCall.bind("lseek", FunctionDescriptor.of(LONG, INT, LONG, INT));

    private LinuxDirectories() {}

    /**
     * {@code getdents64(2)}.
     *
     * @return bytes filled, 0 at the end, or a negated errno
     */
    public static long read(int fd, MemorySegment entries) {
        try {
            return result((long) GETDENTS64.invokeExact(
                    captured(), SYS_GETDENTS64, (long) fd, entries.address(), entries.byteSize()));
        } catch (Throwable t) {
            throw mistake(t);
        }
    }

    /** Where reading goes on; 0 at the beginning, or a negated errno. */
    public static long position(int fd) {
        try {
            return result((long) LSEEK.invokeExact(captured(), fd, 0L, SEEK_CUR));
        } catch (Throwable t) {
            throw mistake(t);
        }
    }
}
