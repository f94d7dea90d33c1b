// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vfio4j.host.embedded.BootedMachine;
import org.vfio4j.host.embedded.pci.CapabilityList;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.spi.memory.Protection;
import org.vfio4j.spi.pci.PciFunction;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** A real kernel's view of 25 functions in 17 groups. */
class CapturedMachineTest {
    private static final List<String> FILES =
            List.of("lspci-xxxx.txt", "lspci-vvvnnk.txt", "iommu_groups.txt", "reserved_regions.txt", "sysfs.txt");

    @TempDir
    Path folder;

    @BeforeEach
    void copyCapture() throws IOException {
        for (var name : FILES) {
            Files.writeString(folder.resolve(name), text(name));
        }
    }

    private static String text(String name) throws IOException {
        try (var in = CapturedMachineTest.class.getResourceAsStream("q35-25fn/" + name)) {
            if (in == null) {
                throw new IOException(name + " is not among the test's resources");
            }
            return new String(in.readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        }
    }

    private static List<PciFunction> functions(BootedMachine machine) {
        return machine.host().buses().getFirst().devices().stream()
                .map(PciFunction.class::cast)
                .toList();
    }

    @Test
    void shouldShowSameGroups() throws IOException {
        try (var machine = BootedMachine.from(folder)) {
            assertThat(functions(machine)).hasSize(25);
            assertThat(machine.host().groups()).hasSize(17);
            var shown = new TreeSet<String>();
            machine.host()
                    .groups()
                    .forEach(group -> group.devices()
                            .forEach(device -> shown.add(group.id() + " " + device.name() + " type=DMA")));
            assertThat(shown)
                    .containsExactlyInAnyOrderElementsOf(
                            text("iommu_groups.txt").lines().toList());
        }
    }

    @Test
    void shouldShowSameReservedRegions() throws IOException {
        try (var machine = BootedMachine.from(folder)) {
            var shown = new StringBuilder();
            for (var group : machine.host().groups()) {
                shown.append("== ").append(group.id()).append('\n');
                group.reservedRegions()
                        .forEach(region -> shown.append(String.format(
                                "0x%016x 0x%016x %s\n",
                                region.start(), region.last(), region.type().sysfsName())));
            }
            assertThat(shown.toString()).isEqualTo(text("reserved_regions.txt"));
        }
    }

    @Test
    void shouldShowSameConfigurationBytes() throws IOException {
        try (var machine = BootedMachine.from(folder)) {
            var dump = org.vfio4j.host.embedded.machine.LspciDump.parse("dump", text("lspci-xxxx.txt"));
            for (var function : functions(machine)) {
                var captured = dump.get(function.address());
                assertThat(captured).isNotNull();
                if (captured != null) {
                    assertThat(bytes(function)).as(function.name()).isEqualTo(captured.config());
                }
            }
        }
    }

    private static byte[] bytes(PciFunction function) {
        var bytes = new byte[function.configSize()];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) function.readConfig(i, 1);
        }
        return bytes;
    }

    /** Offsets of every capability, as lspci decoded them on the real machine. */
    @Test
    void shouldDecodeSameCapabilities() throws IOException {
        var heading = Pattern.compile("^([0-9a-f]{2}:[0-9a-f]{2}\\.[0-7]) .*");
        var capability = Pattern.compile("^\tCapabilities: \\[([0-9a-f]+)(?: v[0-9]+)?\\].*");
        var expected = new TreeMap<String, List<Integer>>();
        List<Integer> current = new ArrayList<>();
        for (var line : text("lspci-vvvnnk.txt").lines().toList()) {
            var start = heading.matcher(line);
            var entry = capability.matcher(line);
            if (start.matches()) {
                current = new ArrayList<>();
                expected.put("0000:" + start.group(1), current);
            } else if (entry.matches()) {
                current.add(Integer.parseInt(entry.group(1), 16));
            }
        }
        try (var machine = BootedMachine.from(folder)) {
            var decoded = new TreeMap<String, List<Integer>>();
            for (var function : functions(machine)) {
                decoded.put(
                        function.name(),
                        CapabilityList.walk(bytes(function)).stream()
                                .map(CapabilityList.Entry::offset)
                                .toList());
            }
            assertThat(decoded).isEqualTo(expected);
            assertThat(decoded.values().stream().mapToInt(List::size).sum())
                    .as("there is something to compare")
                    .isGreaterThan(50);
        }
    }

    @Test
    void shouldBackRegistersWithMemory() {
        try (var machine = BootedMachine.from(folder)) {
            var nvme = machine.function("04:00.0");
            assertThat(nvme.resource(0).length()).isEqualTo(16 << 10);
            assertThat(nvme.resource(0).wide()).isTrue();
            assertThat(nvme.resource(1).present()).isFalse();
            assertThat(nvme.resource(0).start()).isEqualTo(0xfe600000L);
            nvme.writeConfig(0x04, 2, 0x0006);
            nvme.writeBar(0, 0x14, 4, 0x460001);
            assertThat(nvme.readBar(0, 0x14, 4)).isEqualTo(0x460001);
            nvme.writeConfig(0x10, 4, -1);
            nvme.writeConfig(0x14, 4, -1);
            assertThat(nvme.readConfig(0x10, 4)).isEqualTo(0xffffc004);
            assertThat(nvme.readConfig(0x14, 4)).isEqualTo(-1);
            assertThat(nvme.resetMethods()).containsExactly("flr", "bus");
            nvme.resetFunction();
            assertThat(nvme.readBar(0, 0x14, 4)).as("reset clears registers").isZero();
        }
    }

    @Test
    void shouldResetSlotOfFunctionWithoutItsNeighbours() {
        try (var machine = BootedMachine.from(folder)) {
            var nic = machine.function("07:01.0");
            var neighbour = machine.function("07:02.0");
            assertThat(nic.resetMethods()).containsExactly("bus");
            nic.writeBar(0, 0, 4, 1);
            neighbour.writeBar(1, 0, 4, 2);
            nic.resetFunction();
            assertThat(nic.readBar(0, 0, 4)).isZero();
            assertThat(neighbour.readBar(1, 0, 4)).isEqualTo(2);
            nic.bus().reset();
            assertThat(neighbour.readBar(1, 0, 4)).isZero();
        }
    }

    @Test
    void shouldLeaveFunctionsToVfioAndBridgesToTheirDrivers() {
        try (var machine = BootedMachine.from(folder)) {
            for (var function : functions(machine)) {
                boolean bridge = (function.readConfig(0x0e, 1) & 0x7f) == 1;
                assertThat(function.initialDriver().filter(driver -> !driver.equals("pcieport")))
                        .as(function.name())
                        .isEmpty();
                if (function.initialDriver().isPresent()) {
                    assertThat(bridge).as("%s is a bridge", function.name()).isTrue();
                    function.bindNative("pcieport");
                }
            }
            assertThat(machine.host().groups())
                    .allSatisfy(group -> assertThat(group.dmaUnowned()).isTrue());
            assertThat(machine.host().buses().getFirst().nativeDrivers())
                    .containsExactly("nvme", "pcieport", "virtio-pci");
            assertThat(machine.function("04:00.0").sysfsPath())
                    .isEqualTo("/devices/pci0000:00/0000:00:04.1/0000:02:00.0/0000:03:00.0/0000:04:00.0");
        }
    }

    @Test
    void shouldMapMemoryForCapturedFunction() {
        try (var machine = BootedMachine.from(folder)) {
            var memory = machine.user().allocate(4096);
            var domain = machine.map("07:02.1", 0x10000, memory.address(), 4096, Protection.READ);
            assertThat(domain.iovaToPhys(0x10010)).isNotZero();
            assertThat(machine.group("07:01.0").attachedDomain())
                    .as("one group")
                    .hasValue(domain);
            assertThat(machine.group("07:01.0").devices().stream().map(BusDevice::name))
                    .containsExactly("0000:06:00.0", "0000:07:01.0", "0000:07:02.0", "0000:07:02.1");
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            lspci-xxxx.txt       | 5000 | lspci-xxxx.txt:
            iommu_groups.txt     | 30   | iommu_groups.txt:2: "0000" is no PCI address
            reserved_regions.txt | 70   | reserved_regions.txt:4: no reserved region like
            sysfs.txt            | 700  | sysfs.txt:
            """)
    void shouldNameFileAndLineWhenCutOff(String file, int length, String sentence) throws IOException {
        Files.writeString(folder.resolve(file), text(file).substring(0, length));
        assertThatExceptionOfType(VfioException.class)
                .isThrownBy(() -> BootedMachine.from(folder).close())
                .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EINVAL))
                .withMessageContaining(folder + "/" + sentence);
    }

    @ParameterizedTest
    @CsvSource({"lspci-xxxx.txt", "iommu_groups.txt", "reserved_regions.txt", "sysfs.txt"})
    void shouldNameMissingFile(String file) throws IOException {
        Files.delete(folder.resolve(file));
        assertThatExceptionOfType(VfioException.class)
                .isThrownBy(() -> BootedMachine.from(folder).close())
                .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.ENOENT))
                .withMessage(folder.resolve(file) + ": there is no such file");
    }

    @Test
    void shouldDoWithoutDecodedListing() throws IOException {
        Files.delete(folder.resolve("lspci-vvvnnk.txt"));
        try (var machine = BootedMachine.from(folder)) {
            assertThat(functions(machine)).hasSize(25);
            assertThat(machine.host().buses().getFirst().nativeDrivers()).isEmpty();
        }
    }
}
