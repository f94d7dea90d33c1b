// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi;

import java.io.Serial;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

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

    private final @Nullable String rule;

    /**
     * A failure found by vfio4j itself.
     *
     * @param errno what a native caller sees
     * @param sentence the operation, the reason and the offending values
     */
    public VfioException(Errno errno, String sentence) {
        this(errno, null, sentence, null);
    }

    /**
     * A refusal that a numbered rule of the specification demands.
     *
     * @param errno what a native caller sees
     * @param rule the rule's name, for example {@code GR-8}
     * @param sentence the operation, the reason and the offending values
     */
    public VfioException(Errno errno, String rule, String sentence) {
        this(errno, rule, sentence, null);
    }

    /**
     * A failure that has another one as its reason.
     *
     * @param errno what a native caller sees
     * @param sentence the operation, the reason and the offending values
     * @param cause what went wrong underneath
     */
    public VfioException(Errno errno, String sentence, Throwable cause) {
        this(errno, null, sentence, cause);
    }

    private VfioException(Errno errno, @Nullable String rule, String sentence, @Nullable Throwable cause) {
        super(Objects.requireNonNull(sentence, "sentence"), cause);
        this.errno = Objects.requireNonNull(errno, "errno");
        this.rule = rule;
    }

    /** What a native caller of the same operation sees. */
    public Errno errno() {
        return errno;
    }

    /** The specification's rule that demands the refusal, for example {@code GR-8}, where it names one. */
    public Optional<String> rule() {
        return Optional.ofNullable(rule);
    }

    /** The class, the errno with its number, and the sentence, so that stack traces show all three. */
    @Override
    @SuppressWarnings("OverrideThrowableToString") // getMessage() stays the bare sentence
    public String toString() {
        return getClass().getName() + ": " + errno + " (" + errno.number() + "): " + getMessage();
    }
}
