// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi;

import java.io.Serial;
import java.util.Objects;

/**
 * An operation was refused or failed.
 *
 * <p>Carries the {@link Errno} a native caller of the same operation would see, and a sentence for people that names the
 * operation and the offending values: "MAP_DMA refused: iova 0x8000000000 is beyond the aperture's last byte
 * 0x7fffffffff". Whoever throws it has undone what the operation did so far.
 *
 * <p>Unchecked, because nearly every operation on a device can fail this way and few callers can do more than pass it
 * on. Immutable and safe to share between threads.
 */
public final class VfioException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1L;

    private final Errno errno;

    /**
     * A failure found by vfio4j itself.
     *
     * @param errno what a native caller sees
     * @param sentence the operation, the reason and the offending values
     */
    public VfioException(Errno errno, String sentence) {
        super(Objects.requireNonNull(sentence, "sentence"));
        this.errno = Objects.requireNonNull(errno, "errno");
    }

    /**
     * A failure that has another one as its reason.
     *
     * @param errno what a native caller sees
     * @param sentence the operation, the reason and the offending values
     * @param cause what went wrong underneath
     */
    public VfioException(Errno errno, String sentence, Throwable cause) {
        super(Objects.requireNonNull(sentence, "sentence"), cause);
        this.errno = Objects.requireNonNull(errno, "errno");
    }

    /** What a native caller of the same operation sees. */
    public Errno errno() {
        return errno;
    }

    /** The class, the errno with its number, and the sentence, so that stack traces show all three. */
    @Override
    @SuppressWarnings("OverrideThrowableToString") // getMessage() stays the bare sentence
    public String toString() {
        return getClass().getName() + ": " + errno + " (" + errno.number() + "): " + getMessage();
    }
}
