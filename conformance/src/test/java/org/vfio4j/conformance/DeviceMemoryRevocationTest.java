// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.conformance.Program.refused;
import static org.vfio4j.conformance.Program.require;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioIoctl;

/**
 * Registers that go away while programs and devices have them. What a device has of a program in another process is not taken
 * away by munmap, so this is about callers in this one. Spec: pci §11, type1 §9.2.
 */
@DisabledIfSystemProperty(
        named = "vfio4j.conformance.door",
        matches = "runner",
        disabledReason = "munmap does not reach what devices have of a program in another process")
class DeviceMemoryRevocationTest extends DeviceMemoryTestCase {
    @Test
    void shouldKeepDevicesOutWhileDecodingIsOff() {
        open();
        long vaddr = mapped(READ_WRITE);
        require("MAP_DMA", mapDma(vaddr, barSize, READ_WRITE, IOVA));
        var before = registers(0, 32);
        decode(false);
        carryTo(IOVA);
        refused("MAP_DMA", mapDma(vaddr, barSize, READ_WRITE, 2 * IOVA), Errno.EFAULT);
        refused("an argument there", system.ioctl(container, VfioIoctl.VFIO_IOMMU_MAP_DMA, vaddr), Errno.EFAULT);
        decode(true);
        assertThat(registers(0, 32)).as("registers after a device tried").isEqualTo(before);
        var text = carryTo(IOVA);
        assertThat(registers(0, text.length))
                .as("through the mapping from before")
                .isEqualTo(text);
        assertThat(mapDma(vaddr, barSize, READ_WRITE, 2 * IOVA))
                .as("MAP_DMA again")
                .isZero();
        text = carryTo(2 * IOVA + 64);
        assertThat(registers(64, text.length)).as("through the new mapping").isEqualTo(text);
    }

    @Test
    void shouldNotReachWhoeverHasTheDeviceNext() {
        open();
        long vaddr = mapped(READ_WRITE);
        require("MAP_DMA", mapDma(vaddr, barSize, READ_WRITE, IOVA));
        require("munmap", system.munmap(vaddr));
        var text = carryTo(IOVA);
        assertThat(registers(0, text.length)).as("after munmap").isEqualTo(text);
        require("close", system.close(card));
        openCard(cardGroup);
        var before = registers(128, 32);
        carryTo(IOVA + 128);
        assertThat(registers(128, 32)).as("of a device opened again").isEqualTo(before);
        assertThat(program.unmapDma(container, IOVA, barSize)).as("UNMAP_DMA").isEqualTo(barSize);
    }
}
