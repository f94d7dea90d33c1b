// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi;

/**
 * Values for the commands of a POWER container.
 */
public final class VfioSpapr {
    /** {@code flags} of {@link org.vfio4j.uapi.struct.VfioIommuSpaprTceInfo}: dynamic windows are there. */
    public static final int VFIO_IOMMU_SPAPR_INFO_DDW = 1 << 0;

    // What VFIO_EEH_PE_OP returns for GET_STATE.
    public static final int VFIO_EEH_PE_STATE_NORMAL = 0;
    public static final int VFIO_EEH_PE_STATE_RESET = 1;
    public static final int VFIO_EEH_PE_STATE_STOPPED = 2;
    public static final int VFIO_EEH_PE_STATE_STOPPED_DMA = 4;
    public static final int VFIO_EEH_PE_STATE_UNAVAIL = 5;

    // op of VfioEehPeOp.
    public static final int VFIO_EEH_PE_DISABLE = 0;
    public static final int VFIO_EEH_PE_ENABLE = 1;
    public static final int VFIO_EEH_PE_UNFREEZE_IO = 2;
    public static final int VFIO_EEH_PE_UNFREEZE_DMA = 3;
    public static final int VFIO_EEH_PE_GET_STATE = 4;
    public static final int VFIO_EEH_PE_RESET_DEACTIVATE = 5;
    public static final int VFIO_EEH_PE_RESET_HOT = 6;
    public static final int VFIO_EEH_PE_RESET_FUNDAMENTAL = 7;
    public static final int VFIO_EEH_PE_CONFIGURE = 8;
    public static final int VFIO_EEH_PE_INJECT_ERR = 9;

    private VfioSpapr() {}
}
