// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi;

import org.jspecify.annotations.Nullable;

/**
 * Why an operation failed, as Linux numbers it on x86-64 and arm64.
 *
 * <p>Raw uAPI calls answer {@code -1} and leave {@link #number()} in {@code errno}; Java callers find the constant in
 * {@link VfioException#errno()}. All numbers a Linux system call can answer are here, so that what a real kernel says
 * always has a name. The names {@code EWOULDBLOCK}, {@code EDEADLOCK} and {@code ENOTSUP} are other spellings of
 * {@link #EAGAIN}, {@link #EDEADLK} and {@link #EOPNOTSUPP} on these architectures.
 *
 * <p>{@link #ENOTSUPP} (524) has no name in user space, yet some drivers let it through, so it belongs to the visible
 * behaviour.
 */
public enum Errno {
    /** Operation not permitted. */
    EPERM(1, "operation not permitted"),

    /** No such object. */
    ENOENT(2, "no such object"),

    /** No such process. */
    ESRCH(3, "no such process"),

    /** Interrupted before it finished. */
    EINTR(4, "interrupted before it finished"),

    /** Input or output failed. */
    EIO(5, "input or output failed"),

    /** No such device or address. */
    ENXIO(6, "no such device or address"),

    /** Argument too large. */
    E2BIG(7, "argument too large"),

    /** Not an executable format. */
    ENOEXEC(8, "not an executable format"),

    /** Not a usable file descriptor. */
    EBADF(9, "not a usable file descriptor"),

    /** No child process. */
    ECHILD(10, "no child process"),

    /** Not ready, try again. */
    EAGAIN(11, "not ready, try again"),

    /** Out of memory or over the locked-memory limit. */
    ENOMEM(12, "out of memory or over the locked-memory limit"),

    /** Access denied. */
    EACCES(13, "access denied"),

    /** Address not accessible. */
    EFAULT(14, "address not accessible"),

    /** Not a block device. */
    ENOTBLK(15, "not a block device"),

    /** Device or resource in use. */
    EBUSY(16, "device or resource in use"),

    /** Exists already. */
    EEXIST(17, "exists already"),

    /** Link crosses file systems. */
    EXDEV(18, "link crosses file systems"),

    /** No such device. */
    ENODEV(19, "no such device"),

    /** Not a directory. */
    ENOTDIR(20, "not a directory"),

    /** Is a directory. */
    EISDIR(21, "is a directory"),

    /** Invalid argument. */
    EINVAL(22, "invalid argument"),

    /** Too many open files in the system. */
    ENFILE(23, "too many open files in the system"),

    /** Too many open files in the process. */
    EMFILE(24, "too many open files in the process"),

    /** Request not known to this file. */
    ENOTTY(25, "request not known to this file"),

    /** Program file in use. */
    ETXTBSY(26, "program file in use"),

    /** File too large. */
    EFBIG(27, "file too large"),

    /** No space left. */
    ENOSPC(28, "no space left"),

    /** File cannot seek. */
    ESPIPE(29, "file cannot seek"),

    /** File system is read-only. */
    EROFS(30, "file system is read-only"),

    /** Too many links. */
    EMLINK(31, "too many links"),

    /** Nobody reads the other end. */
    EPIPE(32, "nobody reads the other end"),

    /** Argument outside the function's domain. */
    EDOM(33, "argument outside the function's domain"),

    /** Result out of range. */
    ERANGE(34, "result out of range"),

    /** Would deadlock. */
    EDEADLK(35, "would deadlock"),

    /** Name too long. */
    ENAMETOOLONG(36, "name too long"),

    /** No lock available. */
    ENOLCK(37, "no lock available"),

    /** System call not implemented. */
    ENOSYS(38, "system call not implemented"),

    /** Directory not empty. */
    ENOTEMPTY(39, "directory not empty"),

    /** Too many symbolic links. */
    ELOOP(40, "too many symbolic links"),

    /** No message of that type. */
    ENOMSG(42, "no message of that type"),

    /** Identifier removed. */
    EIDRM(43, "identifier removed"),

    /** Channel number out of range. */
    ECHRNG(44, "channel number out of range"),

    /** Level 2 not synchronised. */
    EL2NSYNC(45, "level 2 not synchronised"),

