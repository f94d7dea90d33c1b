// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.conformance.Program.refused;
import static org.vfio4j.conformance.Program.require;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vfio4j.ProcessOptions;
import org.vfio4j.VfioOptions;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioExtension;
import org.vfio4j.uapi.VfioIoctl;
import org.vfio4j.uapi.struct.VfioDeviceInfo;

/** Devices without IOMMU in the unsafe mode. Spec: core OM-8, CT-4, CT-5, CT-10, CT-11, GR-15. */
class NoIommuConformanceTest extends UapiTestCase {
    /** A function behind no IOMMU, and one behind a unit. */
    private static final String BARE = "0000:00:03.0";

    private static final ProcessOptions ORDINARY = ProcessOptions.user(1000, 1 << 26);

    @TempDir
    Path folder;

    @Override
    VfioOptions options() {
        var description = folder.resolve("bare.json");
        try {
            Files.writeString(description, """
                    {"name": "bare",
                     "iommus": [{"name": "iommu0", "kind": "paging"}],
                     "pci": {"iommu": "iommu0", "functions": [
                       {"address": "00:03.0", "model": "edu", "iommu": "none", "driver": "vfio-pci"},
                       {"address": "00:05.0", "model": "edu", "driver": "vfio-pci"},
                       {"address": "00:06.0", "model": "edu", "driver": "vfio-pci"}]}}
                    """);
        } catch (IOException e) {
            throw new AssertionError("the machine could not be described", e);
        }
        return super.options().withMachine(description).with("core.enable_unsafe_noiommu_mode", "true");
    }

    private long info(long device) {
        var info = program.argument(VfioDeviceInfo.SIZEOF);
        VfioDeviceInfo.argsz(info, VfioDeviceInfo.SIZEOF);
        return system.ioctl(device, VfioIoctl.VFIO_DEVICE_GET_INFO, info);
    }

    @Test
    @Spec("C-013")
    void shouldNotMixGroupsWithAndWithoutIommu() {
        long bare = program.open(groupPath(BARE));
        long ordinary = program.open(groupPath(EDU));
        long container = program.open(Program.CONTAINER);
        require("SET_CONTAINER of the bare group", program.setContainer(bare, container));
        refused("SET_CONTAINER of the other", program.setContainer(ordinary, container), Errno.EPERM);
        require("UNSET_CONTAINER", program.unsetContainer(bare));
        require("SET_CONTAINER of the other", program.setContainer(ordinary, container));
        refused("SET_CONTAINER of the bare group", program.setContainer(bare, container), Errno.EPERM);
    }

    @Test
    @Spec("C-014")
    void shouldOfferNothingButTheDeviceInItsContainer() {
        long bare = program.open(groupPath(BARE));
        long container = program.open(Program.CONTAINER);
        require("SET_CONTAINER", program.setContainer(bare, container));
        assertThat(program.checkExtension(container, VfioExtension.VFIO_TYPE1_IOMMU))
                .as("extension 1")
                .isZero();
        assertThat(program.checkExtension(container, VfioExtension.VFIO_NOIOMMU_IOMMU))
                .as("extension 8")
                .isEqualTo(1);
        refused("SET_IOMMU 1", program.setIommu(container, VfioExtension.VFIO_TYPE1_IOMMU), Errno.ENODEV);
        require("SET_IOMMU 8", program.setIommu(container, VfioExtension.VFIO_NOIOMMU_IOMMU));
        refused("MAP_DMA", program.mapDma(container, system.memory(4096), 0), Errno.ENOTTY);
        long device = require("GET_DEVICE_FD", program.getDeviceFd(bare, BARE));
        assertThat(info(device)).as("GET_INFO").isZero();
    }

