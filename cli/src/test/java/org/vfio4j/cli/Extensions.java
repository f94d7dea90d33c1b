// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.cli;

import org.vfio4j.Vfio;
import org.vfio4j.uapi.VfioExtension;

/** A program of its own: prints what a fresh container answers when asked for the container types. */
final class Extensions {
    private Extensions() {}

    /** Prints a line {@code type answer} for each. */
    public static void main(String[] args) {
        try (var vfio = Vfio.open();
                var container = vfio.newContainer()) {
            for (int type : new int[] {
                VfioExtension.VFIO_TYPE1_IOMMU,
                VfioExtension.VFIO_SPAPR_TCE_IOMMU,
                VfioExtension.VFIO_TYPE1v2_IOMMU,
                VfioExtension.VFIO_SPAPR_TCE_v2_IOMMU
            }) {
                System.out.println(type + " " + container.checkExtension(type));
            }
        }
    }
}
