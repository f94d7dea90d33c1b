// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.benchmarks;

import java.util.Arrays;
import org.vfio4j.OpenOptions;
import org.vfio4j.uapi.VfioExtension;

/**
 * A way to open a device of the embedded machine's default description, with the backend that then maps its memory. Each path
 * has a device of its own, alone in its group.
 */
enum DmaPath {
    /** Group file and a type1v2 container. */
    TYPE1V2("type1v2", "0000:00:05.0", OpenOptions.container(VfioExtension.VFIO_TYPE1v2_IOMMU), 1L << 32),
    /** The device's own file and an iommufd. */
    IOMMUFD("iommufd", "0000:00:06.0", OpenOptions.cdev(), 1L << 32),
    /** Group file with an iommufd in the container's role. */
    GROUP_IOMMUFD("group-iommufd", "0000:00:06.0", OpenOptions.groupIommufd(), 1L << 32),
    /** Group file and a SPAPR v2 container: its default window holds the first 2 GiB in pages of 4 KiB. */
    SPAPR_V2("spapr-v2", "0000:00:07.0", OpenOptions.container(VfioExtension.VFIO_SPAPR_TCE_v2_IOMMU), 0);

    /** The name used for benchmark parameters. */
    final String label;

    final String device;

    @SuppressWarnings("ImmutableEnumChecker") // a record of values
    final OpenOptions options;

    /** An address from which 2 GiB are free to map, a multiple of 1 GiB. */
    final long base;

    DmaPath(String label, String device, OpenOptions options, long base) {
        this.label = label;
        this.device = device;
        this.options = options;
        this.base = base;
    }

    static DmaPath of(String label) {
        return Arrays.stream(values())
                .filter(path -> path.label.equals(label))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(label + " is none of "
                        + Arrays.stream(values()).map(path -> path.label).toList()));
    }
}
