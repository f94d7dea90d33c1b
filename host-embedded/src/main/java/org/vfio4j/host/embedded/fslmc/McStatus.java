// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.fslmc;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.vfio4j.uapi.Errno;

/** What the management complex answers in a command's status byte, and the errno the host makes of it. Spec: fsl-mc §8. */
public enum McStatus {
    /** Done. */
    OK(0x0, null),
    /** Written by software: the command waits to be carried out. */
    READY(0x1, Errno.EINVAL),
    /** The token does not belong to an open object. */
    AUTH_ERR(0x3, Errno.EACCES),
    /** The portal does not reach the object. */
    NO_PRIVILEGE(0x4, Errno.EPERM),
    /** A DMA access was refused. */
    DMA_ERR(0x5, Errno.EIO),
    /** An argument makes no sense. */
    CONFIG_ERR(0x6, Errno.ENXIO),
    /** It took too long. */
    TIMEOUT(0x7, Errno.ETIMEDOUT),
    /** A resource is used up. */
    NO_RESOURCE(0x8, Errno.ENAVAIL),
    /** Memory is used up. */
    NO_MEMORY(0x9, Errno.ENOMEM),
    /** The object is in use. */
    BUSY(0xa, Errno.EBUSY),
    /** There is no such command. */
    UNSUPPORTED_OP(0xb, Errno.ENOTSUPP),
    /** Not in this state. */
    INVALID_STATE(0xc, Errno.ENODEV);

    private final int code;

    private final Optional<Errno> errno;

    McStatus(int code, @Nullable Errno errno) {
        this.code = code;
        this.errno = Optional.ofNullable(errno);
    }

    /** The status in a header; a code nobody knows is as good as no answer (kernel: EINVAL). */
    static McStatus of(long header) {
        int code = McCommand.status(header);
        for (var status : values()) {
            if (status.code == code) {
                return status;
            }
        }
        return READY;
    }

    /** The byte in the header. */
    public int code() {
        return code;
    }

    /** What the host's caller gets; empty for success. */
    public Optional<Errno> errno() {
        return errno;
    }
}
