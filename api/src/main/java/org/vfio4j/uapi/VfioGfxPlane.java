// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi;

/**
 * Flags of {@link org.vfio4j.uapi.struct.VfioDeviceGfxPlaneInfo}.
 */
public final class VfioGfxPlane {
    /** Only asks whether the way given beside it is supported. */
    public static final int VFIO_GFX_PLANE_TYPE_PROBE = 1 << 0;

    // Ways to reach the picture: as a dma-buf or in a region.
    public static final int VFIO_GFX_PLANE_TYPE_DMABUF = 1 << 1;
    public static final int VFIO_GFX_PLANE_TYPE_REGION = 1 << 2;

    private VfioGfxPlane() {}
}
