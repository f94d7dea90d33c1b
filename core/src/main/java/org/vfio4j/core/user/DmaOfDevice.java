// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.user;

import org.vfio4j.DmaSpace;

/** Where memory is mapped for a device, asked when somebody wants to know. */
@FunctionalInterface
interface DmaOfDevice {
    /**
     * The space.
     *
     * @throws org.vfio4j.uapi.VfioException EINVAL when it is attached to nothing
     */
    DmaSpace space();
}
