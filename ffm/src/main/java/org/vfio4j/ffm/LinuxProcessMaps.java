// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.ffm;

import static org.vfio4j.ffm.SystemCall.INT;
import static org.vfio4j.ffm.SystemCall.LONG;
import static org.vfio4j.ffm.SystemCall.POINTER;
import static org.vfio4j.ffm.SystemCall.captured;
import static org.vfio4j.ffm.SystemCall.mistake;
import static org.vfio4j.ffm.SystemCall.result;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** One mapping of a process at a time, asked of its {@code /proc/PID/maps} ({@code PROCMAP_QUERY}, Linux 6.11). */
public final class LinuxProcessMaps {
    /** {@code sizeof(struct procmap_query)}. */
    public static final int QUERY_SIZE = 104;

    /** Offset of {@code query_flags}; 0 asks for the mapping that covers the address. */
    public static final int QUERY_FLAGS = 8;

    /** Offset of {@code query_addr}. */
    public static final int QUERY_ADDRESS = 16;

    /** Offset of {@code vma_start}. */
    public static final int START = 24;

    /** Offset of {@code vma_end}, exclusive. */
    public static final int END = 32;

    /** Offset of {@code vma_flags}. */
    public static final int FLAGS = 40;

    /** Offset of {@code vma_page_size}. */
    public static final int PAGE_SIZE = 48;

    /** Offset of {@code vma_offset}: where in the file the mapping begins, in bytes. */
    public static final int FILE_OFFSET = 56;

    /** Offset of {@code dev_major}. */
    public static final int MAJOR = 72;

    /** Offset of {@code dev_minor}. */
    public static final int MINOR = 76;

    /** Offset of {@code inode}; 0 for anonymous memory. */
    public static final int INODE = 64;

    /** Offset of {@code vma_name_size}: room for the name, then its length with the zero byte. */
    public static final int NAME_SIZE = 80;

    /** Offset of {@code vma_name_addr}. */
    public static final int NAME_ADDRESS = 88;

    /** {@code PROCMAP_QUERY_VMA_READABLE}. */
    public static final long READABLE = 1;

    /** {@code PROCMAP_QUERY_VMA_WRITABLE}. */
    public static final long WRITABLE = 2;

    /** {@code PROCMAP_QUERY_VMA_SHARED}. */
    public static final long SHARED = 8;

    private static final long PROCMAP_QUERY = 0xc0686611L;

    private static final MethodHandle IOCTL =
            SystemCall.bind("ioctl", FunctionDescriptor.of(INT, INT, LONG, POINTER), Linker.Option.firstVariadicArg(2));

    private LinuxProcessMaps() {}

    /**
     * Asks for a mapping.
     *
     * @param maps descriptor of {@code /proc/PID/maps}; it stays with the memory the process had when it was opened
     * @param query {@code struct procmap_query}
     * @return 0, or a negated errno ({@code ENOENT}: nothing is mapped there; {@code ENOTTY}: the kernel is older)
     */
    public static int query(int maps, MemorySegment query) {
        query.set(LONG, 0, QUERY_SIZE);
        try {
            return (int) result((int) IOCTL.invokeExact(captured(), maps, PROCMAP_QUERY, query));
        } catch (Throwable t) {
            throw mistake(t);
        }
    }
}
