// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.notify;

import static org.vfio4j.runner.notify.SystemCallNumber.*;

import org.vfio4j.ffm.SeccompFilter;
import org.vfio4j.uapi.FslMcIoctl;

/**
 * Which system calls of the program are looked at: as few as can be, since each costs microseconds instead of nanoseconds.
 *
 * <ul>
 *   <li>{@code ioctl} by its type byte, on any descriptor, and the one command of the management complex' node;
 *   <li>calls that name a path, since a filter cannot see which, and for the same reason {@code getdents64}; where programs see the
 *       machine's tree mounted only those that open a file which is there, {@code execve}, and {@code readlink}, which may ask for
 *       the machine's file behind a descriptor;
 *   <li>{@code pread} and {@code pwrite} that look like accesses to a device: of at most 8 bytes, or at an offset no ordinary
 *       file has (regions start at multiples of 2^40);
 *   <li>shared mappings of files;
 *   <li>{@code fcntl(F_GETFL)}, since the real files have other access modes;
 *   <li>everything else that uses a descriptor only if the number is in the range that is handed out
 *       ({@link #FIRST_DESCRIPTOR} to {@link #END_DESCRIPTOR}), so that ordinary files, pipes and sockets run at full speed.
 * </ul>
 */
public final class InterestingCalls {
    /** First descriptor number that is handed out for VFIO's files. */
    public static final int FIRST_DESCRIPTOR = 512;

    /** One more than the last one. */
    public static final int END_DESCRIPTOR = 1024;

    private static final int ARCH_I386 = 0x40000003;
    private static final int I386_IOCTL = 54;
    private static final int ENOTTY = 25;
    private static final int F_GETFL = 3;
    private static final int TYPE_BYTE = 0xff00;
    private static final int VFIO_TYPE = ';' << 8;
    private static final int MAP_SHARED = 1;
    private static final int MAP_ANONYMOUS = 0x20;
    private static final int AT_EMPTY_PATH = 0x1000;
    private static final int O_CREAT = 0x40;
    private static final int O_EXCL = 0x80;
    private static final int O_DIRECTORY = 0x10000;
    private static final int O_PATH = 0x200000;

    /** Offsets from here on, in units of 2^32, are regions behind the first one. */
    private static final int SECOND_REGION = 1 << 8;

    private static final int LARGEST_REGISTER = 8;

    /** Calls that lead to an open file by a path, or ask which one it was. */
    private static final int[] ALWAYS_BY_PATH = {OPENAT2, CREAT, READLINK, READLINKAT, EXECVE, EXECVEAT};

    /** Calls that look at the tree. */
    private static final int[] LOOKING = {STAT, LSTAT, ACCESS, FACCESSAT, FACCESSAT2, GETDENTS64};

    /** Calls that change what the others see, or would. */
    private static final int[] CHANGING = {
        CHMOD, FCHMODAT, CHOWN, LCHOWN, UTIME, UTIMES, FUTIMESAT, MKDIR, MKDIRAT, MKNOD, MKNODAT, SYMLINK, SYMLINKAT,
        LINK, LINKAT, RMDIR, UNLINK, UNLINKAT, RENAME, RENAMEAT, RENAMEAT2,
    };

    private final boolean mounted;
    private int labels;

    private InterestingCalls(boolean mounted) {
        this.mounted = mounted;
    }

    /**
     * The filter.
     *
     * @param mounted whether programs see the machine's tree mounted
     */
    public static SeccompFilter filter(boolean mounted) {
        return new InterestingCalls(mounted).build();
    }

