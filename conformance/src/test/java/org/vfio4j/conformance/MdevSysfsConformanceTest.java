// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.conformance.Program.refused;
import static org.vfio4j.conformance.Program.require;

import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioIoctl;
import org.vfio4j.uapi.struct.VfioDeviceInfo;

/** Mediated devices that a program makes and removes in {@code /sys}. Spec: mdev §3 to §6. */
class MdevSysfsConformanceTest extends UapiTestCase {
    private static final String TYPE = "/sys/class/mdev_bus/mtty/mdev_supported_types/mtty-1";
    private static final String DEVICES = "/sys/bus/mdev/devices/";
    private static final String UUID = "11111111-2222-3333-4444-555555555555";
    private static final String OTHER = "11111111-2222-3333-4444-666666666666";

    private String read(String path) {
        long fd = require("open " + path, system.openReadOnly(path));
        var page = system.memory(4096);
        long count = require("read", system.read(fd, page));
        system.close(fd);
        return new String(page.asSlice(0, count).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.US_ASCII);
    }

    private void create(String uuid) {
        require("create", system.writeFile(TYPE + "/create", uuid));
    }

    private boolean exists() {
        return system.list("/sys/bus/mdev/devices").lines().anyMatch(UUID::equals);
    }

    private String group() {
        String link = system.readLink("/sys/devices/virtual/mtty/mtty/" + UUID + "/iommu_group");
        return link.substring(link.lastIndexOf('/') + 1);
    }

    @Test
    @Spec("M-017")
    void shouldLinkANewDeviceWithItsTypeItsDriverAndItsGroup() {
        create(UUID);
        String device = "/sys/devices/virtual/mtty/mtty/" + UUID;
        assertThat(system.readLink("/sys/devices/virtual/mtty/mtty/mdev_supported_types/mtty-1/devices/" + UUID))
                .isEqualTo("../../../" + UUID);
        assertThat(system.readLink(device + "/mdev_type")).isEqualTo("../mdev_supported_types/mtty-1");
        assertThat(system.readLink(device + "/driver")).isEqualTo("../../../../../bus/mdev/drivers/vfio-mdev");
        assertThat(system.readLink(device + "/subsystem")).isEqualTo("../../../../../bus/mdev");
        assertThat(system.readLink(device + "/iommu_group"))
                .matches("\\.\\./\\.\\./\\.\\./\\.\\./\\.\\./kernel/iommu_groups/[0-9]+");
        assertThat(system.readLink(DEVICES + UUID)).isEqualTo("../../../devices/virtual/mtty/mtty/" + UUID);
        assertThat(system.list("/sys/bus/mdev/drivers/vfio-mdev").lines()).contains(UUID);
    }

    @Test
    @Spec("M-018")
    void shouldGiveANewDeviceAGroupAndNodesOfItsOwn() {
        create(UUID);
        String group = group();
        assertThat(read("/sys/kernel/iommu_groups/" + group + "/name")).isEqualTo("vfio-noiommu\n");
        assertThat(system.list("/sys/kernel/iommu_groups/" + group + "/devices"))
                .isEqualTo(UUID);
        require("open of its group, without prefix", system.open("/dev/vfio/" + group));
        String index = system.list(DEVICES + UUID + "/vfio-dev");
        require("open of its node", system.open("/dev/vfio/devices/" + index));
        create(OTHER);
        assertThat(system.readLink("/sys/devices/virtual/mtty/mtty/" + OTHER + "/iommu_group"))
                .doesNotEndWith("/" + group);
    }

    @Test
    @Spec("M-019")
    void shouldNotRemoveByZero() {
        create(UUID);
        require("remove 0", system.writeFile(DEVICES + UUID + "/remove", "0"));
        assertThat(exists()).as("there after 0").isTrue();
        require("open of its group", system.open("/dev/vfio/" + group()));
    }

    @Test
    @Spec("M-020")
    void shouldNotRemoveByWhatIsNoNumber() {
        create(UUID);
        refused("remove x", system.writeFile(DEVICES + UUID + "/remove", "x"), Errno.EINVAL);
        refused("remove nothing", system.writeFile(DEVICES + UUID + "/remove", "\n"), Errno.EINVAL);
        assertThat(exists()).as("there after both").isTrue();
    }

    @Test
    @Spec("M-021")
    void shouldRemoveByAnyOtherNumber() {
        create(UUID);
        String group = group();
        require("remove 5", system.writeFile(DEVICES + UUID + "/remove", "5"));
        assertThat(exists()).as("there after 5").isFalse();
        refused("open of its group", system.open("/dev/vfio/" + group), Errno.ENOENT);
        create(UUID);
        require("remove 0x10 and a newline", system.writeFile(DEVICES + UUID + "/remove", "0x10\n"));
        assertThat(exists()).as("there after 16").isFalse();
    }

    /** The sample drivers were never taught about capabilities. */
    @Test
    void shouldWriteNoMoreOfItsInfoThanItKnows() {
        long iommufd = program.open(Program.IOMMU);
        long device = program.open(nodePath(MDEV));
        require("BIND", program.bind(device, iommufd));
        var info = program.argument(64).fill((byte) 0x5a);
        VfioDeviceInfo.argsz(info, VfioDeviceInfo.SIZEOF);
        require("GET_INFO", system.ioctl(device, VfioIoctl.VFIO_DEVICE_GET_INFO, info));
        assertThat(VfioDeviceInfo.numRegions(info)).isEqualTo(9);
        assertThat(info.get(ValueLayout.JAVA_LONG, VfioDeviceInfo.MIN_ARGSZ))
                .as("bytes behind num_irqs")
                .isEqualTo(0x5a5a_5a5a_5a5a_5a5aL);
    }
}