    @Test
    @Spec({"C-016", "C-040"})
    void shouldAskForThePrivilegeAtEachStepUpToTheFirstOpen() {
        var path = groupPath(BARE);
        system.become(ORDINARY);
        refused("open", system.open(path), Errno.EPERM);
        system.become(ProcessOptions.root());
        long group = program.open(path);
        long container = program.open(Program.CONTAINER);
        system.become(ORDINARY);
        refused("SET_CONTAINER", program.setContainer(group, container), Errno.EPERM);
        system.become(ProcessOptions.root());
        require("SET_CONTAINER", program.setContainer(group, container));
        system.become(ORDINARY);
        refused("SET_IOMMU", program.setIommu(container, VfioExtension.VFIO_NOIOMMU_IOMMU), Errno.EPERM);
        system.become(ProcessOptions.root());
        require("SET_IOMMU", program.setIommu(container, VfioExtension.VFIO_NOIOMMU_IOMMU));
        system.become(ORDINARY);
        refused("first GET_DEVICE_FD", program.getDeviceFd(group, BARE), Errno.EPERM);
        system.become(ProcessOptions.root());
        long device = require("first GET_DEVICE_FD", program.getDeviceFd(group, BARE));
        system.become(ORDINARY);
        long second = require("second GET_DEVICE_FD", program.getDeviceFd(group, BARE));
        require("close", system.close(device));
        assertThat(info(second)).as("GET_INFO through the second").isZero();
    }

    @Test
    @Spec("C-049")
    void shouldKeepAnIommufdToOneKind() {
        long bare = program.open(groupPath(BARE));
        long ordinary = program.open(groupPath(EDU));
        long other = program.open(groupPath(OTHER_EDU));
        long used = program.open(Program.IOMMU);
        require("SET_CONTAINER, which makes a compat space", program.setContainer(ordinary, used));
        refused("SET_CONTAINER of the bare group", program.setContainer(bare, used), Errno.EINVAL);
        long unsafe = program.open(Program.IOMMU);
        require("SET_CONTAINER of the bare group", program.setContainer(bare, unsafe));
        refused("SET_CONTAINER of another group", program.setContainer(other, unsafe), Errno.EINVAL);
    }

    @Test
    @Spec("C-050")
    void shouldOpenThroughAnIommufdWithThePrivilege() {
        long bare = program.open(groupPath(BARE));
        long iommufd = program.open(Program.IOMMU);
        require("SET_CONTAINER", program.setContainer(bare, iommufd));
        system.become(ORDINARY);
        refused("SET_IOMMU 8", program.setIommu(iommufd, VfioExtension.VFIO_NOIOMMU_IOMMU), Errno.EPERM);
        refused("GET_DEVICE_FD", program.getDeviceFd(bare, BARE), Errno.EPERM);
        system.become(ProcessOptions.root());
        refused("SET_IOMMU 1", program.setIommu(iommufd, VfioExtension.VFIO_TYPE1_IOMMU), Errno.EINVAL);
        require("SET_IOMMU 8", program.setIommu(iommufd, VfioExtension.VFIO_NOIOMMU_IOMMU));
        long device = require("GET_DEVICE_FD", program.getDeviceFd(bare, BARE));
        assertThat(info(device)).as("GET_INFO").isZero();
        long ioas = require("IOAS_ALLOC", program.newIoas(iommufd));
        refused("DESTROY of an object the device would have", program.destroy(iommufd, ioas + 1), Errno.ENOENT);
    }

    @Test
    @Spec("P-244")
    void shouldKeepItsContainerToItsKind() {
        long bare = program.open(groupPath(BARE));
        long container = program.open(Program.CONTAINER);
        require("SET_CONTAINER", program.setContainer(bare, container));
        refused("SET_IOMMU type1v2", program.setIommu(container, VfioExtension.VFIO_TYPE1v2_IOMMU), Errno.ENODEV);
        require("SET_IOMMU 8", program.setIommu(container, VfioExtension.VFIO_NOIOMMU_IOMMU));
        refused(
                "SET_CONTAINER of a group with IOMMU",
                program.setContainer(program.open(groupPath(EDU)), container),
                Errno.EPERM);
    }

    @Test
    @Spec("P-243")
    void shouldHaveNoNodeOfItsOwn() {
        var group = groupPath(BARE);
        system.become(ORDINARY);
        refused("open of the group without the privilege", system.open(group), Errno.EPERM);
        system.become(ProcessOptions.root());
        require("close", system.close(program.open(group)));
        refused("open of the device's node", system.open(nodePath(BARE)), Errno.ENOENT);
    }
}
