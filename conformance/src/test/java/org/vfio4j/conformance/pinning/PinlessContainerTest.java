// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance.pinning;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vfio4j.ProcessOptions;
import org.vfio4j.UapiProcess;
import org.vfio4j.Vfio;
import org.vfio4j.VfioOptions;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.VfioExtension;
import org.vfio4j.uapi.VfioIoctl;
import org.vfio4j.uapi.struct.UapiLayouts;

/** Containers whose backends cannot pin, with a driver that asks them to. Spec: mdev §7.1. */
class PinlessContainerTest {
    private static final VfioOptions OPTIONS = VfioOptions.defaults()
            .withHost("embedded")
            .with("core.enable_unsafe_noiommu_mode", "true")
            .with(PinningDriver.NAME + ".physical", "true");

    @Test
    @Spec("M-042")
    void shouldNotPinInASpaprContainer() {
        assertPinsNothing(OPTIONS, "0000:00:07.0", "", VfioExtension.VFIO_SPAPR_TCE_IOMMU);
    }

    @Test
    @Spec("M-042")
    void shouldNotPinInAContainerWithoutIommu(@TempDir Path folder) throws IOException {
        var description = folder.resolve("bare.json");
        Files.writeString(description, """
                {"name": "bare", "pci": {"functions": [
                   {"address": "00:03.0", "model": "edu", "iommu": "none", "driver": "vfio-pci"}]}}
                """);
        assertPinsNothing(
                OPTIONS.withMachine(description), "0000:00:03.0", "noiommu-", VfioExtension.VFIO_NOIOMMU_IOMMU);
    }

    private static void assertPinsNothing(VfioOptions options, String name, String prefix, int type) {
        try (var machine = Vfio.open(options);
                var process = machine.newProcess(ProcessOptions.root())) {
            machine.unbind(name);
            machine.bind(name, PinningDriver.NAME);
            var argument = process.allocate(4096);
            int group = process.open(
                    "/dev/vfio/" + prefix + machine.device(name).group().getAsInt(), UapiProcess.O_RDWR);
            int container = process.open("/dev/vfio/vfio", UapiProcess.O_RDWR);
            argument.set(UapiLayouts.S32, 0, container);
            process.ioctl(group, VfioIoctl.VFIO_GROUP_SET_CONTAINER, argument.address());
            process.ioctl(container, VfioIoctl.VFIO_SET_IOMMU, type);
            argument.setString(0, name);
            int device = (int) process.ioctl(group, VfioIoctl.VFIO_GROUP_GET_DEVICE_FD, argument.address());
            assertThat(process.ioctl(device, PinningOps.COUNT, 0))
                    .as("the driver answers")
                    .isZero();
            assertThatExceptionOfType(VfioException.class)
                    .isThrownBy(() -> process.ioctl(device, PinningOps.PIN, 0))
                    .satisfies(e -> assertThat(e.errno()).as(e.getMessage()).isEqualTo(Errno.ENOTTY));
        }
    }
}
