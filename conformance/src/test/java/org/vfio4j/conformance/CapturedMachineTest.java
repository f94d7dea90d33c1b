// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.vfio4j.OpenOptions;
import org.vfio4j.Vfio;
import org.vfio4j.testing.EmbeddedMachine;
import org.vfio4j.uapi.VfioExtension;
import org.vfio4j.uapi.VfioPci;

/** A captured real machine: its functions can be bound, opened, mapped against and read. */
@EmbeddedMachine(machine = "../host-embedded/src/test/resources/org/vfio4j/host/embedded/capture/q35-25fn")
class CapturedMachineTest {
    private static final String NVME = "0000:04:00.0";
    private static final int NVME_IDS = 0x0010_1b36;
    private static final long MSI_FIRST = 0xfee0_0000L;
    private static final long MSI_LAST = 0xfeef_ffffL;

    @Test
    void shouldOpenMapAndReadAFunctionInEveryPagingWay(Vfio vfio) {
        vfio.bind(NVME, "vfio-pci");
        for (var options : new OpenOptions[] {
            OpenOptions.container(VfioExtension.VFIO_TYPE1v2_IOMMU), OpenOptions.cdev(), OpenOptions.groupIommufd()
        }) {
            try (var device = vfio.open(NVME, options);
                    var buffer = vfio.allocate(8192);
                    var mapping = device.dma().map(buffer)) {
                assertThat(mapping.length()).as("bytes mapped by %s", options).isEqualTo(8192);
                assertThat(vfio.pinnedPages()).as("pages pinned by %s", options).isEqualTo(2);
                assertThat(device.region(VfioPci.VFIO_PCI_CONFIG_REGION_INDEX).readInt(0))
                        .as("vendor and device read by %s", options)
                        .isEqualTo(NVME_IDS);
                assertThat(device.region(VfioPci.VFIO_PCI_BAR0_REGION_INDEX)
                                .info()
                                .size())
                        .as("size of BAR 0")
                        .isEqualTo(0x4000);
                assertThat(device.dma().limits().ranges())
                        .as("address ranges left beside the captured MSI window")
                        .noneMatch(range -> range.start() <= MSI_LAST && range.last() >= MSI_FIRST);
            }
            assertThat(vfio.pinnedPages()).as("pages pinned after close").isZero();
        }
    }
}
