// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.path;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.vfio4j.spi.call.VirtualTree;

/** What {@code stat} tells of a node; writes the kernel's structs for x86-64. */
public record FileStatus(int mode, long size, int major, int minor, long inode, int uid) {
    /** {@code sizeof(struct stat)}. */
    public static final int STAT_SIZE = 144;

    /** {@code sizeof(struct statx)}. */
    public static final int STATX_SIZE = 256;

    private static final int S_IFCHR = 0020000;
    private static final int S_IFDIR = 0040000;
    private static final int S_IFREG = 0100000;
    private static final int S_IFLNK = 0120000;
    private static final int BLOCK = 4096;
    private static final int STATX_BASIC_STATS = 0x7ff;
    private static final int OWNER_ONLY = 0600;

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

    /**
     * Of a node.
     *
     * @param uid who owns it: whoever runs the program
     */
    public static FileStatus of(VirtualTree.Node node, String path, int uid) {
        long inode = inodeOf(path);
        return switch (node) {
            case VirtualTree.Directory directory -> new FileStatus(S_IFDIR | 0755, 0, 0, 0, inode, uid);
            case VirtualTree.Link link ->
                new FileStatus(S_IFLNK | 0777, link.target().length(), 0, 0, inode, uid);
            case VirtualTree.Attribute attribute ->
                new FileStatus(S_IFREG | attribute.mode(), attribute.size(), 0, 0, inode, uid);
            case VirtualTree.Device device ->
                new FileStatus(S_IFCHR | device.mode(), 0, device.major(), device.minor(), inode, uid);
        };
    }

    /**
     * Of a file that a call made, such as a device's: it is of no type, so that nobody takes it for a file of 0 bytes (kernel:
     * {@code anon_inode_getattr}).
     */
    public static FileStatus ofMade(String path, int uid) {
        return new FileStatus(OWNER_ONLY, 0, 0, 0, inodeOf(path), uid);
    }

    private static long inodeOf(String path) {
        return path.hashCode() & 0xffff_ffffL | 1L << 32;
    }

    /** As {@code struct stat}. */
    public void writeStat(MemorySegment stat) {
        stat.asSlice(0, STAT_SIZE).fill((byte) 0);
        stat.set(LONG, 8, inode);
        stat.set(LONG, 16, 1); // st_nlink
        stat.set(INT, 24, mode);
        stat.set(INT, 28, uid);
        stat.set(LONG, 40, (minor & 0xff) | (long) major << 8 | (long) (minor & ~0xff) << 12);
        stat.set(LONG, 48, size);
        stat.set(LONG, 56, BLOCK);
    }

    /** As {@code struct statx}. */
    public void writeStatx(MemorySegment statx) {
        statx.asSlice(0, STATX_SIZE).fill((byte) 0);
        statx.set(INT, 0, STATX_BASIC_STATS);
        statx.set(INT, 4, BLOCK);
        statx.set(INT, 16, 1); // stx_nlink
        statx.set(INT, 20, uid);
        statx.set(ValueLayout.JAVA_SHORT, 28, (short) mode);
        statx.set(LONG, 32, inode);
        statx.set(LONG, 40, size);
        statx.set(INT, 128, major);
        statx.set(INT, 132, minor);
    }
}
