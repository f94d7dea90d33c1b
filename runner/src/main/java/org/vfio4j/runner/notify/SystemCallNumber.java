// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.notify;

/** Numbers of the system calls that are intercepted, on x86-64. */
public final class SystemCallNumber {
    public static final int READ = 0;
    public static final int WRITE = 1;
    public static final int OPEN = 2;
    public static final int STAT = 4;
    public static final int FSTAT = 5;
    public static final int LSTAT = 6;
    public static final int LSEEK = 8;
    public static final int MMAP = 9;
    public static final int IOCTL = 16;
    public static final int PREAD64 = 17;
    public static final int PWRITE64 = 18;
    public static final int READV = 19;
    public static final int WRITEV = 20;
    public static final int ACCESS = 21;
    public static final int DUP = 32;
    public static final int DUP2 = 33;
    public static final int EXECVE = 59;
    public static final int FCNTL = 72;
    public static final int RENAME = 82;
    public static final int MKDIR = 83;
    public static final int RMDIR = 84;
    public static final int CREAT = 85;
    public static final int LINK = 86;
    public static final int UNLINK = 87;
    public static final int SYMLINK = 88;
    public static final int READLINK = 89;
    public static final int CHMOD = 90;
    public static final int FCHMOD = 91;
    public static final int CHOWN = 92;
    public static final int FCHOWN = 93;
    public static final int LCHOWN = 94;
    public static final int UTIME = 132;
    public static final int MKNOD = 133;
    public static final int GETDENTS64 = 217;
    public static final int UTIMES = 235;
    public static final int OPENAT = 257;
    public static final int MKDIRAT = 258;
    public static final int MKNODAT = 259;
    public static final int FCHOWNAT = 260;
    public static final int FUTIMESAT = 261;
    public static final int NEWFSTATAT = 262;
    public static final int UNLINKAT = 263;
    public static final int RENAMEAT = 264;
    public static final int LINKAT = 265;
    public static final int SYMLINKAT = 266;
    public static final int READLINKAT = 267;
    public static final int FCHMODAT = 268;
    public static final int FACCESSAT = 269;
    public static final int UTIMENSAT = 280;
    public static final int DUP3 = 292;
    public static final int PREADV = 295;
    public static final int PWRITEV = 296;
    public static final int RENAMEAT2 = 316;
    public static final int EXECVEAT = 322;
    public static final int STATX = 332;
    public static final int OPENAT2 = 437;
    public static final int FACCESSAT2 = 439;
    public static final int FCHMODAT2 = 452;

    /** One more than the largest number here. */
    public static final int END = FCHMODAT2 + 1;

    private SystemCallNumber() {}
}