    /** Level 3 halted. */
    EL3HLT(46, "level 3 halted"),

    /** Level 3 reset. */
    EL3RST(47, "level 3 reset"),

    /** Link number out of range. */
    ELNRNG(48, "link number out of range"),

    /** Protocol driver not attached. */
    EUNATCH(49, "protocol driver not attached"),

    /** No CSI structure available. */
    ENOCSI(50, "no CSI structure available"),

    /** Level 2 halted. */
    EL2HLT(51, "level 2 halted"),

    /** Invalid exchange. */
    EBADE(52, "invalid exchange"),

    /** Invalid request descriptor. */
    EBADR(53, "invalid request descriptor"),

    /** Exchange full. */
    EXFULL(54, "exchange full"),

    /** No anode. */
    ENOANO(55, "no anode"),

    /** Invalid request code. */
    EBADRQC(56, "invalid request code"),

    /** Invalid slot. */
    EBADSLT(57, "invalid slot"),

    /** Bad font file format. */
    EBFONT(59, "bad font file format"),

    /** Not a stream. */
    ENOSTR(60, "not a stream"),

    /** No data available. */
    ENODATA(61, "no data available"),

    /** Timer expired. */
    ETIME(62, "timer expired"),

    /** Out of streams resources. */
    ENOSR(63, "out of streams resources"),

    /** Machine not on the network. */
    ENONET(64, "machine not on the network"),

    /** Package not installed. */
    ENOPKG(65, "package not installed"),

    /** Object is remote. */
    EREMOTE(66, "object is remote"),

    /** Link severed. */
    ENOLINK(67, "link severed"),

    /** Advertise error. */
    EADV(68, "advertise error"),

    /** Mount of a remote resource failed. */
    ESRMNT(69, "mount of a remote resource failed"),

    /** Communication error on send. */
    ECOMM(70, "communication error on send"),

    /** Protocol error. */
    EPROTO(71, "protocol error"),

    /** Multihop attempted. */
    EMULTIHOP(72, "multihop attempted"),

    /** Remote file sharing error. */
    EDOTDOT(73, "remote file sharing error"),

    /** Malformed message. */
    EBADMSG(74, "malformed message"),

    /** Value too large for its type. */
    EOVERFLOW(75, "value too large for its type"),

    /** Name not unique on the network. */
    ENOTUNIQ(76, "name not unique on the network"),

    /** File descriptor in the wrong state. */
    EBADFD(77, "file descriptor in the wrong state"),

    /** Remote address changed. */
    EREMCHG(78, "remote address changed"),

    /** Shared library not accessible. */
    ELIBACC(79, "shared library not accessible"),

    /** Shared library corrupted. */
    ELIBBAD(80, "shared library corrupted"),

    /** Library section in an executable corrupted. */
    ELIBSCN(81, "library section in an executable corrupted"),

    /** Too many shared libraries linked. */
    ELIBMAX(82, "too many shared libraries linked"),

    /** Shared library cannot be executed. */
    ELIBEXEC(83, "shared library cannot be executed"),

    /** Invalid byte sequence. */
    EILSEQ(84, "invalid byte sequence"),

    /** Interrupted, to be restarted. */
    ERESTART(85, "interrupted, to be restarted"),

    /** Streams pipe error. */
    ESTRPIPE(86, "streams pipe error"),

    /** Too many users or instances. */
    EUSERS(87, "too many users or instances"),

    /** Not a socket. */
    ENOTSOCK(88, "not a socket"),

    /** Destination address required. */
    EDESTADDRREQ(89, "destination address required"),

    /** Message or buffer of the wrong size. */
    EMSGSIZE(90, "message or buffer of the wrong size"),

    /** Wrong protocol type for the socket. */
    EPROTOTYPE(91, "wrong protocol type for the socket"),

    /** Protocol option not available. */
    ENOPROTOOPT(92, "protocol option not available"),

    /** Protocol not supported. */
    EPROTONOSUPPORT(93, "protocol not supported"),

    /** Socket type not supported. */
    ESOCKTNOSUPPORT(94, "socket type not supported"),

    /** Operation not supported. */
    EOPNOTSUPP(95, "operation not supported"),

    /** Protocol family not supported. */
    EPFNOSUPPORT(96, "protocol family not supported"),

