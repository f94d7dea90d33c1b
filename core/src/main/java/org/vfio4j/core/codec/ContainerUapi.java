// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.codec;

import org.vfio4j.core.vfio.VfioContainer;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.uapi.VfioExtension;
import org.vfio4j.uapi.VfioIoctl;

/** An open {@code /dev/vfio/vfio} as raw calls see it. Spec: core §3. */
public final class ContainerUapi extends LoggedFile {
    private final VfioContainer container;

    /** A file of a container. */
    public ContainerUapi(VfioContainer container) {
        this.container = container;
    }

    /** The container. */
    public VfioContainer container() {
        return container;
    }

    @Override
    long call(Caller caller, int command, long argument) {
        return switch (command) {
            case VfioIoctl.VFIO_GET_API_VERSION -> VfioExtension.VFIO_API_VERSION;
            case VfioIoctl.VFIO_CHECK_EXTENSION -> container.checkExtension(number(argument));
            case VfioIoctl.VFIO_SET_IOMMU -> {
                container.setIommu(caller, number(argument));
                yield 0;
            }
            default -> container.ioctl(caller, command, argument);
        };
    }

    /** An extension or type; numbers that do not fit are as unknown as -1. */
    private static int number(long argument) {
        return argument == (int) argument ? (int) argument : -1;
    }

    /** Attached groups keep the container (OM-11). */
    @Override
    public void close() {}

    @Override
    public String toString() {
        return "a container";
    }
}
