// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.device;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.call.EventFile;

/**
 * A SET_IRQS request (kernel: {@code vfio_irq_set}). Its action bits are not checked yet: that is the driver's part.
 *
 * @param index interrupt index
 * @param actions mask of {@code VFIO_IRQ_SET_ACTION_*}
 * @param start first vector
 * @param count number of vectors
 * @param data what is given for each vector
 */
public record IrqSet(int index, int actions, int start, int count, Data data) {
    /** Data of a request: none, a flag per vector, or an event file per vector. */
    public sealed interface Data {}

    /** DATA_NONE. */
    public record None() implements Data {}

    /**
     * DATA_BOOL.
     *
     * @param values one per vector
     */
    public record Bools(List<Boolean> values) implements Data {}

    /**
     * DATA_EVENTFD, looked up lazily: a bad descriptor is an error only when its turn comes.
     *
     * @param slots one per vector
     */
    public record Events(List<Slot> slots) implements Data {}

    /** One vector's descriptor. */
    public interface Slot {
        /** The descriptor's number: negative means "none", and how negative may matter. */
        int descriptor();

        /**
         * The event file, null for a negative descriptor.
         *
         * @throws org.vfio4j.uapi.VfioException EBADF when it is not open, EINVAL when it is no eventfd
         */
        @Nullable
        EventFile event();
    }
}
