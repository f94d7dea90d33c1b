// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.vfio4j.Device;
import org.vfio4j.HotReset;
import org.vfio4j.OpenOptions;
import org.vfio4j.Vfio;
import org.vfio4j.VfioOptions;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.VfioExtension;
import org.vfio4j.uapi.VfioPci;

/** Hot resets asked for by a Java program. Spec: pci §14. */
@Timeout(120)
class HotResetApiTest {
    private static final OpenOptions BY_GROUP = OpenOptions.container(VfioExtension.VFIO_TYPE1v2_IOMMU);
    private static final long REGISTER = 0x40;

    @SuppressWarnings("NullAway.Init")
    private Vfio vfio;

    @BeforeEach
    void start(@TempDir Path folder) throws IOException {
        var description = folder.resolve("buses.json");
        Files.writeString(description, """
                {"name": "buses",
                 "iommus": [{"name": "iommu0", "kind": "paging"}],
                 "pci": {"iommu": "iommu0", "nativeDrivers": ["pcieport"], "functions": [
                   {"address": "00:05.0", "model": "edu", "driver": "vfio-pci"},
                   {"address": "00:10.0", "model": "bridge", "secondary": 1, "slotReset": true, "driver": "pcieport"},
                   {"address": "01:00.0", "model": "multi", "driver": "vfio-pci"},
                   {"address": "01:00.1", "model": "multi", "driver": "vfio-pci"},
                   {"address": "00:11.0", "model": "bridge", "secondary": 2, "driver": "pcieport"},
                   {"address": "02:00.0", "model": "multi", "acs": true, "driver": "vfio-pci"},
                   {"address": "02:00.1", "model": "multi", "acs": true, "driver": "vfio-pci"}]},
                 "mdev": {"parents": [{"name": "mtty", "ports": 24}], "devices": [
                   {"parent": "mtty", "type": "1", "uuid": "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001"}]}}
                """);
        vfio = Vfio.open(VfioOptions.defaults().withHost("embedded").withMachine(description));
    }

    @AfterEach
    void end() {
        vfio.close();
    }

    private static HotReset hotReset(Device device) {
        return device.hotReset().orElseThrow();
    }

    private int group(String device) {
        return vfio.device(device).group().orElseThrow();
    }

    private static void refused(Errno errno, String reason, ThrowingCallable call) {
        assertThatExceptionOfType(VfioException.class)
                .isThrownBy(call)
                .withMessageContaining(reason)
                .satisfies(e -> assertThat(e.errno()).isEqualTo(errno));
    }

    /** Requires that something resets a device's registers. */
    private static void assertResets(Device device, Consumer<HotReset> reset) {
        device.region(VfioPci.VFIO_PCI_CONFIG_REGION_INDEX).writeShort(4, 2);
        var bar = device.region(VfioPci.VFIO_PCI_BAR0_REGION_INDEX);
        bar.writeInt(REGISTER, 0x600df00d);
        try (var mapping = bar.map(0, 4096)) {
            assertThat(mapping.segment().get(ValueLayout.JAVA_INT, REGISTER)).isEqualTo(0x600df00d);
            reset.accept(hotReset(device));
            assertThat(mapping.segment().get(ValueLayout.JAVA_INT, REGISTER)).isZero();
        }
        assertThat(bar.readInt(REGISTER)).isZero();
    }

    @Test
    void shouldResetASlotWhoseFunctionsAreOneGroup() {
        try (var device = vfio.open("01:00.0", BY_GROUP)) {
            assertThat(hotReset(device).affected())
                    .containsExactly(
                            new HotReset.Affected("0000:01:00.0", group("01:00.0")),
                            new HotReset.Affected("0000:01:00.1", group("01:00.0")));
            assertResets(device, HotReset::perform);
            try (var other = vfio.openGroup(group("02:00.0"))) {
                assertResets(device, reset -> reset.perform(other));
            }
        }
    }

    @Test
    void shouldWantTheOtherGroupShown() {
        var other = vfio.openGroup(group("02:00.1"));
        try (var device = vfio.open("02:00.0", BY_GROUP)) {
            var reset = hotReset(device);
            refused(Errno.EINVAL, "0000:02:00.1", reset::perform);
            assertResets(device, now -> now.perform(other));
            refused(Errno.EINVAL, "3 groups", () -> reset.perform(other, other));
            other.close();
            refused(Errno.EBADF, "closed", () -> reset.perform(other));
        }
    }

    @Test
    void shouldNotCountTheDevicesOwnGroupTwice() {
        try (var container = vfio.newContainer();
                var own = vfio.openGroup(group("02:00.0"));
                var other = vfio.openGroup(group("02:00.1"))) {
            own.setContainer(container);
            container.setIommu(VfioExtension.VFIO_TYPE1v2_IOMMU);
            try (var device = own.openDevice("0000:02:00.0")) {
                assertResets(device, reset -> reset.perform(own, other));
            }
        }
    }

    @Test
    void shouldOwnByIommufd() {
        try (var iommufd = vfio.newIommufd();
                var file = vfio.openDeviceFile("02:00.0");
                var other = vfio.openDeviceFile("02:00.1");
                var group = vfio.openGroup(group("01:00.0"))) {
            var device = file.bind(iommufd);
            var reset = hotReset(device);
            assertThat(reset.affected())
                    .containsExactly(
                            new HotReset.Affected("0000:02:00.0", file.deviceId()),
                            new HotReset.Affected("0000:02:00.1", -1));
            refused(Errno.EINVAL, "0000:02:00.1", reset::perform);
            refused(Errno.EINVAL, "through its own file", () -> reset.perform(group));
            other.bind(iommufd);
            assertThat(reset.affected())
                    .containsExactly(
                            new HotReset.Affected("0000:02:00.0", file.deviceId()),
                            new HotReset.Affected("0000:02:00.1", other.deviceId()));
            assertResets(device, HotReset::perform);
        }
    }

    @Test
    void shouldSayWhyNothingCanBeReset() {
        try (var device = vfio.open("00:05.0", BY_GROUP)) {
            refused(Errno.ENODEV, "root bus", () -> hotReset(device).affected());
            refused(Errno.ENODEV, "root bus", () -> hotReset(device).perform());
        }
        vfio.unbind("01:00.1");
        try (var device = vfio.open("01:00.0", BY_GROUP)) {
            refused(Errno.EINVAL, "0000:01:00.1", () -> hotReset(device).perform());
        }
    }

    @Test
    void shouldOfferNoneForOtherKindsOfDevices() {
        try (var device = vfio.open("83b8f4f2-509f-382f-3c1e-e6bfe0fa1001")) {
            assertThat(device.hotReset()).isEmpty();
        }
    }

    @Test
    void shouldNotWorkAfterClose() {
        var device = vfio.open("01:00.0", BY_GROUP);
        var reset = hotReset(device);
        device.close();
        refused(Errno.EBADF, "closed", reset::affected);
        refused(Errno.EBADF, "closed", reset::perform);
    }
}
