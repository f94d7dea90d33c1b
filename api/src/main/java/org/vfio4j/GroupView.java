// SPDX-License-Identifier: Apache-2.0
package org.vfio4j;

import java.util.List;
import java.util.Optional;
import org.vfio4j.spi.host.ReservedRegion;

/**
 * An isolation group at one moment.
 *
 * @param number N of {@code /dev/vfio/N}
 * @param name its name attribute, may be empty
 * @param viable whether VFIO could take it now
 * @param owner who owns its DMA, when somebody does: the reason why it is not viable, or the VFIO user
 * @param translation {@code paging}, {@code tce} or {@code none}
 * @param devices names of its devices
 * @param reservedRegions parts of the I/O address space that mappings must avoid
 */
public record GroupView(
        int number,
        String name,
        boolean viable,
        Optional<String> owner,
        String translation,
        List<String> devices,
        List<ReservedRegion> reservedRegions) {
    /** Copies the lists. */
    public GroupView {
        devices = List.copyOf(devices);
        reservedRegions = List.copyOf(reservedRegions);
    }
}
