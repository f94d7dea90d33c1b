// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.conformance.Program.require;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.UUID;
import org.vfio4j.VfioOptions;
import org.vfio4j.uapi.VfioCdev;
import org.vfio4j.uapi.VfioFeature;
import org.vfio4j.uapi.VfioIoctl;
import org.vfio4j.uapi.struct.VfioDeviceBindIommufd;
import org.vfio4j.uapi.struct.VfioDeviceFeature;

/** What programs and administrators do with physical and virtual functions, on the machine of {@code machines/sriov.json}. */
abstract class SriovTestCase extends PciTestCase {
    static final String DRIVER = "vfio-pci";

    /** An edu device with up to four virtual ones. */
    static final String PF = "0000:06:00.0";

    static final String VF0 = "0000:06:00.1";
    static final String VF1 = "0000:06:00.2";

    /** A card with up to four virtual functions far away from it. */
    static final String CARD = "0000:07:00.0";

    static final String CARD_VF1 = "0000:07:10.2";

    /** A function whose virtual ones share its group. */
    static final String SHARING = "0000:08:00.0";

    static final String FUNCTIONS = "/sys/bus/pci/devices/";
    static final String DRIVERS = "/sys/bus/pci/drivers/";
    static final String PARAMETER = "/sys/module/vfio_pci/parameters/enable_sriov";

    static final UUID TOKEN = UUID.fromString("83b8f4f2-509f-382f-3c1e-e6bfe0fa1001");
    static final UUID WRONG = UUID.fromString("11111111-2222-3333-4444-555555555555");

    private static final ValueLayout.OfLong BIG_ENDIAN =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    @Override
    VfioOptions options() {
        return super.options()
                .withMachine(Path.of("..", "machines", "sriov.json"))
                .with("vfio-pci.enable_sriov", "1");
    }

    /** Writes {@code sriov_numvfs}; 0 or minus an errno. */
    final long numVfs(String physical, String text) {
        return system.writeFile(FUNCTIONS + physical + "/sriov_numvfs", text);
    }

    final String read(String path) {
        long fd = system.openReadOnly(path);
        require("open of " + path, fd);
        var page = system.memory(4096);
        long count = require("read of " + path, system.read(fd, page));
        system.close(fd);
        byte[] bytes = page.asSlice(0, count).toArray(ValueLayout.JAVA_BYTE);
        system.free(page);
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    /** The last name of the path that a link in a function's directory leads to; empty when there is no link. */
    final String link(String function, String name) {
        String directory = system.readLink(FUNCTIONS + function);
        assertThat(directory).as("link to the directory of %s", function).startsWith("../../../devices/");
        String target = system.readLink("/sys/" + directory.substring("../../../".length()) + "/" + name);
        return target.substring(target.lastIndexOf('/') + 1);
    }

    /** The name of a function with a token. */
    static String withToken(String name, UUID token) {
        return name + " vf_token=" + token;
    }

    /** Opens a group with a container of type1 of its own; the group. */
    final long openGroup(String function) {
        long container = program.open(Program.CONTAINER);
        long group = program.open(groupPath(function));
        require("SET_CONTAINER", program.setContainer(group, container));
        require("SET_IOMMU", program.setIommu(container, org.vfio4j.uapi.VfioExtension.VFIO_TYPE1v2_IOMMU));
        return group;
    }

    /** The bytes of a token as calls take them. */
    final MemorySegment bytes(UUID token) {
        var bytes = system.memory(16);
        bytes.set(BIG_ENDIAN, 0, token.getMostSignificantBits());
        bytes.set(BIG_ENDIAN, 8, token.getLeastSignificantBits());
        return bytes;
    }

    /** BIND_IOMMUFD with the flag TOKEN. */
    final long bindWithToken(long device, long iommufd, long token) {
        var bind = program.argument(VfioDeviceBindIommufd.SIZEOF);
        VfioDeviceBindIommufd.argsz(bind, VfioDeviceBindIommufd.SIZEOF);
        VfioDeviceBindIommufd.flags(bind, VfioCdev.VFIO_DEVICE_BIND_FLAG_TOKEN);
        VfioDeviceBindIommufd.iommufd(bind, (int) iommufd);
        VfioDeviceBindIommufd.tokenUuidPtr(bind, token);
        return system.ioctl(device, VfioIoctl.VFIO_DEVICE_BIND_IOMMUFD, bind);
    }

    /** DEVICE_FEATURE PCI_VF_TOKEN with so many bytes of a token. */
    final long tokenFeature(long device, int method, UUID token, int length) {
        var feature = program.argument(VfioDeviceFeature.SIZEOF + 16);
        VfioDeviceFeature.argsz(feature, VfioDeviceFeature.SIZEOF + length);
        VfioDeviceFeature.flags(feature, VfioFeature.VFIO_DEVICE_FEATURE_PCI_VF_TOKEN | method);
        feature.set(BIG_ENDIAN, VfioDeviceFeature.SIZEOF, token.getMostSignificantBits());
        feature.set(BIG_ENDIAN, VfioDeviceFeature.SIZEOF + 8, token.getLeastSignificantBits());
        return system.ioctl(device, VfioIoctl.VFIO_DEVICE_FEATURE, feature);
    }

    final void assertGone(String function) {
        assertThat(system.list("/sys/bus/pci/devices").lines()).doesNotContain(function);
        assertThat(system.openReadOnly(FUNCTIONS + function + "/vendor")).isNegative();
    }
}
