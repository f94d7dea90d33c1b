// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.vfio;

/** A device file made by GET_DEVICE_FD: granted from the start, any number for one device. Spec: core OM-9. */
public final class GroupDeviceFile extends VfioDeviceFile {
    GroupDeviceFile(CoreDevice device) {
        super(device, true);
    }

    @Override
    void release() {
        device().group().closeDevice(device());
    }
}
