// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vfio4j.core.memory.FrameTable;
import org.vfio4j.host.embedded.machine.MachineFile;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.spi.host.DmaFault;
import org.vfio4j.spi.host.IommuCapability;
import org.vfio4j.spi.memory.ProcessBarrier;
import org.vfio4j.spi.model.DeviceModelProvider;
import org.vfio4j.spi.model.DeviceSlot;
import org.vfio4j.spi.model.ModelledDevice;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

class MachineAssemblyTest {
    @TempDir
    Path folder;

    /** A third party's device: everything is answered by its slot. */
    private record ToyDevice(DeviceSlot slot, String colour) implements ModelledDevice {
        @Override
        public String busName() {
            return "toy";
        }

        @Override
        public String description() {
            return "a " + colour + " toy";
        }
    }

    private record ToyProvider(String bus) implements DeviceModelProvider {
        @Override
        public String model() {
            return "toy";
        }

        @Override
        public String description() {
            return "toys";
        }

        @Override
        public boolean inDefaultMachine() {
            return true;
        }

        @Override
        public BusDevice create(DeviceSlot slot, Map<String, String> properties) {
            if (properties.containsKey("broken")) {
                throw new VfioException(Errno.EINVAL, "a broken toy");
            }
            return new ToyDevice(slot, properties.getOrDefault("colour", "grey"));
        }
    }

    private EmbeddedHost boot(String json, String bus) throws IOException {
        var file = folder.resolve("x.json");
        Files.writeString(file, json);
        return EmbeddedHost.boot(
                MachineFile.read(file),
                new FrameTable(),
                ProcessBarrier.unavailable(),
                memory -> {},
                List.of(new ToyProvider(bus)));
    }

    private static String toy(String more) {
        return "{\"name\": \"m\", \"iommus\": [{\"name\": \"u\", \"kind\": \"paging\"}],\n"
                + "\"models\": [{\"model\": \"toy\", \"name\": \"toy7\"" + more + "}]}";
    }

    @Test
    void shouldPutThirdPartyDeviceBehindIommu() throws IOException {
        try (var host = boot(
                        toy(", \"group\": 5, \"driver\": \"vfio-toy\", \"properties\": {\"colour\": \"red\"}"), "toy");
                var arena = Arena.ofConfined()) {
            var bus = host.buses().getFirst();
            assertThat(bus.name()).isEqualTo("toy");
            var device = (ToyDevice) bus.devices().getFirst();
            assertThat(device.name()).isEqualTo("toy7");
            assertThat(device.description()).isEqualTo("a red toy");
            assertThat(device.initialDriver()).hasValue("vfio-toy");
            assertThat(device.iommuGroup().orElseThrow().id()).isEqualTo(5);
            assertThat(device.iommuGroup().orElseThrow().devices()).containsExactly(device);
            assertThat(device.capable(IommuCapability.CACHE_COHERENCY)).isTrue();
            device.iommuGroup().orElseThrow().claimDmaOwner(this, false);
            assertThat(device.slot().dma().read(0x1000, arena.allocate(8), 0, 8))
                    .isFalse();
            assertThat(host.faults()).containsExactly(new DmaFault("toy7", 0x1000, false, DmaFault.Reason.BLOCKED));
        }
    }

    @Test
    void shouldAddModelsThatAskToDefaultMachineOnly() throws IOException {
        try (var host = EmbeddedHost.boot(
                MachineFile.builtIn(),
                new FrameTable(),
                ProcessBarrier.unavailable(),
                memory -> {},
                List.of(new ToyProvider("toy")))) {
            assertThat(host.buses())
                    .filteredOn(bus -> bus.name().equals("toy"))
                    .singleElement()
                    .satisfies(bus -> assertThat(bus.devices())
                            .extracting(BusDevice::name)
                            .containsExactly("toy0"));
        }
        try (var host = boot("{\"name\": \"m\"}", "toy")) {
            assertThat(host.buses()).isEmpty();
            assertThat(host.groups()).isEmpty();
        }
    }

