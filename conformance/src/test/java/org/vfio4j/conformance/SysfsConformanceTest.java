// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioExtension;

/** What a program reads and writes in {@code /sys}: core §2, pci §2.4, mdev §3 to §5. */
class SysfsConformanceTest extends UapiTestCase {
    private static final String PCI = "/sys/bus/pci/devices/";
    private static final String DRIVERS = "/sys/bus/pci/drivers/";
    private static final String ROOT_PORT = "0000:00:10.0";
    private static final String PARENT = "/sys/devices/virtual/mtty/mtty";
    private static final String TYPE = PARENT + "/mdev_supported_types/mtty-2";

    private MemorySegment page() {
        return system.memory(4096);
    }

    private String read(String path) {
        long fd = system.openReadOnly(path);
        assertThat(fd).as("descriptor of %s", path).isNotNegative();
        var page = page();
        long count = system.read(fd, page);
        assertThat(count).as("bytes read from %s", path).isNotNegative();
        system.close(fd);
        byte[] bytes = page.asSlice(0, count).toArray(ValueLayout.JAVA_BYTE);
        system.free(page);
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    private long write(String path, String text) {
        return system.writeFile(path, text);
    }

    private static long refused(Errno errno) {
        return UapiSystem.refusal(errno);
    }

    private void unbind(String device) {
        assertThat(write(PCI + device + "/driver/unbind", device)).isZero();
    }

    @Test
    @Spec("P-002")
    void shouldBindByOverrideAndShowTheVfioDevice() {
        unbind(EDU);
        assertThat(system.openReadOnly(PCI + EDU + "/vfio-dev")).isEqualTo(refused(Errno.ENOENT));
        assertThat(write(PCI + EDU + "/driver_override", "vfio-pci\n")).isZero();
        assertThat(write(DRIVERS + "vfio-pci/bind", EDU)).isZero();
        String index = nodePath(EDU).substring("/dev/vfio/devices/vfio".length());
        String numbers = read(PCI + EDU + "/vfio-dev/vfio" + index + "/dev");
        assertThat(numbers).endsWith(":" + index + "\n");
        assertThat(read("/sys/class/vfio-dev/vfio" + index + "/dev")).isEqualTo(numbers);
        assertThat(read(PCI + EDU + "/uevent")).startsWith("DRIVER=vfio-pci\nPCI_CLASS=FF00\nPCI_ID=1234:11E8\n");
        assertThat(system.open(groupPath(EDU))).isNotNegative();
        assertThat(system.open(nodePath(EDU))).isNotNegative();
    }

    @Test
    @Spec("P-003")
    void shouldRefuseToBindWhatTheDriverDoesNotFit() {
        unbind(EDU);
        assertThat(write(DRIVERS + "vfio-pci/bind", EDU)).isEqualTo(refused(Errno.ENODEV));
        assertThat(write(PCI + EDU + "/driver_override", "pci-stub")).isZero();
        assertThat(write(DRIVERS + "vfio-pci/bind", EDU)).isEqualTo(refused(Errno.ENODEV));
        assertThat(write(DRIVERS + "vfio-pci/bind", "0000:00:1e.0")).isEqualTo(refused(Errno.ENODEV));
        assertThat(write("/sys/bus/pci/drivers_probe", EDU)).isZero();
        assertThat(driver(EDU)).isEqualTo("pci-stub");
    }

    @Test
    @Spec("P-004")
    void shouldRefuseToBindABoundFunction() {
        write(PCI + EDU + "/driver_override", "vfio-pci");
        assertThat(write(DRIVERS + "vfio-pci/bind", EDU)).isEqualTo(refused(Errno.EBUSY));
        assertThat(write(DRIVERS + "pci-stub/unbind", EDU)).isEqualTo(refused(Errno.ENODEV));
    }

    @Test
    @Spec("P-005")
    void shouldRefuseABridge() {
        unbind(ROOT_PORT);
        write(PCI + ROOT_PORT + "/driver_override", "vfio-pci");
        assertThat(write(DRIVERS + "vfio-pci/bind", ROOT_PORT)).isEqualTo(refused(Errno.EINVAL));
        assertThat(write("/sys/bus/pci/drivers_probe", ROOT_PORT)).isZero();
        assertThat(driver(ROOT_PORT)).isEmpty();
    }

    @Test
    @Spec({"P-011", "P-012", "P-013"})
    void shouldTakeIdsWhileRunning() {
        unbind(EDU);
        assertThat(write(DRIVERS + "vfio-pci/new_id", "1234")).isEqualTo(refused(Errno.EINVAL));
        assertThat(write(DRIVERS + "vfio-pci/new_id", "1234 11e8 0 0 0 0 1")).isEqualTo(refused(Errno.EINVAL));
        assertThat(write(DRIVERS + "vfio-pci/new_id", "1234 11e8\n")).isZero();
        assertThat(driver(EDU)).isEqualTo("vfio-pci");
        assertThat(write(DRIVERS + "vfio-pci/new_id", "1234 11e8")).isEqualTo(refused(Errno.EEXIST));
        assertThat(write(DRIVERS + "vfio-pci/remove_id", "1234 4711")).isEqualTo(refused(Errno.ENODEV));
        assertThat(write(DRIVERS + "vfio-pci/remove_id", "1234 11e8")).isZero();
        unbind(EDU);
        assertThat(write(DRIVERS + "vfio-pci/bind", EDU)).isEqualTo(refused(Errno.ENODEV));
    }

    @Test
    @Spec("P-014")
    void shouldSetAndClearTheOverride() {
        String override = PCI + EDU + "/driver_override";
        assertThat(read(override)).isEqualTo("(null)\n");
        assertThat(write(override, "vfio-pci\nrest")).isZero();
        assertThat(read(override)).isEqualTo("vfio-pci\n");
        assertThat(write(override, "\n")).isZero();
        assertThat(read(override)).isEqualTo("(null)\n");
        assertThat(write(override, "x".repeat(4095))).isEqualTo(refused(Errno.EINVAL));
    }

    @Test
    void shouldDescribeAFunction() {
        assertThat(read(PCI + EDU + "/vendor")).isEqualTo("0x1234\n");
        assertThat(read(PCI + EDU + "/device")).isEqualTo("0x11e8\n");
        assertThat(read(PCI + EDU + "/class")).isEqualTo("0x00ff00\n");
        assertThat(read(PCI + EDU + "/revision")).isEqualTo("0x10\n");
        assertThat(read(PCI + EDU + "/subsystem_vendor")).isEqualTo("0x1af4\n");
        assertThat(read(PCI + EDU + "/modalias")).isEqualTo("pci:v00001234d000011E8sv00001AF4sd00001100bc00scFFi00\n");
        assertThat(read(PCI + EDU + "/resource").lines())
                .hasSize(7)
                .first()
                .asString()
                .matches("0x00000000c[0-9a-f]{7} 0x00000000c[0-9a-f]{2}fffff 0x0000000000040200");
        String config = read(PCI + EDU + "/config");
        assertThat(config).hasSize(256).startsWith("4\u0012\u00e8\u0011");
        assertThat(read(PCI + EDU + "/iommu_group/type")).isEqualTo("DMA\n");
        assertThat(read(PCI + EDU + "/iommu_group/reserved_regions"))
                .isEqualTo("0x00000000fee00000 0x00000000feefffff msi\n");
        assertThat(read(PCI + EDU + "/iommu_group/devices/" + EDU + "/vendor")).isEqualTo("0x1234\n");
    }

    @Test
    void shouldWriteConfigurationSpace() {
        long fd = system.open(PCI + EDU + "/config");
        var page = page();
        assertThat(system.pread(fd, page.asSlice(0, 2), 4)).isEqualTo(2);
        short command = page.get(ValueLayout.JAVA_SHORT, 0);
        page.set(ValueLayout.JAVA_SHORT, 0, (short) (command | 4));
        assertThat(system.pwrite(fd, page.asSlice(0, 2), 4)).isEqualTo(2);
        assertThat(system.pread(fd, page.asSlice(2, 2), 4)).isEqualTo(2);
        assertThat(page.get(ValueLayout.JAVA_SHORT, 2)).isEqualTo((short) (command | 4));
        assertThat(system.pwrite(fd, page.asSlice(0, 2), 255)).isEqualTo(refused(Errno.EFBIG));
    }

    @Test
    void shouldResetAFunctionOnlyByAllowedMethods() {
        String function = PCI + "0000:03:00.0";
        assertThat(read(function + "/reset_method")).isEqualTo("flr bus\n");
        assertThat(write(function + "/reset", "0")).isEqualTo(refused(Errno.EINVAL));
        assertThat(write(function + "/reset", "1\n")).isZero();
        assertThat(write(function + "/reset_method", "pm")).isEqualTo(refused(Errno.EINVAL));
        assertThat(write(function + "/reset_method", "bus")).isZero();
        assertThat(read(function + "/reset_method")).isEqualTo("bus\n");
        assertThat(write(function + "/reset_method", "\n")).isZero();
        assertThat(write(function + "/reset", "1")).isEqualTo(refused(Errno.ENOTTY));
        assertThat(write(function + "/reset_method", "default")).isZero();
        assertThat(read(function + "/reset_method")).isEqualTo("flr bus\n");
    }

    @Test
    void shouldCreateAndRemoveMediatedDevices() {
        String uuid = "11111111-2222-3333-4444-555555555555";
        int before = Integer.parseInt(read(TYPE + "/available_instances").strip());
        assertThat(read(TYPE + "/device_api")).isEqualTo("vfio-pci\n");
        assertThat(write(TYPE + "/create", "no uuid")).isEqualTo(refused(Errno.EINVAL));
        assertThat(write(TYPE + "/create", uuid + "\n")).isZero();
        assertThat(write(TYPE + "/create", uuid)).isEqualTo(refused(Errno.EEXIST));
        assertThat(read(TYPE + "/available_instances")).isEqualTo((before - 1) + "\n");
        String device = "/sys/bus/mdev/devices/" + uuid;
        assertThat(read(device + "/mdev_type/name")).isEqualTo("Dual port serial\n");
        assertThat(read(device + "/vendor/sample_mdev_dev")).isEqualTo("This is MDEV " + uuid + "\n");
        assertThat(read(device + "/iommu_group/name")).isEqualTo("vfio-noiommu\n");
        assertThat(read(TYPE + "/devices/" + uuid + "/vendor/sample_mdev_dev")).contains(uuid);
        assertThat(read("/sys/class/mdev_bus/mtty/" + uuid + "/vendor/sample_mdev_dev"))
                .contains(uuid);
        assertThat(write(device + "/driver/bind", uuid)).isEqualTo(refused(Errno.ENODEV));
        assertThat(write(device + "/remove", "x")).isEqualTo(refused(Errno.EINVAL));
        assertThat(write(device + "/remove", "0")).isZero();
        assertThat(write(PARENT + "/" + uuid + "/remove", "1")).isZero();
        assertThat(system.openReadOnly(device + "/uevent")).isEqualTo(refused(Errno.ENOENT));
        assertThat(read(TYPE + "/available_instances")).isEqualTo(before + "\n");
    }

    @Test
    void shouldRefuseTheAccessAnAttributeDoesNotHave() {
        assertThat(system.open(PCI + EDU + "/vendor")).isEqualTo(refused(Errno.EACCES));
        assertThat(system.openReadOnly(DRIVERS + "vfio-pci/bind")).isEqualTo(refused(Errno.EACCES));
        assertThat(system.open(PCI + EDU)).isEqualTo(refused(Errno.EISDIR));
        assertThat(system.openReadOnly(PCI + EDU + "/nothing")).isEqualTo(refused(Errno.ENOENT));
    }

    @Test
    void shouldChangeParametersOfTheType1BackendWhileRunning() {
        String parameters = "/sys/module/vfio_iommu_type1/parameters/";
        assertThat(read(parameters + "dma_entry_limit")).isEqualTo("65535\n");
        assertThat(write(parameters + "dma_entry_limit", "few")).isEqualTo(refused(Errno.EINVAL));
        assertThat(write(parameters + "dma_entry_limit", "0x100000000")).isEqualTo(refused(Errno.ERANGE));
        assertThat(write(parameters + "dma_entry_limit", "1\n")).isZero();
        assertThat(write(parameters + "disable_hugepages", "on")).isZero();
        assertThat(read(parameters + "disable_hugepages")).isEqualTo("Y\n");
        long container = program.open("/dev/vfio/vfio");
        long group = program.open(groupPath(EDU));
        program.setContainer(group, container);
        program.setIommu(container, VfioExtension.VFIO_TYPE1v2_IOMMU);
        var memory = system.memory(8192);
        assertThat(program.mapDma(container, memory.asSlice(0, 4096), 0x10_0000))
                .isZero();
        assertThat(program.mapDma(container, memory.asSlice(4096, 4096), 0x20_0000))
                .as("a second mapping in an instance opened with one entry")
                .isEqualTo(refused(Errno.ENOSPC));
    }

    @Test
    void shouldShowTheModulesThatProgramsLookFor() {
        assertThat(system.list("/sys/module").lines())
                .contains("vfio", "vfio_pci", "vfio_iommu_type1", "iommufd", "mdev", "vfio_fsl_mc");
        assertThat(system.list("/sys/module/mdev")).as("no parameters").isEmpty();
        String parameters = "/sys/module/vfio_pci/parameters/";
        assertThat(system.list(parameters).lines())
                .as("ids is not shown")
                .contains("nointxmask", "disable_denylist")
                .doesNotContain("ids");
        assertThat(read(parameters + "disable_denylist")).isEqualTo("N\n");
        assertThat(write(parameters + "disable_denylist", "Y")).isEqualTo(refused(Errno.EACCES));
        assertThat(write(parameters + "nointxmask", "Y\n")).isZero();
        assertThat(read(parameters + "nointxmask")).isEqualTo("Y\n");
        assertThat(write(parameters + "nointxmask", "\n")).isEqualTo(refused(Errno.EINVAL));
    }

    @Test
    void shouldSwitchTheUnsafeModeWhileRunning() {
        String parameter = "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode";
        assertThat(read(parameter)).isEqualTo("N\n");
        assertThat(write(parameter, "maybe")).isEqualTo(refused(Errno.EINVAL));
        assertThat(write(parameter, "1")).isZero();
        assertThat(read(parameter)).isEqualTo("Y\n");
    }

    /** The driver of a device as sysfs tells it; empty when it has none. */
    private String driver(String device) {
        String link = system.readLink("/sys/devices/pci0000:00/" + device + "/driver");
        return link.substring(link.lastIndexOf('/') + 1);
    }

    @Test
    void shouldListDirectoriesAndLinkThemAsTheKernelDoes() {
        assertThat(system.list(DRIVERS + "vfio-pci").lines())
                .contains("bind", "unbind", "new_id", "remove_id", EDU)
                .doesNotContain("0000:02:00.1");
        assertThat(system.readLink("/sys/bus/pci/devices/" + EDU)).isEqualTo("../../../devices/pci0000:00/" + EDU);
        assertThat(system.readLink("/sys/devices/pci0000:00/" + EDU + "/subsystem"))
                .isEqualTo("../../../bus/pci");
        assertThat(system.readLink("/sys/devices/pci0000:00/" + EDU + "/iommu_group"))
                .matches("\\.\\./\\.\\./\\.\\./kernel/iommu_groups/[0-9]+");
        assertThat(system.list("/sys/bus/pci/devices/" + EDU + "/iommu_group/devices"))
                .isEqualTo(EDU);
        assertThat(system.list("/sys/devices/pci0000:00/0000:00:13.0").lines()).contains(LEFT, RIGHT);
    }

    @Test
    void shouldShowGroupsAsClassDevices() {
        String node = groupPath(EDU).substring("/dev/vfio/".length());
        assertThat(system.readLink("/sys/class/vfio/" + node)).isEqualTo("../../devices/virtual/vfio/" + node);
        assertThat(read("/sys/class/vfio/" + node + "/uevent")).contains("DEVNAME=vfio/" + node + "\n");
        assertThat(read("/sys/class/misc/vfio/dev")).isEqualTo("10:196\n");
    }
}
