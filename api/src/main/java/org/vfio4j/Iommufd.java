// SPDX-License-Identifier: Apache-2.0
package org.vfio4j;

/** An open {@code /dev/iommu} (kernel: {@code iommufd_ctx}). Spec: iommufd §2, §5. */
public interface Iommufd extends AutoCloseable {
    /** IOAS_ALLOC: a new I/O address space. */
    DmaSpace newIoas();

    /**
     * The I/O address space that stands in for a container.
     *
     * @throws org.vfio4j.uapi.VfioException ENODEV when there is none
     */
    DmaSpace compatIoas();

    /**
     * Object id of an I/O address space made here.
     *
     * @throws IllegalArgumentException when it belongs to something else
     */
    int id(DmaSpace ioas);

    /**
     * DESTROY.
     *
     * @throws org.vfio4j.uapi.VfioException ENOENT, EBUSY
     */
    void destroy(int id);

    /** Closes the file; bound devices keep the context. Idempotent. */
    @Override
    void close();
}
