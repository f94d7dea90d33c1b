// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.call;

/** Linux capabilities VFIO asks for. */
public enum Capability {
    /** {@code CAP_IPC_LOCK}: no limit on locked memory. */
    IPC_LOCK,
    /** {@code CAP_SYS_RAWIO}: no-IOMMU mode. */
    SYS_RAWIO,
    /** {@code CAP_SYS_RESOURCE}: change of the accounting mode. */
    SYS_RESOURCE,
    /** {@code CAP_NET_ADMIN}: management-complex commands that create or connect objects. */
    NET_ADMIN
}
