// SPDX-License-Identifier: Apache-2.0
package org.vfio4j;

import java.util.Optional;
import org.vfio4j.spi.device.DeviceInfo;

/** An open device: a granted device file (kernel: {@code vfio_device_file}). Thread-safe. Spec: core §6. */
public interface Device extends AutoCloseable {
    /** Name on its bus. */
    String name();

    /** How it was opened. */
    OpenPath path();

    /** GET_INFO. */
    DeviceInfo info();

    /**
     * A region.
     *
     * @throws org.vfio4j.uapi.VfioException EINVAL when the index does not exist
     */
    Region region(int index);

    /**
     * An interrupt index.
     *
     * @throws org.vfio4j.uapi.VfioException EINVAL when the index does not exist
     */
    Interrupts interrupts(int index);

    /** RESET. */
    void reset();

    /** Reset together with whatever shares its bus or slot; empty when its driver knows no such reset. */
    Optional<HotReset> hotReset();

    /** Moves its state to another device; empty when it cannot be migrated. */
    Optional<Migration> migration();

    /** Its record of the memory it writes; empty when it keeps none. */
    Optional<DmaLogging> dmaLogging();

    /**
     * Where memory is mapped for it.
     *
     * @throws org.vfio4j.uapi.VfioException EINVAL when it is attached to nothing
     */
    DmaSpace dma();

    /** Closes the file, and what {@link Vfio#open(String)} opened with it. Idempotent. */
    @Override
    void close();
}
