// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vfio4j.host.embedded.BootedMachine;
import org.vfio4j.host.embedded.machine.LspciDump;
import org.vfio4j.host.embedded.machine.MachineSource;
import org.vfio4j.spi.host.MachineRecorder;
import org.vfio4j.spi.host.ReservedRegion;
import org.vfio4j.spi.pci.PciAddress;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

class SysfsRecorderTest {
    private static final String RESOURCES =
            """
            0x00000000fe600000 0x00000000fe603fff 0x0000000000140204
            """ + "0x0000000000000000 0x0000000000000000 0x0000000000000000\n".repeat(12);

    @TempDir
    Path folder;

    private final SysfsRecorder recorder = new SysfsRecorder();

    private Path sys() {
        return folder.resolve("sys");
    }

    private Path function(String address, int configSize, int group) throws IOException {
        var real = sys().resolve("devices/pci0000:00/" + address);
        Files.createDirectories(real);
        var nvme = LspciDump.parse("dump", MachineSource.builtIn().text("default-dump.txt"))
                .get(new PciAddress(0, 4, 0, 0));
        if (nvme == null) {
            throw new IOException("the dump has no NVMe controller");
        }
        Files.write(real.resolve("config"), Arrays.copyOf(nvme.config(), configSize));
        Files.writeString(real.resolve("resource"), RESOURCES);
        Files.writeString(real.resolve("class"), "0x010802\n");
        Files.writeString(real.resolve("vendor"), "0x1b36\n");
        Files.writeString(real.resolve("device"), "0x0010\n");
        Files.writeString(real.resolve("reset_method"), "device_specific flr bus\n");
        Files.createSymbolicLink(real.resolve("driver"), Path.of("../../../bus/pci/drivers/nvme"));
        var groupFolder = sys().resolve("kernel/iommu_groups/" + group);
        Files.createDirectories(groupFolder);
        Files.writeString(groupFolder.resolve("type"), "DMA-FQ\n");
        Files.writeString(groupFolder.resolve("reserved_regions"), "0x00000000fee00000 0x00000000feefffff msi\n");
        Files.createSymbolicLink(real.resolve("iommu_group"), groupFolder);
        var list = sys().resolve("bus/pci/devices");
        Files.createDirectories(list);
        Files.createSymbolicLink(list.resolve(address), real);
        return real;
    }

    @Test
    void shouldRecordWhatItsOwnHostReads() throws IOException {
        function("0000:00:03.0", 4096, 4);
        function("0000:00:02.0", 4096, 4);
        function("0001:00:01.0", 4096, 12);
        var recording = recorder.record(sys(), folder.resolve("out"));
        assertThat(recording).isEqualTo(new MachineRecorder.Recording(3, 2, java.util.List.of()));
        try (var machine = BootedMachine.from(folder.resolve("out"))) {
            assertThat(machine.host().groups())
                    .extracting(group -> group.id() + " "
                            + group.devices().stream()
                                    .map(device -> device.name())
                                    .toList())
                    .containsExactly("4 [0000:00:02.0, 0000:00:03.0]", "12 [0001:00:01.0]");
            assertThat(machine.group("00:03.0").reservedRegions())
                    .containsExactly(new ReservedRegion(0xfee00000L, 0xfeefffffL, ReservedRegion.Type.MSI));
            var function = machine.function("00:03.0");
            assertThat(function.description()).isEqualTo("Class 0108: Device 1b36:0010");
            assertThat(function.readConfig(0, 4)).isEqualTo(0x00101b36);
            assertThat(function.configSize()).isEqualTo(4096);
            assertThat(function.resource(0).length()).isEqualTo(16 << 10);
            assertThat(function.resetMethods()).as("those this host can do").containsExactly("flr", "bus");
            assertThat(machine.host().buses().getFirst().nativeDrivers()).containsExactly("nvme");
        }
    }

    @Test
    void shouldSayWhatAnOrdinaryUserCannotRead() throws IOException {
        function("0000:00:02.0", 64, 0);
        var short32 = function("0000:00:03.0", 32, 0);
        Files.delete(function("0000:00:04.0", 256, 1).resolve("resource"));
        var recording = recorder.record(sys(), folder.resolve("out"));
        assertThat(recording.functions()).isEqualTo(1);
        assertThat(recording.unreadable())
                .anySatisfy(line -> assertThat(line).contains("function 0000:00:03.0 left out", "32 readable bytes"))
                .anySatisfy(line -> assertThat(line).contains("function 0000:00:04.0 left out"))
                .anySatisfy(line -> assertThat(line).contains("configuration space of 1 functions", "as root"));
        assertThat(short32).exists();
        try (var machine = BootedMachine.from(folder.resolve("out"))) {
            assertThat(machine.function("00:02.0").configSize()).isEqualTo(256);
        }
    }

    @Test
    void shouldRecordMachineWithoutIommu() throws IOException {
        Files.delete(function("0000:00:02.0", 256, 0).resolve("iommu_group"));
        var recording = recorder.record(sys(), folder.resolve("out"));
        assertThat(recording.groups()).isZero();
        assertThat(recording.unreadable())
                .anySatisfy(line -> assertThat(line).contains("no function is in an isolation"));
        try (var machine = BootedMachine.from(folder.resolve("out"))) {
            assertThat(machine.function("00:02.0").iommuGroup()).isEmpty();
        }
    }

    @Test
    void shouldRefuseWithoutPciBusAndOverEarlierRecording() throws IOException {
        assertThatExceptionOfType(VfioException.class)
                .isThrownBy(() -> recorder.record(sys(), folder.resolve("out")))
                .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.ENOENT));
        function("0000:00:02.0", 256, 0);
        recorder.record(sys(), folder.resolve("out"));
        assertThatExceptionOfType(VfioException.class)
                .isThrownBy(() -> recorder.record(sys(), folder.resolve("out")))
                .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EEXIST));
    }

    @Test
    void shouldAnswerUnwritableTargetWithEio() throws IOException {
        function("0000:00:02.0", 256, 0);
        var file = folder.resolve("file");
        Files.writeString(file, "");
        assertThatExceptionOfType(VfioException.class)
                .isThrownBy(() -> recorder.record(sys(), file.resolve("below")))
                .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EIO))
                .withMessageContaining("cannot be written")
                .withMessageNotContaining("Exception");
    }
}