    /** Address family not supported. */
    EAFNOSUPPORT(97, "address family not supported"),

    /** Address in use. */
    EADDRINUSE(98, "address in use"),

    /** Address not available. */
    EADDRNOTAVAIL(99, "address not available"),

    /** Network is down. */
    ENETDOWN(100, "network is down"),

    /** Network unreachable. */
    ENETUNREACH(101, "network unreachable"),

    /** Network dropped the connection. */
    ENETRESET(102, "network dropped the connection"),

    /** Connection aborted. */
    ECONNABORTED(103, "connection aborted"),

    /** Connection reset by the other end. */
    ECONNRESET(104, "connection reset by the other end"),

    /** No buffer space available. */
    ENOBUFS(105, "no buffer space available"),

    /** Already connected. */
    EISCONN(106, "already connected"),

    /** Not connected. */
    ENOTCONN(107, "not connected"),

    /** Other end has shut down. */
    ESHUTDOWN(108, "other end has shut down"),

    /** Too many references. */
    ETOOMANYREFS(109, "too many references"),

    /** Timed out. */
    ETIMEDOUT(110, "timed out"),

    /** Connection refused. */
    ECONNREFUSED(111, "connection refused"),

    /** Host is down. */
    EHOSTDOWN(112, "host is down"),

    /** Host unreachable. */
    EHOSTUNREACH(113, "host unreachable"),

    /** Operation already under way. */
    EALREADY(114, "operation already under way"),

    /** Operation now in progress. */
    EINPROGRESS(115, "operation now in progress"),

    /** Stale file handle. */
    ESTALE(116, "stale file handle"),

    /** Structure needs cleaning. */
    EUCLEAN(117, "structure needs cleaning"),

    /** Not a XENIX named file. */
    ENOTNAM(118, "not a XENIX named file"),

    /** No such resource available. */
    ENAVAIL(119, "no such resource available"),

    /** Is a named file. */
    EISNAM(120, "is a named file"),

    /** Remote input or output failed. */
    EREMOTEIO(121, "remote input or output failed"),

    /** Quota exceeded. */
    EDQUOT(122, "quota exceeded"),

    /** No medium present. */
    ENOMEDIUM(123, "no medium present"),

    /** Wrong medium type. */
    EMEDIUMTYPE(124, "wrong medium type"),

    /** Operation cancelled. */
    ECANCELED(125, "operation cancelled"),

    /** Required key not available. */
    ENOKEY(126, "required key not available"),

    /** Key expired. */
    EKEYEXPIRED(127, "key expired"),

    /** Key revoked. */
    EKEYREVOKED(128, "key revoked"),

    /** Key rejected. */
    EKEYREJECTED(129, "key rejected"),

    /** Lock owner died. */
    EOWNERDEAD(130, "lock owner died"),

    /** State not recoverable. */
    ENOTRECOVERABLE(131, "state not recoverable"),

    /** Radio switched off. */
    ERFKILL(132, "radio switched off"),

    /** Memory page has a hardware error. */
    EHWPOISON(133, "memory page has a hardware error"),

    /** Operation not supported by the device. */
    ENOTSUPP(524, "operation not supported by the device");

    private static final @Nullable Errno[] BY_NUMBER = indexByNumber();

    private final int number;
    private final String message;

    Errno(int number, String message) {
        this.number = number;
        this.message = message;
    }

    /** The positive number a native caller sees in {@code errno}. */
    public int number() {
        return number;
    }

    /** A few words for people, in lower case and without a full stop. */
    public String message() {
        return message;
    }

    /**
     * The constant for a number seen in {@code errno}.
     *
     * @param number the positive errno number
     * @throws IllegalArgumentException if Linux gives no meaning to {@code number}
     */
    public static Errno of(int number) {
        Errno errno = number > 0 && number < BY_NUMBER.length ? BY_NUMBER[number] : null;
        if (errno == null) {
            throw new IllegalArgumentException("no errno has the number " + number);
        }
        return errno;
    }

    private static @Nullable Errno[] indexByNumber() {
        Errno[] values = values();
        @Nullable Errno[] index = new @Nullable Errno[values[values.length - 1].number + 1];
        for (Errno errno : values) {
            index[errno.number] = errno;
        }
        return index;
    }
}
