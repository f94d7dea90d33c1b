// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi;

/**
 * Region and interrupt indexes of the s390 device kinds: channel devices (CCW) and adjunct processors (AP).
 */
public final class VfioS390 {
    // Regions of a channel device.
    public static final int VFIO_CCW_CONFIG_REGION_INDEX = 0;
    public static final int VFIO_CCW_NUM_REGIONS = 1;

    // Interrupts of a channel device.
    public static final int VFIO_CCW_IO_IRQ_INDEX = 0;
    public static final int VFIO_CCW_CRW_IRQ_INDEX = 1;
    public static final int VFIO_CCW_REQ_IRQ_INDEX = 2;
    public static final int VFIO_CCW_NUM_IRQS = 3;

    // Interrupts of an adjunct processor.
    public static final int VFIO_AP_REQ_IRQ_INDEX = 0;
    public static final int VFIO_AP_CFG_CHG_IRQ_INDEX = 1;
    public static final int VFIO_AP_NUM_IRQS = 2;

    private VfioS390() {}
}
