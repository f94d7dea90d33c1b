// SPDX-License-Identifier: Apache-2.0
package org.vfio4j;

/** An open {@code /dev/vfio/N} (kernel: {@code vfio_group}). Spec: core §4. */
public interface Group extends AutoCloseable {
    /** Its number. */
    int number();

    /** GET_STATUS: {@code VFIO_GROUP_FLAGS_*}. */
    int status();

    /** SET_CONTAINER with a container. */
    void setContainer(Container container);

    /** SET_CONTAINER with an iommufd in the container's role. */
    void setContainer(Iommufd iommufd);

    /** UNSET_CONTAINER. */
    void unsetContainer();

    /**
     * GET_DEVICE_FD.
     *
     * @param name name on the bus, with the options the driver understands
     */
    Device openDevice(String name);

    /** Closes the file. Idempotent. */
    @Override
    void close();
}