    @Test
    void shouldNamePlaceOfUnusableModel() {
        assertThatExceptionOfType(VfioException.class)
                .isThrownBy(() -> boot(toy("").replace("\"toy\"", "\"car\""), "toy"))
                .withMessageContaining("x.json:2:12: no device model \"car\" is on the module path; known: toy");
        assertThatExceptionOfType(VfioException.class)
                .isThrownBy(() -> boot(toy(""), "mdev"))
                .withMessageContaining("model \"toy\" cannot put a device on bus mdev");
        assertThatExceptionOfType(VfioException.class)
                .isThrownBy(() -> boot(toy(", \"properties\": {\"broken\": true}"), "toy"))
                .withMessageContaining("x.json:2:12: device toy7: a broken toy");
    }

    @Test
    void shouldRefuseToSeparateWhatCannotBeSeparated() {
        assertThatExceptionOfType(VfioException.class)
                .isThrownBy(() -> BootedMachine.withFunctions(
                                "{\"address\": \"00:05.0\", \"model\": \"multi\", \"group\": 1}",
                                "{\"address\": \"00:05.1\", \"model\": \"multi\", \"group\": 2}")
                        .close())
                .withMessageContaining(
                        "0000:00:05.1 cannot be isolated from 0000:00:05.0, but they ask for the groups 2 and 1");
        assertThatExceptionOfType(VfioException.class)
                .isThrownBy(() -> BootedMachine.of("""
                        {"name": "m", "iommus": [{"name": "u", "kind": "paging"}, {"name": "t", "kind": "tce"}],
                         "pci": {"functions": [{"address": "00:05.0", "model": "edu", "iommu": "u", "group": 3},
                                               {"address": "00:06.0", "model": "edu", "iommu": "t", "group": 3}]}}
                        """).close())
                .withMessageContaining("group 3 cannot hold 0000:00:05.0 behind unit \"u\"");
    }

    @Test
    void shouldMixChosenAndAutomaticGroupNumbers() {
        try (var machine = BootedMachine.withFunctions(
                "{\"address\": \"00:01.0\", \"model\": \"edu\"}",
                "{\"address\": \"00:02.0\", \"model\": \"edu\", \"group\": 0}",
                "{\"address\": \"00:03.0\", \"model\": \"edu\", \"group\": 0}",
                "{\"address\": \"00:04.0\", \"model\": \"multi\", \"acs\": true}",
                "{\"address\": \"00:04.1\", \"model\": \"multi\", \"acs\": true}",
                "{\"address\": \"00:05.0\", \"model\": \"edu\", \"iommu\": \"none\"}")) {
            assertThat(machine.group("00:02.0")).isSameAs(machine.group("00:03.0"));
            assertThat(machine.group("00:02.0").id()).isZero();
            assertThat(machine.group("00:01.0").id()).isEqualTo(1);
            assertThat(machine.group("00:04.0").id()).isEqualTo(2);
            assertThat(machine.group("00:04.1").id()).isEqualTo(3);
            assertThat(machine.function("00:05.0").iommuGroup()).isEmpty();
            assertThat(machine.function("00:05.0").capable(IommuCapability.CACHE_COHERENCY))
                    .isFalse();
        }
    }

    @Test
    void shouldLoadFunctionFromDump() {
        try (var machine = BootedMachine.builtIn()) {
            var nvme = machine.function("05:00.0");
            assertThat(nvme.readConfig(0, 4)).isEqualTo(0x00101b36);
            assertThat(nvme.description()).contains("QEMU NVM Express Controller");
            assertThat(nvme.resource(0).wide()).isTrue();
            assertThat(nvme.resetMethods()).containsExactly("flr", "bus");
            assertThat(machine.function("06:00.0").resource(2).length()).isEqualTo(32);
        }
    }

    @Test
    void shouldRefuseDumpWithoutRegisterSizes() throws IOException {
        Files.copy(Path.of("../machines/default-dump.txt"), folder.resolve("dump.txt"));
        assertThatExceptionOfType(VfioException.class)
                .isThrownBy(() -> boot("""
                        {"name": "m", "pci": {"functions": [
                          {"address": "00:05.0", "model": "dump", "config": "dump.txt", "function": "04:00.0"}]}}
                        """, "toy"))
                .withMessageContaining("x.json:2:3: the dump assigns BAR 0 (0xfe600004): give its size in \"bars\"");
        assertThatExceptionOfType(VfioException.class)
                .isThrownBy(() -> boot("""
                        {"name": "m", "pci": {"functions": [
                          {"address": "00:05.0", "model": "dump", "config": "dump.txt"}]}}
                        """, "toy"))
                .withMessageContaining("holds 2 functions: say which one with \"function\"");
    }
}