    private SeccompFilter build() {
        var filter = new SeccompFilter();
        filter.loadArch().ifEqual(SeccompFilter.ARCH_X86_64, "other-arch").loadNumber();
        // First what programs do most: each comparison takes time.
        int[] byDescriptor = {READ, WRITE, READV, WRITEV, FSTAT, LSEEK, DUP, DUP2, DUP3, FCHMOD, FCHOWN};
        for (int number : byDescriptor) {
            on(filter, number).jump("descriptor").label(next());
        }
        on(filter, IOCTL)
                .loadLow(1)
                .ifEqual(FslMcIoctl.FSL_MC_SEND_MC_COMMAND, "other-command")
                .end(SeccompFilter.NOTIFY)
                .label("other-command")
                .and(TYPE_BYTE)
                .ifEqual(VFIO_TYPE, "allow")
                .end(SeccompFilter.NOTIFY)
                .label(next());
        on(filter, FCNTL)
                .loadLow(1)
                .ifEqual(F_GETFL, "descriptor")
                .end(SeccompFilter.NOTIFY)
                .label(next());
        for (int number : new int[] {PREAD64, PWRITE64}) {
            on(filter, number).jump("positional").label(next());
        }
        for (int number : new int[] {PREADV, PWRITEV}) {
            on(filter, number).jump("far").label(next());
        }
        on(filter, MMAP).jump("mmap").label(next());
        on(filter, NEWFSTATAT).loadLow(3).jump("empty-path").label(next());
        on(filter, STATX).loadLow(2).jump("empty-path").label(next());
        on(filter, FCHMODAT2).loadLow(3).jump("empty-path").label(next());
        on(filter, FCHOWNAT).loadLow(4).jump("empty-path").label(next());
        on(filter, UTIMENSAT).jump(mounted ? "no-path" : "notify").label(next());
        on(filter, OPENAT).loadLow(2).jump(mounted ? "open" : "notify").label(next());
        on(filter, OPEN).loadLow(1).jump(mounted ? "open" : "notify").label(next());
        for (int number : ALWAYS_BY_PATH) {
            on(filter, number).end(SeccompFilter.NOTIFY).label(next());
        }
        if (!mounted) {
            for (int[] numbers : new int[][] {LOOKING, CHANGING}) {
                for (int number : numbers) {
                    on(filter, number).end(SeccompFilter.NOTIFY).label(next());
                }
            }
        }
        filter.end(SeccompFilter.ALLOW);

        filter.label("positional")
                .loadHigh(2)
                .ifEqual(0, "far")
                .loadLow(2)
                .ifAtLeast(LARGEST_REGISTER + 1, "notify")
                .label("far")
                .loadHigh(3)
                .ifAtLeast(SECOND_REGION, "descriptor")
                .end(SeccompFilter.NOTIFY);
        filter.label("mmap")
                .loadLow(3)
                .ifAnyBit(MAP_ANONYMOUS, "file-mapping")
                .jump("allow")
                .label("file-mapping")
                .ifAnyBit(MAP_SHARED, "private-mapping")
                .end(SeccompFilter.NOTIFY)
                .label("private-mapping")
                .loadLow(4)
                .jump("in-range");
        // What a directory, a place or a new file is opened with opens no device.
        filter.label("open")
                .ifAnyBit(O_DIRECTORY | O_PATH, "open-file")
                .jump("allow")
                .label("open-file")
                .and(O_CREAT | O_EXCL)
                .ifEqual(O_CREAT | O_EXCL, "notify")
                .jump("allow");
        filter.label("empty-path")
                .ifAnyBit(AT_EMPTY_PATH, mounted ? "allow" : "notify")
                .jump("descriptor");
        // Of the descriptor's file, which touch(1) moves to a low number first.
        filter.label("no-path")
                .loadHigh(1)
                .ifEqual(0, "allow")
                .loadLow(1)
                .ifEqual(0, "allow")
                .jump("notify");
        filter.label("descriptor")
                .loadLow(0)
                .label("in-range")
                .ifAtLeast(FIRST_DESCRIPTOR, "allow")
                .ifAtLeast(END_DESCRIPTOR, "notify")
                .jump("allow");
        // Programs for 32 bits are not served: VFIO's commands are unknown to them. Spec: README, decision 5.
        filter.label("other-arch")
                .ifEqual(ARCH_I386, "allow")
                .loadNumber()
                .ifEqual(I386_IOCTL, "allow")
                .loadLow(1)
                .and(TYPE_BYTE)
                .ifEqual(VFIO_TYPE, "allow")
                .end(SeccompFilter.ERRNO | ENOTTY);
        return filter.label("notify").end(SeccompFilter.NOTIFY).label("allow").end(SeccompFilter.ALLOW);
    }

    /** Starts a block for one number; the label after it is {@link #next}. */
    private SeccompFilter on(SeccompFilter filter, int number) {
        return filter.ifEqual(number, "next" + labels);
    }

    private String next() {
        return "next" + labels++;
    }
}
