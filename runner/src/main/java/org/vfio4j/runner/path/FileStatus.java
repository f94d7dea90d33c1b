// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.path;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.vfio4j.runner.process.Credentials;
import org.vfio4j.spi.call.VirtualTree;

/**
 * What {@code stat} tells of a node; writes the kernel's structs for x86-64.
 *
 * @param mode kind and permissions
 * @param size in bytes
 * @param major of a device's node
 * @param minor of a device's node
 * @param accessed time in nanoseconds since 1970, as those that follow
 * @param modified time of the last write
 * @param changed time of the last change of this status
 */
public record FileStatus(
        int mode,
        long size,
        int major,
        int minor,
        long inode,
        int uid,
        int gid,
        long accessed,
        long modified,
        long changed) {
    /** {@code sizeof(struct stat)}. */
    public static final int STAT_SIZE = 144;

    /** {@code sizeof(struct statx)}. */
    public static final int STATX_SIZE = 256;

    private static final int S_IFCHR = 0020000;
    private static final int S_IFDIR = 0040000;
    private static final int S_IFREG = 0100000;
    private static final int S_IFLNK = 0120000;
    private static final int PERMISSIONS = 07777;
    private static final int BLOCK = 4096;
    private static final int STATX_BASIC_STATS = 0x7ff;
    private static final int OWNER_ONLY = 0600;
    private static final long SECOND = 1_000_000_000;

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

    /** Of a node nobody has changed, which belongs to whoever asks. */
    static FileStatus of(VirtualTree.Node node, String path, Credentials asker) {
        return switch (node) {
            case VirtualTree.Directory directory -> of(S_IFDIR | 0755, 0, 0, 0, path, asker);
            case VirtualTree.Link link -> of(S_IFLNK | 0777, link.target().length(), 0, 0, path, asker);
            case RealPlace place -> of(place.kind(), 0, 0, 0, path, asker);
            case VirtualTree.Attribute attribute -> of(S_IFREG | attribute.mode(), attribute.size(), 0, 0, path, asker);
            case VirtualTree.Device device ->
                of(S_IFCHR | device.mode(), 0, device.major(), device.minor(), path, asker);
        };
    }

    private static FileStatus of(int mode, long size, int major, int minor, String path, Credentials asker) {
        return new FileStatus(mode, size, major, minor, inodeOf(path), asker.uid(), asker.gid(), 0, 0, 0);
    }

    /**
     * Of a file that a call made, such as a device's: it is of no type, so that nobody takes it for a file of 0 bytes (kernel:
     * {@code anon_inode_getattr}).
     */
    public static FileStatus ofMade(String path, Credentials asker) {
        return of(OWNER_ONLY, 0, 0, 0, path, asker);
    }

    /** What a node's number and kind are in a directory; nobody asks for more there. */
    public static FileStatus inDirectory(VirtualTree.Node node, String path) {
        return of(node, path, Credentials.ROOT);
    }

    /** The same node after a change. */
    FileStatus with(NodeChange change, long time) {
        return new FileStatus(
                change.mode() == NodeChange.SAME ? mode : mode & ~PERMISSIONS | change.mode(),
                size,
                major,
                minor,
                inode,
                change.uid() == NodeChange.SAME ? uid : change.uid(),
                change.gid() == NodeChange.SAME ? gid : change.gid(),
                change.accessed() == NodeChange.SAME_TIME ? accessed : change.accessed(),
                change.modified() == NodeChange.SAME_TIME ? modified : change.modified(),
                time);
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
        stat.set(INT, 32, gid);
        stat.set(LONG, 40, Integer.toUnsignedLong(device()));
        stat.set(LONG, 48, size);
        stat.set(LONG, 56, BLOCK);
        putTime(stat, 72, accessed);
        putTime(stat, 88, modified);
        putTime(stat, 104, changed);
    }

    /** As {@code struct statx}. */
    public void writeStatx(MemorySegment statx) {
        statx.asSlice(0, STATX_SIZE).fill((byte) 0);
        statx.set(INT, 0, STATX_BASIC_STATS);
        statx.set(INT, 4, BLOCK);
        statx.set(INT, 16, 1); // stx_nlink
        statx.set(INT, 20, uid);
        statx.set(INT, 24, gid);
        statx.set(ValueLayout.JAVA_SHORT, 28, (short) mode);
        statx.set(LONG, 32, inode);
        statx.set(LONG, 40, size);
        putTime(statx, 64, accessed); // nanoseconds are 32 bits wide there, and what follows is 0
        putTime(statx, 96, changed);
        putTime(statx, 112, modified);
        statx.set(INT, 128, major);
        statx.set(INT, 132, minor);
    }

    private static void putTime(MemorySegment struct, long at, long time) {
        struct.set(LONG, at, seconds(time));
        struct.set(LONG, at + Long.BYTES, nanoseconds(time));
    }

    /** Whole seconds of a time. */
    public static long seconds(long time) {
        return Math.floorDiv(time, SECOND);
    }

    /** The rest of a time. */
    public static int nanoseconds(long time) {
        return (int) Math.floorMod(time, SECOND);
    }

    /** The device's number as user space writes it in 32 bits (kernel: {@code new_encode_dev}). */
    public int device() {
        return minor & 0xff | major << 8 | (minor & ~0xff) << 12;
    }
}
